"""A test that commits leaves an empty database, also when a thread of it is still asking."""

from __future__ import annotations

from threading import Event, Thread

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase

from apps.teams.models import Team
from tests import quiet


@pytest.mark.django_db(transaction=True)
def test_emptying_waits_for_a_thread_that_is_still_asking() -> None:
    Team.objects.create(name="Acme", slug="acme")
    reading, may_end = Event(), Event()
    ended: list[bool] = []

    def ask() -> None:
        with transaction.atomic():
            Team.objects.count()
            reading.set()
            may_end.wait(10)
            # Locked the other way round than TRUNCATE does: without the wait this is a deadlock.
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM accounts_user, leads_lead")
        ended.append(True)
        connection.close()

    thread = Thread(target=ask)
    thread.start()
    assert reading.wait(10)
    assert not quiet._is_quiet()
    may_end.set()
    TransactionTestCase()._fixture_teardown()  # type: ignore[attr-defined]
    thread.join()

    assert ended == [True]
    assert not Team.objects.exists()
