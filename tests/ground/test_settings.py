"""A start that would be unsafe does not happen, and says what to do."""

import os
import subprocess
import sys

import pytest

from ops.checks import PRODUCTION, ROOT


def start(**changes: str | None) -> "subprocess.CompletedProcess[str]":
    """Read the settings in a process of its own, with production's values but for `changes`."""
    environment = {**PRODUCTION, **{k: v for k, v in changes.items() if v is not None}}
    for name in [name for name, value in changes.items() if value is None]:
        del environment[name]
    return subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "VAR_FOLDER": "/nowhere", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_safe_production_start_is_accepted() -> None:
    result = start()

    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", None),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "django-insecure-" + "abcdefghij" * 6),
        ("SECRET_KEY", "a" * 60),
        ("FIELD_ENCRYPTION_KEYS", None),
        ("FIELD_ENCRYPTION_KEYS", "not-a-fernet-key"),
        ("DEBUG", "true"),
        ("ALLOWED_HOSTS", None),
        ("ALLOWED_HOSTS", "*"),
        ("PUBLIC_URL", "http://leadrelay.example"),
        ("DATABASE_URL", None),
        ("DATABASE_URL", "sqlite:///leads.sqlite3"),
        ("REDIS_URL", None),
        ("ENVIRONMENT", "prod"),
    ],
)
def test_an_unsafe_start_is_refused_and_names_the_variable(name: str, value: str | None) -> None:
    result = start(**{name: value})

    assert result.returncode != 0
    assert "ImproperlyConfigured" in result.stderr
    assert name in result.stderr.splitlines()[-1]
