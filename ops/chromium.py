"""A Chromium for the browser tests: the machine's, else apt's when root, else Playwright's."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NONE_FOUND = """\
The browser tests need Chromium, and none could be had here. Do one of these:
  - Debian or Ubuntu: sudo apt-get install chromium
  - anywhere: .venv/bin/playwright install --with-deps chromium
  - set CHROMIUM to the path of a Chromium or Chrome that you have
"""


def find() -> str | None:
    """The machine's Chromium; None if only Playwright's own can be used."""
    given = os.environ.get("CHROMIUM")
    return given or next((path for name in NAMES if (path := shutil.which(name))), None)


def ensure() -> None:
    """Return when there is a Chromium; exit saying what to install when there can't be one."""
    if find() or _has_playwrights():
        return
    if os.geteuid() == 0 and shutil.which("apt-get") and _apt_install():
        return
    if subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"]).returncode:
        sys.exit(NONE_FOUND)


def _apt_install() -> bool:
    print("Installing Chromium (apt-get) …", flush=True)
    quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "check": False}
    subprocess.run(["apt-get", "update", "-qq"], **quiet)  # type: ignore[call-overload]
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
    subprocess.run(install, stdout=subprocess.DEVNULL, **quiet)  # type: ignore[call-overload]
    return find() is not None


def _has_playwrights() -> bool:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()


if __name__ == "__main__":
    ensure()
