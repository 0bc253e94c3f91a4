"""Real inputs that we did not write; absent on a user's machine, and then skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(os.environ.get("LEADRELAY_DATA", ROOT.parent / "shared" / "data"))


def real(*parts: str) -> Path:
    """A file or folder of the real inputs; skips the test where it is not there."""
    path = FOLDER.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{'/'.join(parts)} is not here; LEADRELAY_DATA names the folder")
    return path
