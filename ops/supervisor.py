"""`make run`: every process of Leadrelay on this machine, started and stopped together."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from ops import embedded, processes, state, welcome

BACK_OFF = (0.5, 1, 2, 5, 10, 30)
STEADY_AFTER = 60.0
GRACE = 10.0


class StoppedError(Exception):
    """Someone asked us to stop."""


class Child:
    """One process, restarted with growing pauses for as long as it keeps falling over."""

    def __init__(self, name: str, environment: dict[str, str]) -> None:
        self.name = name
        self._environment = {**environment, "PROCESS_NAME": f"leadrelay-{name}"}
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._restart_at: float | None = None
        self._falls = 0

    def start(self) -> None:
        with state.log_file(self.name).open("ab") as log:
            self._process = subprocess.Popen(
                processes.command(self.name, self._environment),
                cwd=state.ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=embedded.dies_with_parent(signal.SIGTERM),
            )
        self._started_at = time.monotonic()
        self._restart_at = None

    def look_after(self) -> None:
        """Notice a fall, and start again when its pause is over."""
        now = time.monotonic()
        if self._restart_at is not None:
            if now >= self._restart_at:
                self.start()
            return
        if self._process is None or self._process.poll() is None:
            return
        end_group(self._process.pid, signal.SIGKILL)  # a crashed parent may leave children
        self._falls = 0 if now - self._started_at > STEADY_AFTER else self._falls + 1
        pause = BACK_OFF[min(self._falls, len(BACK_OFF)) - 1] if self._falls else BACK_OFF[0]
        self._restart_at = now + pause
        say(
            f"{self.name} stopped ({self._process.returncode}); again in {pause} s. "
            f"See {state.log_file(self.name)}"
        )

    def ask_to_stop(self) -> None:
        self._restart_at = None
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait(self, until: float) -> None:
        """Return when it is gone, by force after `until`."""
        if self._process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=max(0.1, until - time.monotonic()))
        end_group(self._process.pid, signal.SIGKILL)
        self._process.wait()


class Servers:
    """PostgreSQL and Valkey, each started here only if its address was not given."""

    def __init__(self, secrets: dict[str, str]) -> None:
        self.postgres: embedded.Postgres | None = None
        self.valkey: embedded.Valkey | None = None
        if not os.environ.get("DATABASE_URL"):
            self.postgres = embedded.Postgres(
                state.postgres_folder(), password=secrets["POSTGRES_PASSWORD"]
            )
        if not os.environ.get("REDIS_URL"):
            self.valkey = embedded.Valkey(state.VAR / "valkey", password=secrets["VALKEY_PASSWORD"])

    def start(self) -> None:
        if self.postgres:
            self.postgres.start()
            self.postgres.create_database()
        if self.valkey:
            self.valkey.start()

    def addresses(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.postgres.url() if self.postgres else os.environ["DATABASE_URL"],
            "REDIS_URL": self.valkey.url() if self.valkey else os.environ["REDIS_URL"],
        }

    def look_after(self) -> None:
        for name, server in (("PostgreSQL", self.postgres), ("Valkey", self.valkey)):
            if server is not None and not server.is_running():
                say(f"{name} stopped; starting it again.")
                server.start()

    def stop(self) -> None:
        if self.valkey:
            self.valkey.stop()
        if self.postgres:
            self.postgres.stop()


def say(text: str) -> None:
    """Tell who is there; a closed terminal or pipe must not keep us from stopping cleanly."""
    with suppress(OSError):
        print(text, flush=True)


def end_group(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def site_settings(secrets: dict[str, str], addresses: dict[str, str]) -> dict[str, str]:
    """The settings that every process of this site shares; what is given in the shell wins."""
    port = os.environ.get("PORT") or "8000"
    host = os.environ.get("HOST") or "127.0.0.1"
    ours = {
        "ENVIRONMENT": "local",
        "SECRET_KEY": secrets["SECRET_KEY"],
        "FIELD_ENCRYPTION_KEYS": secrets["FIELD_ENCRYPTION_KEYS"],
        "PORT": port,
        "HOST": host,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "STATIC_ROOT": str(state.STATIC),
        "EMAIL_URL": f"filemail:///{state.MAIL}",  # the third slash ends the host
        "LOG_JSON": "true",
        "WEB_WORKERS": "2",
    }
    given = {name: os.environ[name] for name in ours if os.environ.get(name)}
    return {**ours, **given, **addresses}


def manage(environment: dict[str, str], *arguments: str) -> str:
    """Run a management command; exit with its own words if it fails."""
    result = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=state.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise embedded.CannotStart(f"manage.py {arguments[0]} failed:\n{result.stderr.strip()}")
    return result.stdout


def prepare(environment: dict[str, str]) -> None:
    """Bring the database and the static files up to date, side by side; demo data once."""
    with state.log_file("collectstatic").open("wb") as log:
        collecting = subprocess.Popen(
            [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"],
            cwd=state.ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
    manage(environment, "migrate", "--noinput", "--verbosity=0")
    if os.environ.get("DEMO", "1") != "0" and not state.DEMO.exists():
        say("First run: making demo data …")
        state.write_private(state.DEMO, manage(environment, "demo", "--json"))
    if collecting.wait() != 0:
        raise embedded.CannotStart(
            f"collectstatic failed:\n{state.log_file('collectstatic').read_text()}"
        )


def wait_for_page(port: str, look_after: Callable[[], None]) -> None:
    """Return when the site says it is ready: database reached, relay beating."""

    def is_ready() -> bool:
        look_after()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    embedded.wait_until(is_ready, seconds=180, what=f"The site (see {state.LOGS})")


@contextmanager
def stop_signals() -> Iterator[None]:
    """Ctrl-C, kill and a closed terminal raise StoppedError, once."""

    def stop(number: int, frame: FrameType | None) -> None:
        for later in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(later, signal.SIG_IGN)
        raise StoppedError

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    yield


def run() -> None:
    """Start everything, watch over it, and stop it all when asked."""
    port = os.environ.get("PORT") or "8000"
    if embedded.answers(int(port)):
        raise embedded.CannotStart(f"Port {port} is taken. Choose another: make run PORT=8001")
    secrets = state.make_secrets()
    servers = Servers(secrets)
    children: list[Child] = []
    try:
        servers.start()
        settings = site_settings(secrets, servers.addresses())
        environment = {**os.environ, **settings, "PYTHONUNBUFFERED": "1"}
        state.write_run_file(settings)
        prepare(environment)
        for name in ("web", "worker", "beat", "relay", "deliver"):
            children.append(Child(name, environment))
            children[-1].start()

        def look_after() -> None:
            servers.look_after()
            for child in children:
                child.look_after()

        wait_for_page(port, look_after)
        say(welcome.text(settings))
        while True:
            look_after()
            time.sleep(0.2)
    finally:
        stop(children, servers)


def stop(children: list[Child], servers: Servers) -> None:
    """Web first, so that nothing new comes in; the servers last. Nothing is left behind."""
    say("\nStopping …")
    until = time.monotonic() + GRACE
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.wait(until)
    servers.stop()
    state.RUN_FILE.unlink(missing_ok=True)


def main() -> int:
    for folder in (state.VAR, state.LOGS):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        with state.hold(), stop_signals():
            run()
    except StoppedError:
        say("Stopped. The data stays in var/; `make run` starts it again.")
        return 0
    except (embedded.CannotStart, state.AlreadyRunningError) as error:
        print(f"Leadrelay did not start: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
