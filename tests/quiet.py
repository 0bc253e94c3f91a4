"""The database is emptied when nobody works on it any more.

Threads of this process (an open socket's look at its standing) and processes beside it (web, relay)
may still be asking while a test ends. TRUNCATE and a query that came first can then wait for each
other, and PostgreSQL ends one of them.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from django.core.management.base import CommandError
from django.db import connection
from django.test import TransactionTestCase

from ops import embedded

log = logging.getLogger(__name__)
TRIES = 5

_BUSY = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND state IS DISTINCT FROM 'idle' AND backend_type = 'client backend'
"""


def _is_quiet() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_BUSY)
        return bool(cursor.fetchone()[0] == 0)


def empty_when_quiet() -> None:
    """Let every test that commits wait for the others before it empties the tables."""
    empty = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def teardown(self: Any) -> None:
        for left in reversed(range(TRIES)):
            # A relay beside the test asks again and again: then trying again has to do.
            with suppress(embedded.CannotStart):
                embedded.wait_until(_is_quiet, seconds=5, what="the end of all queries")
            try:
                empty(self)
            except CommandError as error:
                if not left:
                    raise
                log.warning("Emptying again: %s", error.__cause__)
            else:
                return

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[attr-defined]
