"""The first minute: an empty page that says what to do, in any size and light."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE, Open, Server, answered, ask, library

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("fresh") / "data").start()
    yield server
    server.stop()


def test_a_newcomer_gets_an_answer_with_one_click(fresh: Server, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(fresh.url)
    expect(page.locator("#start")).to_contain_text("Try one")
    expect(page.locator(".notice:visible")).to_have_count(0)  # nothing stands between them and their first question
    library(page)
    expect(page.locator("#shelf-talks")).to_contain_text("Ask something in Compare")
    expect(page.locator("#shelf-jobs")).to_contain_text("No runs yet")
    page.get_by_role("tab", name="Compare").click()
    page.locator(".example").first.click()
    answered(page, "The cafeteria had 23 apples")
    expect(page.locator("#start")).to_be_hidden()
    page.close()


def sideways(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_scrolls_sideways_but_the_panes(open_page: Open, width: int, dark: bool) -> None:
    """At 390 the panes are a row to swipe, tables scroll inside themselves, and the page stays put."""
    page = open_page(width=width, height=844, dark=dark)
    question = "A_very_long_word_without_any_space_" * 6
    ask(page, question)
    answered(page, question)
    page.locator(".pane.k0 summary").click()
    assert sideways(page) == 0
    panes = page.locator("#panes")
    assert panes.evaluate("row => row.scrollWidth > row.clientWidth") == (width == 390)
    page.locator("#many button").first.click()
    expect(page.locator("#questions textarea")).to_be_visible()
    assert sideways(page) == 0
    library(page)
    page.locator("#shelf-talks .rows label").first.click()
    expect(page.locator("#shelf-talks .beside")).to_be_visible()
    assert sideways(page) == 0


def test_the_page_names_its_parts(open_page: Open) -> None:
    """A screen reader hears the same page."""
    page = open_page()
    ask(page, "Who reads this aloud?")
    answered(page, "Who reads this aloud?")
    expect(page.get_by_role("log")).to_have_count(3)
    expect(page.get_by_role("textbox", name="Question for all three")).to_be_visible()
    assert page.locator(".bar[role=img]").first.get_attribute("aria-label")
    for button in page.get_by_role("button").all():
        assert (button.text_content() or button.get_attribute("aria-label") or "").strip()


def test_a_second_server_on_the_same_folder_names_the_first(server: Server, tmp_path: Path) -> None:
    """Two schedulers on one folder would start every job twice; a person must learn where the first one is."""
    import os
    import subprocess
    import sys

    from tests.browser.conftest import ROOT, free_port

    def run(home: Path, port: int) -> subprocess.CompletedProcess[str]:
        environ = {**os.environ, "PROMPTUNE_HOME": str(home), "PROMPTUNE_PORT": str(port), "PROMPTUNE_ENGINE": "scripted"}
        return subprocess.run([sys.executable, str(ROOT / "app.py")], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60)

    for done in (run(server.home, free_port()), run(tmp_path / "other", server.port)):
        assert done.returncode == 1
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        assert str(server.port) in done.stderr
