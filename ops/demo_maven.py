"""`make demo-maven`: the command beside the `make run` that runs, or beside one of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ops import embedded, state

OWN = state.ROOT / "var" / "maven"
START_WITHIN, STOP_WITHIN = 180.0, 30.0


def main(arguments: list[str]) -> int:
    if _runs(state.RUN_FILE):
        return _command(arguments, os.environ.copy())
    environment = {**os.environ, "VAR_FOLDER": str(OWN), "DEMO": "0"}
    environment["PORT"] = str(embedded.free_port())
    try:
        with _running(environment):
            code = _command(arguments, environment)
    except embedded.CannotStart as error:
        print(f"Leadrelay did not start: {error}", file=sys.stderr)
        return 1
    print(f"\nTo look at it: VAR_FOLDER={OWN} DEMO=0 make run", file=sys.stderr)
    return code


def _runs(run_file: Path) -> bool:
    """Whether a site answers where this file says that one runs."""
    if not run_file.exists():
        return False
    told = dict(line.split("=", 1) for line in run_file.read_text().splitlines() if "=" in line)
    return embedded.answers(int(told["PORT"]))


@contextmanager
def _running(environment: dict[str, str]) -> Iterator[None]:
    """A site of our own for the length of the with block."""
    site = subprocess.Popen(
        [sys.executable, "-m", "ops.supervisor"], cwd=state.ROOT, env=environment,
        stdout=sys.stderr, preexec_fn=embedded.dies_with_parent(signal.SIGTERM),
    )  # fmt: skip
    try:
        _wait_for(site)
        yield
    finally:
        site.send_signal(signal.SIGINT)
        site.wait(timeout=STOP_WITHIN)


def _wait_for(site: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_WITHIN
    while not _runs(OWN / "run.env"):
        if site.poll() is not None or time.monotonic() > until:
            raise embedded.CannotStart("the site for the demo did not come up; see above.")
        time.sleep(0.3)


def _command(arguments: list[str], environment: dict[str, str]) -> int:
    line = [sys.executable, "manage.py", "demo_maven", *arguments]
    return subprocess.run(line, cwd=state.ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
