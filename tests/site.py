"""Leadrelay as separate processes on the test database, for browsers and clients."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ops import embedded, processes

ROOT = Path(__file__).resolve().parent.parent


class Site:
    """The processes of one site. `url` has no slash at its end."""

    def __init__(self, environment: dict[str, str], folder: Path, **settings: str) -> None:
        self.port = embedded.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._environment = {
            **environment,
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            "STATIC_ROOT": str(folder / "static"),
            "STATIC_UNHASHED": "0",
            "DB_KEEP_SECONDS": "600",
            "WEB_WORKERS": "1",
            **settings,
        }

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start web, worker, beat, relay or deliver; web is answering when this returns."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                processes.command(name, self._environment),
                cwd=ROOT,
                env={**self._environment, "PROCESS_NAME": name},
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=embedded.dies_with_parent(signal.SIGKILL),
            )
        self.running[name] = process
        if name == "web":
            embedded.wait_until(
                lambda: embedded.answers(self.port), seconds=30, what=f"web\n{self.log(name)}"
            )
        return process

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """End a process and all that it started, by kill -9 unless told otherwise."""
        process = self.running.pop(name)
        os.killpg(process.pid, number)
        process.wait(timeout=30)

    @contextmanager
    def process(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        """A process for the length of a with block."""
        yield self.start(name)
        if name in self.running:
            self.kill(name)

    def manage(self, *arguments: str) -> str:
        """The output of a management command, which must succeed."""
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def stop(self) -> None:
        for name in list(self.running):
            self.kill(name)


def environment_on_test_database() -> dict[str, str]:
    """This environment, with the database that pytest-django made instead of the real one."""
    from django.db import connection

    settings: dict[str, Any] = connection.settings_dict
    address = f"{settings['HOST']}:{settings['PORT'] or 5432}"
    url = f"postgres://{settings['USER']}:{settings['PASSWORD']}@{address}/{settings['NAME']}"
    return {**os.environ, "DATABASE_URL": url}


@pytest.fixture(scope="session")
def site(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The web process on the test database, for the whole session."""
    site = Site(environment_on_test_database(), tmp_path_factory.mktemp("site"))
    site.manage("collectstatic", "--noinput", "--verbosity=0")
    site.start("web")
    yield site
    site.stop()


@pytest.fixture
def live_site(site: Site, transactional_db: None) -> Iterator[Site]:
    """A web process that sees what the test commits. Other processes end with the test."""
    yield site
    for name in [name for name in site.running if name != "web"]:
        site.kill(name)
    if "web" not in site.running:
        site.start("web")
