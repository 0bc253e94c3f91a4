"""The PostgreSQL and the Redis that tests run on, chosen before Django reads its settings."""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ops import embedded

# Test data only: nothing is ever encrypted or signed with these elsewhere.
TEST_ENVIRONMENT = {
    "ENVIRONMENT": "test",
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "SECRET_KEY": "insecure-key-for-tests",
    "FIELD_ENCRYPTION_KEYS": "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",
    "STATIC_UNHASHED": "1",
    "DB_KEEP_SECONDS": "0",
    "LOG_LEVEL": "WARNING",
    "EMAIL_URL": "memorymail://",
}
STARTED_HERE = "LEADRELAY_TEST_SERVERS"


class ThrowAwayServers:
    """A PostgreSQL and a Valkey in a temporary folder, gone with the test run."""

    def __init__(self) -> None:
        # Not below /tmp of a single user: as root, PostgreSQL runs as nobody.
        self.folder = Path(tempfile.mkdtemp(prefix="leadrelay-tests-"))
        self.folder.chmod(0o755)
        password = embedded.new_password()
        self.postgres = embedded.Postgres(
            self.folder / "postgres", password=password, durable=False
        )
        self.valkey = embedded.Valkey(self.folder / "valkey", password=password)

    def start(self) -> None:
        self.postgres.start()
        self.valkey.start()
        self.postgres.create_database()

    def stop(self) -> None:
        self.valkey.stop(at_once=True)
        self.postgres.stop(at_once=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def prepare(worker: str | None) -> ThrowAwayServers | None:
    """Set the environment; start servers unless they are given. `worker` is xdist's name."""
    os.environ.update(TEST_ENVIRONMENT)
    servers = None
    if worker is None and not ("DATABASE_URL" in os.environ and "REDIS_URL" in os.environ):
        servers = ThrowAwayServers()
        servers.start()
        os.environ.setdefault("DATABASE_URL", servers.postgres.url())
        os.environ.setdefault("REDIS_URL", servers.valkey.url())
    _separate(worker or "main")
    return servers


def _separate(worker: str) -> None:
    """Workers share one Redis: each has its own database, and pub/sub knows no databases."""
    number = int(worker.removeprefix("gw")) + 1 if worker.startswith("gw") else 0
    parts = urlsplit(os.environ["REDIS_URL"])
    os.environ["REDIS_URL"] = urlunsplit(parts._replace(path=f"/{number}"))
    os.environ["CHANNEL_PREFIX"] = f"test-{worker}-{os.getpid()}"
    os.environ["CELERY_QUEUE"] = f"test-{worker}-{os.getpid()}"


def block_other_hosts() -> None:
    """From now on this process connects to this machine (and the given Redis) only."""
    allowed = {"127.0.0.1", "::1", "localhost", urlsplit(os.environ["REDIS_URL"]).hostname}

    def guard(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and isinstance(arguments[1], tuple):
            host = arguments[1][0]
            if host not in allowed:
                raise ConnectionRefusedError(f"A test tried to reach {host}.")

    sys.addaudithook(guard)
