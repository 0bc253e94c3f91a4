"""Where settings come from: the environment, or beside a running `make run` its var/run.env."""

import os
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent
RUN_FILE = Path(os.environ.get("VAR_FOLDER") or ROOT / "var") / "run.env"

env = environ.Env()


def load() -> environ.Env:
    """The environment; without a DATABASE_URL, what `make run` last wrote fills the gaps."""
    if "DATABASE_URL" not in os.environ and RUN_FILE.is_file():
        env.read_env(RUN_FILE)
    return env


def required(name: str, remedy: str) -> str:
    """The value of a variable that has no safe default."""
    value = env.str(name, default="").strip()
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {remedy}")
    return value


def refuse_unsafe(
    *, debug: bool, secret_key: str, allowed_hosts: list[str], public_url: str
) -> None:
    """Stop a production start that would be open to attack, naming variable and remedy."""
    if debug:
        raise ImproperlyConfigured("DEBUG is on. Unset DEBUG in production.")
    if len(secret_key) < 50 or "insecure" in secret_key or len(set(secret_key)) < 5:
        raise ImproperlyConfigured(
            "SECRET_KEY is too weak. Set 50 or more random characters: "
            "python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    if not allowed_hosts or "*" in allowed_hosts:
        raise ImproperlyConfigured(
            "ALLOWED_HOSTS must list the host names that this site answers to, "
            "separated by commas, and never “*”."
        )
    if not public_url.startswith("https://"):
        raise ImproperlyConfigured(
            "PUBLIC_URL must be the https:// address of this site, as people type it."
        )
