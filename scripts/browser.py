"""Finds the browser that the tests drive, and brings one where there is none. Prints its path.

In this order: $PROMPTUNE_CHROMIUM; a Chromium or Chrome of this machine; Playwright's own, if it was downloaded before.
Where there is none: Playwright downloads its own; else, as root on Debian, the package `chromium` is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPLICATIONS = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium")


def find() -> str | None:
    """The path of a browser that starts, or None."""
    return next((path for path in candidates() if starts(path)), None)


def candidates() -> Iterator[str]:
    if chosen := os.environ.get("PROMPTUNE_CHROMIUM"):
        yield chosen
    yield from filter(None, map(shutil.which, NAMES))
    yield from APPLICATIONS
    yield from playwrights_own()


def playwrights_own() -> Iterator[str]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.executable_path


def starts(path: str) -> bool:
    """Some systems ship a `chromium` that only says where to get one, so it is asked for its version."""
    try:
        return Path(path).is_file() and subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def download() -> str | None:
    """Playwright's own Chromium. The reason when that fails."""
    return attempt([sys.executable, "-m", "playwright", "install", "chromium"], seconds=600)


def package() -> str | None:
    """Debian's chromium. The reason when that fails, or cannot be tried."""
    if shutil.which("apt-get") is None:
        return "this is no Debian"
    if os.geteuid() != 0:
        return "that needs root"
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return attempt(["apt-get", "update"], seconds=300, environ=quietly) or attempt(["apt-get", "install", "-y", "chromium"], seconds=900, environ=quietly)


def attempt(command: list[str], seconds: float, environ: dict[str, str] | None = None) -> str | None:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds, env=environ)
    except subprocess.TimeoutExpired:
        return f"no end within {seconds:.0f} seconds"
    if done.returncode == 0:
        return None
    said = [line.strip() for line in done.stdout.splitlines()]
    return next((line for line in said if line.lower().startswith(("error", "e:"))), f"exit status {done.returncode}")


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    path = find()
    if path is None:
        for what, bring in (("Playwright's own Chromium", download), ("Debian's package chromium", package)):
            say(f"No browser for the tests yet: installing {what} …")
            if reason := bring():
                say(f"{what} could not be installed: {reason}.")
            elif path := find():
                break
            else:
                say(f"{what} was installed and does not start.")
    if path is None:
        say("No browser for the tests. Install Chromium or Chrome, or name one: PROMPTUNE_CHROMIUM=/path/to/chromium make test")
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
