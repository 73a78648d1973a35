"""What a person typed or set in Compare is there until it was asked, whatever comes between."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Open, answered, ask, library, pane, pick
from tests.browser.test_compare import remove

expect.set_options(timeout=PATIENCE)


def test_a_question_being_written_survives_a_reload(open_page: Open) -> None:
    """Nothing typed is ever lost."""
    page = open_page()
    page.fill("#q textarea", "half a question about")
    page.reload()
    expect(page.locator("#q textarea")).to_have_value("half a question about")


def test_any_text_is_a_question_and_none_is_lost(open_page: Open) -> None:
    """Emoji, right to left, ten thousand characters; an empty one is told, and one that is too long for the window stays."""
    page = open_page()
    page.locator("#send").click()
    expect(page.locator("#oops")).to_contain_text("empty")
    for question in ("👩‍🚀 שלום مرحبا é", "word " * 2000):
        ask(page, question)
        answered(page, question.strip()[:40])
    long = "much " * 5000
    ask(page, long)
    for i in range(3):
        expect(page.locator(f"{pane(page, i)} .fault").last).to_contain_text("the window is 4096")
    expect(page.locator("#q textarea")).to_have_value(long)


def talked(page: Page, *questions: str) -> None:
    for question in questions:
        ask(page, question)
        answered(page, question)


def choose(page: Page, task: str) -> None:
    pick(page, page.get_by_label("Task", exact=True), task)


def test_an_edit_is_said_as_long_as_it_is_on(open_page: Open) -> None:
    """Else a question that looks like the next one would take the place of the talk."""
    page = open_page()
    talked(page, "One dove?", "Two doves?", "Three doves?")
    page.fill("#q textarea", "my precious draft")
    page.locator(f"{pane(page, 0)} .edit-turn").first.click()
    note, box = page.locator("#picked .editing"), page.locator("#q textarea")
    expect(note).to_contain_text("Editing question 1: its answers and the 2 questions after it are replaced.")
    for task in ("Reviews: sentiment", "Just chat"):
        choose(page, task)
        expect(page.locator("#try")).to_be_visible(visible=task != "Just chat")
        expect(note).to_be_visible()
    page.reload()
    expect(note).to_be_visible()
    expect(box).to_have_value("One dove?")
    box.press("Escape")
    expect(note).to_have_count(0)
    expect(box).to_have_value("my precious draft")
    talked(page, "Four doves?")
    expect(page.locator(f"{pane(page, 0)} .you")).to_have_count(4)

    for leave in (page.locator("#fresh").click, lambda: remove(page, "B")):
        page.locator(f"{pane(page, 0)} .edit-turn").first.click()
        expect(note).to_be_visible()
        leave()
        expect(note).to_have_count(0)
        expect(box).to_have_value("")
        ask(page, "And now?")
        answered(page, "And now?", 1)


def test_what_made_room_for_an_example_comes_back(open_page: Open) -> None:
    page = open_page()
    page.fill("#q textarea", "my precious draft")
    page.get_by_role("button", name="Settings of A").click()
    sheet = page.get_by_role("dialog", name="Settings of A")
    sheet.get_by_label("Seed").fill("many")
    expect(sheet).to_contain_text("whole number")
    page.keyboard.press("Escape")
    page.locator(".example", has_text="Tell me a story").click()
    expect(page.locator("#oops .fault")).to_contain_text("Pane A")
    page.get_by_role("button", name="Settings of A").click()
    sheet.get_by_label("Seed").fill("")
    expect(page.locator(f"{pane(page, 0)} .phead h2")).to_contain_text("tiny / zero-shot")
    page.keyboard.press("Escape")
    page.locator("#send").click()
    answered(page, "Tell me a story")
    expect(page.locator("#q textarea")).to_have_value("my precious draft")


def test_settings_that_nobody_was_asked_with_outlive_a_reload(open_page: Open) -> None:
    page = open_page()
    talked(page, "Do gulls nap?")
    page.get_by_role("button", name="Settings of A").click()
    page.get_by_role("dialog", name="Settings of A").get_by_label("Seed").fill("77")
    expect(page.locator(f"{pane(page, 0)} .next")).to_contain_text("seed=77")
    page.keyboard.press("Escape")
    page.locator("#add-pane").click()
    expect(page.locator(f"{pane(page, 3)} .phead h2")).to_be_visible()
    added = "tiny/self-consistency:5"
    expect(page.locator(f"{pane(page, 3)} .pop .spelled")).to_have_text(added)
    page.reload()
    expect(page.locator(f"{pane(page, 0)} .next")).to_contain_text("seed=77")
    expect(page.locator(f"{pane(page, 3)} .pop .spelled")).to_have_text(added)
    expect(page.locator(f"{pane(page, 0)} .you")).to_have_count(1)


def test_a_chat_that_was_deleted_elsewhere_begins_anew(open_page: Open) -> None:
    page = open_page()
    talked(page, "Where do larks live?")
    library(page)
    page.locator("#shelf-talks label", has_text="Where do larks live?").click()
    shelf = page.locator("#shelf-talks")
    shelf.get_by_role("button", name="Delete …").click()
    shelf.get_by_role("button", name="Delete it").click()
    expect(shelf.locator("label", has_text="Where do larks live?")).to_have_count(0)
    page.get_by_role("tab", name="Compare").click()
    talked(page, "And the swallows?")
    expect(page.locator("#oops")).to_contain_text("was deleted")
    expect(page.locator(f"{pane(page, 0)} .you")).to_have_count(1)


def test_hidden_names_can_always_be_told(open_page: Open) -> None:
    """Even where nobody answered; and one pane alone hides nothing."""
    page = open_page()
    page.get_by_label("Blind").check()
    long = "much " * 5000
    ask(page, long)
    expect(page.locator(f"{pane(page, 0)} .fault").last).to_be_visible()
    expect(page.locator(".best-one:visible")).to_have_count(0)
    page.get_by_label("Blind").uncheck()
    expect(page.locator("#foot-say")).to_contain_text("stay hidden until you vote")
    page.locator("#all-bad").click()
    expect(page.locator(f"{pane(page, 0)} .phead h2")).to_contain_text("tiny")
    for letter in "CB":
        remove(page, letter)
        expect(page.locator(f"{pane(page, 'ABC'.index(letter))}")).to_be_hidden()
    page.get_by_label("Blind").check()
    ask(page, "Who am I alone?")
    expect(page.locator("#oops .fault")).to_contain_text("One pane alone")
