"""The line under the box: votes add up, a chat is taken along, and its contenders go on to be scored."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE, Open, answered, ask, pane

expect.set_options(timeout=PATIENCE)


def test_votes_add_up_and_the_chat_is_taken_along(open_page: Open) -> None:
    page = open_page(width=390, height=844)
    expect(page.locator("#tie")).to_be_hidden()  # nothing to vote on yet
    ask(page, "Do terns travel?")
    answered(page, "Do terns travel?")
    page.locator("#board-open").click()
    expect(page.locator("#leaderboard")).to_be_visible()
    page.locator(f"{pane(page, 0)} .best-one").click()
    expect(page.locator("#foot-say")).to_contain_text("Voted best: A")
    expect(page.locator("#leaderboard tbody tr").first).to_contain_text("tiny")  # it counts the vote while it is open
    page.locator("#all-bad").click()  # a second thought
    expect(page.locator("#foot-say")).to_contain_text("Voted: all bad")
    page.get_by_label("Just chat").check()
    expect(page.locator("#leaderboard")).to_contain_text("names can sway a vote")

    page.locator("#export").click()
    with page.expect_download() as download:
        page.locator("#export-menu a", has_text="Markdown").click()
    assert "Do terns travel?" in Path(download.value.path()).read_text(encoding="utf-8")
    page.keyboard.press("Escape")
    expect(page.locator("#export-menu")).to_be_hidden()


def test_the_panes_go_on_to_be_scored(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#run-rows")).to_be_hidden()  # without a task there are no rows
    page.get_by_label("Task", exact=True).click()
    page.get_by_role("option", name="Reviews: sentiment").click()
    page.get_by_label("Test rows").fill("0")
    page.locator("#run-rows").click()
    expect(page.locator("#foot-say .fault")).to_contain_text("at least one")
    page.get_by_label("Test rows").fill("3")
    page.locator("#run-rows").click()
    expect(page.get_by_role("tab", name="Score")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#shelf-scores label.selected, .shelf label.selected").first).to_contain_text("3 rows")
