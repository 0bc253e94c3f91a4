"""A whole site with servers of its own, which may be stopped, killed and started again."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ops import embedded
from tests.servers import TEST_ENVIRONMENT
from tests.site import Site


class Stand:
    """PostgreSQL, Valkey and the site's processes. This process' Django is on the same database.

    One a process: Django reads its settings once.
    """

    def __init__(self, *, durable: bool = True, **settings: str) -> None:
        # As root, PostgreSQL runs as nobody, who must be able to enter.
        self.folder = Path(tempfile.mkdtemp(prefix="leadrelay-stand-"))
        self.folder.chmod(0o755)
        password = embedded.new_password()
        self.postgres = embedded.Postgres(
            self.folder / "postgres", password=password, durable=durable, max_connections="300"
        )
        self.valkey = embedded.Valkey(self.folder / "valkey", password=password)
        self._settings = settings

    def start(self) -> None:
        """Start both servers, make the tables, and set Django up in this process."""
        self.postgres.start()
        self.valkey.start()
        self.postgres.create_database()
        os.environ.update(
            TEST_ENVIRONMENT,
            DATABASE_URL=self.postgres.url(),
            REDIS_URL=self.valkey.url(),
            CELERY_QUEUE="stand",
            CHANNEL_PREFIX="stand",
        )
        (self.folder / "static").mkdir()
        self.site = Site(dict(os.environ), self.folder, **self._settings)
        self.site.manage("migrate", "--noinput", "--verbosity=0")
        import django

        django.setup()

    def stop(self) -> None:
        for part in (getattr(self, "site", None), self.valkey, self.postgres):
            if part is not None:
                part.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def standing(*, durable: bool = True, **settings: str) -> Iterator[Stand]:
    """A stand for the length of a with block; nothing of it is left behind."""
    stand = Stand(durable=durable, **settings)
    try:
        stand.start()
        yield stand
    finally:
        stand.stop()
