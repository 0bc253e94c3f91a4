"""`make run` starts everything, mends what falls over and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ops import embedded
from ops.checks import ROOT

pytestmark = pytest.mark.skipif(not Path("/proc").exists(), reason="looks at processes in /proc")


class Run:
    """A `make run` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = embedded.free_port()
        self.output = folder / "output"
        kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
        self.environment = {
            **kept,
            "VAR_FOLDER": str(folder / "var"),
            "PORT": str(self.port),
            "DEMO": "0",
            "WEB_WORKERS": "1",
            "WORKER_CONCURRENCY": "1",
        }
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ops.supervisor"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=output,
            )

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.output.read_text()
        return "is ready" in self.output.read_text()

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as page:
                return bool(page.status == 200)
        except OSError:
            return False

    def manage(self, code: str) -> str:
        """What a line of Python prints beside the run; nothing if it fails."""
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-v0", "-c", code]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        ).stdout.strip()

    def children(self, part: str = "") -> set[int]:
        """Living processes of this run, other than the supervisor, whose command has `part`."""
        mine = f"VAR_FOLDER={self.folder / 'var'}".encode()
        found = set()
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                # Valkey overwrites its environment with a title: it is known by its folder.
                is_mine = (
                    mine in (process / "environ").read_bytes()
                    or self.folder in (process / "cwd").readlink().parents
                )
                if is_mine and part.encode() in (process / "cmdline").read_bytes():
                    found.add(int(process.name))
        return found - {self.process.pid}


@pytest.fixture
def run() -> Iterator[Run]:
    with tempfile.TemporaryDirectory(prefix="leadrelay-run-") as folder:
        Path(folder).chmod(0o755)
        run = Run(Path(folder))
        embedded.wait_until(run.is_ready, seconds=180, what="make run")
        yield run
        run.process.kill()
        run.process.wait(timeout=10)
        embedded.wait_until(lambda: not run.children(), seconds=20, what="the end of the run")


def test_everything_runs_is_mended_when_it_falls_and_is_gone_after_ctrl_c(run: Run) -> None:
    for part in ("uvicorn", "worker", "beat", "relay", "deliver", "postgres", "valkey"):
        assert run.children(part), f"no {part}"
    run.manage("from apps.accounts.models import User; User.objects.create_user('kept@a.example')")

    for pid in run.children("uvicorn"):
        os.kill(pid, signal.SIGKILL)
    embedded.wait_until(lambda: not run.answers(), seconds=5, what="the fall of web")
    embedded.wait_until(run.answers, seconds=30, what="web after its fall")

    for pid in run.children("postgres\0-D"):
        os.kill(pid, signal.SIGQUIT)
    count = "from apps.accounts.models import User; print(User.objects.count())"
    embedded.wait_until(lambda: run.manage(count) == "1", seconds=30, what="the database")

    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(timeout=30) == 0
    assert run.children() == set()
    assert not (run.folder / "var" / "run.env").exists()


def test_when_the_supervisor_itself_is_killed_its_processes_go_too(run: Run) -> None:
    run.process.kill()
    run.process.wait(timeout=10)

    embedded.wait_until(lambda: not run.children(), seconds=20, what="the end of the children")
