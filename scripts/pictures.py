"""Makes the documentation's pictures from the running app: `make pictures` writes docs/pictures/."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from browser import find
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "docs" / "pictures"
QUESTION = "The cafeteria had 23 apples. If they used 20 to make lunch and bought 6 more, how many apples do they have?"
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]


@contextmanager
def app() -> Iterator[str]:
    """The address of an app with an empty data folder."""
    with tempfile.TemporaryDirectory() as home, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        env = os.environ | {"PROMPTUNE_HOME": home, "PROMPTUNE_PORT": str(port), "PROMPTUNE_LOG": "error"}
        running = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        try:
            assert running.stdout is not None
            yield running.stdout.readline().rsplit(" ", 1)[-1].strip()
        finally:
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=60)


def shoot(page: Page, name: str) -> None:
    page.wait_for_timeout(500)  # transitions
    page.screenshot(path=PLACE / f"{name}.png")
    print(f"docs/pictures/{name}.png")


def main() -> None:
    PLACE.mkdir(parents=True, exist_ok=True)
    with app() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=FLAGS)
        page = browser.new_context(viewport={"width": 1280, "height": 760}).new_page()
        page.set_default_timeout(120_000)
        page.goto(address)
        page.locator("#chip", has_text="ready").wait_for()
        page.fill("#q textarea", QUESTION)
        page.keyboard.press("Enter")
        page.locator(".met", has_text="tok/s").nth(2).wait_for()
        shoot(page, "compare-light")
        page.get_by_role("tab", name="Library").click()
        page.locator("#shelf-talks label", has_text=QUESTION[:30]).first.click()
        page.locator("#shelf-talks .beside .kept").nth(2).wait_for()
        shoot(page, "library-light")
        page.get_by_role("tab", name="Tasks").click()
        page.locator("#shelf-tasks label", has_text="Arithmetic: word problems").click()
        page.locator("#task-examples .prompt").nth(2).wait_for()
        shoot(page, "tasks-light")
        duel(page)
        browser.close()


def duel(page: Page) -> None:
    """From the button to the verdict, and the run that it made."""
    page.get_by_role("tab", name="Compare").click()
    page.get_by_role("button", name="Run the duel").click()
    page.locator(".curves").first.wait_for(timeout=600_000)
    page.locator(".curves", has_text="64 steps").first.wait_for(timeout=600_000)
    shoot(page, "duel-light")
    page.locator(".verdict").first.wait_for(timeout=600_000)
    page.set_viewport_size({"width": 1280, "height": 1320})
    shoot(page, "verdict-light")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("tab", name="Tune").click()
    page.get_by_text("What it took").first.wait_for()
    shoot(page, "tune-light")


if __name__ == "__main__":
    main()
