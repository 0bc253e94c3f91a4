"""`make check`: everything about the code that can be told without running it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent

# A production start, with values that only have the right shape.
PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "Checks-0nly:a-production-start-needs-fifty-or-more-characters",
    "FIELD_ENCRYPTION_KEYS": "Y2hlY2tzLW9ubHktY2hlY2tzLW9ubHktY2hlY2tzLW8=",
    "ALLOWED_HOSTS": "leadrelay.example",
    "PUBLIC_URL": "https://leadrelay.example",
    "DATABASE_URL": "postgres://checks@127.0.0.1:1/checks",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def checks() -> dict[str, list[str]]:
    """What is checked, by the words people read when it fails."""
    manage = [sys.executable, "-W", "ignore::RuntimeWarning", "manage.py"]
    templates = [str(path) for path in sorted((ROOT / "templates").rglob("*.html"))]
    return {
        "lint": [str(TOOLS / "ruff"), "check", "--quiet", "."],
        "format": [str(TOOLS / "ruff"), "format", "--quiet", "--check", "."],
        "templates": [str(TOOLS / "djade"), "--target-version", "5.2", "--check", *templates],
        "migrations": [*manage, "makemigrations", "--check", "--dry-run"],
        "production settings": [*manage, "check", "--deploy", "--fail-level", "WARNING"],
        "types": [str(TOOLS / "mypy"), "--no-error-summary"],
    }


def main() -> int:
    environment = {**os.environ, **PRODUCTION}
    failed = []
    for name, command in checks().items():
        print(f"check: {name}", flush=True)
        if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
            failed.append(name)
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
