"""A run of one's own: wished, watched, cancelled, carried over to Compare and to Score."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE, Open, answered
from tests.browser.test_duel import choose
from tests.browser.test_duel import server as server
from tests.browser.test_first_visit import sideways

expect.set_options(timeout=PATIENCE)


def test_a_run_is_wished_watched_and_carried_over(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("tab", name="Tune").click()
    expect(page.locator("#shelf-runs")).to_contain_text("No runs yet")
    choose(page, "#tune-task", "Own things")
    expect(page.locator("#tune-about")).to_contain_text("24 / 8 / 16")
    page.get_by_label("Learning rate").fill("nan")
    page.get_by_label("Name of the run").fill("Mine")
    page.locator("#tune-run").click()
    for words in ("no number", "cannot be a name"):
        expect(page.locator("#tune-oops")).to_contain_text(words)
    page.get_by_label("Learning rate").fill("")
    page.get_by_label("Epochs").fill("2")
    page.get_by_label("Name of the run").fill("mine")
    page.locator("#tune-run").click()
    expect(page.locator("#run-head")).to_contain_text("mine")
    expect(page.locator("#run-curves svg").first).to_be_visible()
    expect(page.locator("#run-result")).to_contain_text("Before and after")
    expect(page.locator("#run-curves")).to_contain_text("Latest samples")

    page.locator("#run-score").click()
    expect(page.locator("#score-contenders")).to_contain_text("tiny+mine/zero-shot")
    page.get_by_role("tab", name="Tune").click()
    page.locator("#run-compare").click()
    expect(page.locator(".pane.k2 h2").first).to_contain_text("tiny+mine / zero-shot")
    page.locator("#try").click()
    expect(page.locator("#picked")).to_contain_text("right answer")
    question = page.locator("#q textarea").input_value()
    page.locator("#send").click()
    answered(page, question.strip()[:40])
    expect(page.locator(".pane.k2 .met")).to_contain_text("tiny+mine")
    page.reload()
    expect(page.locator(".pane.k2 h2").first).to_contain_text("tiny+mine / zero-shot")


def test_tune_and_score_stay_in_a_narrow_page(open_page: Open) -> None:
    page = open_page(width=390, height=844, dark=True)
    for tab in ("Tune", "Score"):
        page.get_by_role("tab", name=tab).click()
        expect(page.locator("#shelf-runs" if tab == "Tune" else "#shelf-scores")).to_be_visible()
        assert sideways(page) == 0
