"""What one installation keeps under var/: secrets made once, and the address of what runs now."""

import base64
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("VAR_FOLDER") or ROOT / "var").absolute()
RUN_FILE = VAR / "run.env"
LOGS = VAR / "log"
MAIL = VAR / "mail"
DEMO = VAR / "demo.json"
STATIC = VAR / "static"

# Where PostgreSQL's data goes when we are root and var/ is in a folder that only root may enter.
OUTSIDE = Path("/var/lib")


class AlreadyRunningError(RuntimeError):
    """Another `make run` holds this var/."""


def make_secrets() -> dict[str, str]:
    """The secrets of this installation: made on the first start, the same ever after."""
    kept = VAR / "secrets.json"
    known: dict[str, str] = json.loads(kept.read_text()) if kept.exists() else {}
    fresh = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
        "VALKEY_PASSWORD": secrets.token_urlsafe(24),
    }
    if fresh.keys() - known.keys():
        known = {**fresh, **known}
        write_private(kept, json.dumps(known, indent=2) + "\n")
    return known


def write_private(place: Path, text: str) -> None:
    """Replace a file that only we may read, so that no reader ever sees half of it."""
    draft = place.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(place)


def write_run_file(environment: Mapping[str, str]) -> None:
    """Tell manage.py how to reach what runs now."""
    lines = [f"{name}={value}" for name, value in sorted(environment.items())]
    write_private(RUN_FILE, "\n".join(lines) + "\n")


def hold() -> IO[str]:
    """Keep this var/ to ourselves while the returned file is open."""
    lock = (VAR / "run.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise AlreadyRunningError(
            "Leadrelay already runs from this folder. Stop it there with Ctrl-C first."
        ) from error
    return lock


def postgres_folder() -> Path:
    """var/postgres, or a folder outside when PostgreSQL's account could not reach that."""
    inside = VAR / "postgres"
    if os.geteuid() != 0 or all(place.stat().st_mode & 0o001 for place in VAR.parents):
        return inside
    digest = hashlib.sha256(str(VAR).encode()).hexdigest()[:12]
    outside = OUTSIDE / f"leadrelay-{digest}"
    if not inside.is_symlink():
        inside.symlink_to(outside)  # says where the data is; `make clean` follows it
    return outside


def log_file(name: str) -> Path:
    """The log of a process; the one before is kept when it grew large."""
    place = LOGS / f"{name}.log"
    if place.exists() and place.stat().st_size > 10_000_000:
        place.replace(place.with_suffix(".log.1"))
    return place
