"""What is kept: found, named, taken along, and deleted only after a second word."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from promptune.models import BUNDLED_FOLDER, NOTE
from tests.browser.conftest import PATIENCE, Open, answered, ask, library, pane
from tests.browser.test_many import start

expect.set_options(timeout=PATIENCE)

EVIL = "<img src=x onerror=alert(1)> {{7*7}} ${1+1} <script>alert(2)</script>"


def test_a_conversation_is_renamed_exported_and_deleted(open_page: Open) -> None:
    page = open_page()
    ask(page, "What do owls eat?")
    answered(page, "What do owls eat?")
    library(page)
    shelf = page.locator("#shelf-talks")
    shelf.locator("label", has_text="What do owls eat?").click()
    with page.expect_download() as download:
        shelf.locator("a", has_text="Markdown").click()
    assert download.value.suggested_filename == "what-do-owls-eat.md"
    assert "You asked: What do owls eat?" in Path(download.value.path()).read_text(encoding="utf-8")

    shelf.get_by_label("Label").fill("Owls")
    shelf.get_by_role("button", name="Rename").click()
    expect(shelf.locator("label", has_text="Owls")).to_be_visible()
    expect(shelf.locator("h2", has_text="Owls")).to_be_visible()

    shelf.get_by_role("button", name="Delete …").click()
    expect(shelf.get_by_role("button", name="Keep it")).to_be_focused()  # the safe answer
    page.keyboard.press("Enter")
    expect(shelf.get_by_role("button", name="Delete …")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(shelf.locator(".sure")).to_be_hidden()
    expect(shelf.locator("label", has_text="Owls")).to_be_visible()
    shelf.get_by_role("button", name="Delete …").click()
    shelf.get_by_role("button", name="Delete it").click()
    expect(shelf.locator("label", has_text="Owls")).to_have_count(0)
    expect(shelf.locator(".beside")).to_be_hidden()
    expect(shelf.locator(".list")).to_be_focused()


def test_a_conversation_is_found_by_its_words_and_goes_on_in_compare(open_page: Open) -> None:
    page = open_page()
    ask(page, "Why do Robins sing?")
    answered(page, "Why do Robins sing?")
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(f"{pane(page, 0)} .you")).to_have_count(0)
    ask(page, "Where do storks sleep?")
    answered(page, "Where do storks sleep?")
    library(page)
    shelf = page.locator("#shelf-talks")
    expect(shelf.locator(".rows label", has_text="storks")).to_be_visible()
    shelf.get_by_label("Search Conversations").fill("SING robins")  # any order, any case
    expect(shelf.locator(".rows label")).to_have_count(1)
    shelf.get_by_label("Search Conversations").fill("robins on the moon")
    expect(shelf.locator(".empty")).to_contain_text("Nothing has all of these words")
    shelf.get_by_label("Search Conversations").fill("robins")
    shelf.locator(".rows label", has_text="Robins").click()
    expect(shelf.locator(".beside")).to_contain_text("You asked: Why do Robins sing?")
    shelf.get_by_role("button", name="Open in Compare").click()
    expect(page.locator(f"{pane(page, 2)} .you")).to_have_text("You: Why do Robins sing?")
    ask(page, "And at night?")
    answered(page, "And at night?")
    expect(page.locator(f"{pane(page, 0)} .you")).to_have_count(2)
    library(page)
    expect(shelf.locator(".rows label")).to_have_count(1)  # what was searched for still is
    expect(shelf.locator(".rows label")).to_contain_text("2 questions")


def test_a_blind_conversation_keeps_its_names_until_the_vote(open_page: Open) -> None:
    page = open_page()
    page.get_by_label("Blind").check()
    ask(page, "Do herons dance?")
    for i in range(3):
        page.locator(f"{pane(page, i)} .turn", has_text="You asked").wait_for()
    page.locator("#send:not([disabled])").wait_for()
    library(page)
    shelf = page.locator("#shelf-talks")
    shelf.locator(".rows label", has_text="herons").first.click()
    expect(shelf.locator(".beside")).to_contain_text("Names are hidden until you vote")
    assert "zero-shot" not in shelf.locator(".beside").inner_html() + shelf.locator(".rows label", has_text="herons").first.inner_html()
    shelf.get_by_role("button", name="Open in Compare").click()
    page.locator(f"{pane(page, 1)} .best-one").click()
    expect(page.locator("#foot-say")).to_contain_text("Voted best: B")
    page.get_by_role("button", name="Leaderboard").click()
    expect(page.locator("#leaderboard")).to_contain_text("blind")
    library(page)
    expect(shelf.locator(".rows label", has_text="herons").first).to_contain_text("tiny/")
    shelf.locator(".rows label", has_text="herons").first.click()
    expect(shelf.locator(".beside")).to_contain_text("Best")


@pytest.mark.parametrize("width", [390, 1280])
def test_a_long_unbroken_name_can_be_deleted(open_page: Open, width: int) -> None:
    """Its words must not push the buttons out of reach."""
    page = open_page(width=width)
    name = "x" * 150 + str(width)
    ask(page, name)
    answered(page, name)
    library(page)
    shelf = page.locator("#shelf-talks")
    shelf.locator("label", has_text="xxxx").first.click()
    shelf.get_by_label("Label").fill(name)
    shelf.get_by_role("button", name="Rename").click()
    expect(shelf.locator("h2", has_text=name)).to_be_visible()
    shelf.get_by_role("button", name="Delete …").click()
    card, sure = shelf.locator(".beside").bounding_box(), shelf.locator(".sure").bounding_box()
    assert card is not None and sure is not None and sure["x"] + sure["width"] <= card["x"] + card["width"]
    expect(shelf.locator(".sure")).to_contain_text("x…”?")
    shelf.get_by_role("button", name="Delete it").click()
    expect(shelf.locator(".beside")).to_be_hidden()


def test_one_thing_is_open(open_page: Open) -> None:
    """Three open details would leave a reader to guess which one a button means."""
    page = open_page(width=390, height=844)
    ask(page, "Where is the magpie?")
    answered(page, "Where is the magpie?")
    library(page)
    page.locator("#shelf-talks label", has_text="magpie").first.click()
    expect(page.locator("#shelf-talks .beside h2")).to_be_in_viewport()
    page.locator("#shelf-models label").first.click()
    expect(page.locator("#shelf-models .beside h2")).to_be_in_viewport()
    expect(page.locator("#shelf-talks .beside")).to_be_hidden()
    expect(page.locator("#shelf-talks input:checked")).to_have_count(0)


def test_a_model_that_was_deleted_is_replaced_and_said(open_page: Open, tmp_path: Path) -> None:
    """A pane must not go on with a model that is gone, nor change silently."""
    page = open_page()
    library(page)
    page.locator("#model-source input, #model-source textarea").fill(str(made_model(tmp_path / "jackdaw")))
    page.locator("#add").click()
    expect(page.locator("#model-said")).to_contain_text("Added as jackdaw")
    page.get_by_role("tab", name="Compare").click()
    page.get_by_role("button", name="Settings of A").click()
    sheet = page.get_by_role("dialog", name="Settings of A")
    sheet.get_by_label("Model").click()
    page.get_by_role("option", name="jackdaw").click()
    expect(page.locator(f"{pane(page, 0)} .phead")).to_contain_text("jackdaw")
    page.keyboard.press("Escape")

    library(page)
    shelf = page.locator("#shelf-models")
    shelf.locator("label", has_text="jackdaw").click()
    shelf.get_by_role("button", name="Delete …").click()
    expect(shelf.locator(".sure")).to_contain_text("stays on the disk")
    shelf.get_by_role("button", name="Delete it").click()
    expect(shelf.locator("label", has_text="jackdaw")).to_have_count(0)
    page.get_by_role("tab", name="Compare").click()
    expect(page.locator(".oops .notice")).to_contain_text("Pane A: jackdaw")
    expect(page.locator(f"{pane(page, 0)} .phead")).not_to_contain_text("jackdaw")
    ask(page, "Are you there?")
    answered(page, "Are you there?")


def made_model(folder: Path) -> Path:
    return Path(shutil.copytree(BUNDLED_FOLDER, folder))


def test_a_model_that_cannot_be_added_says_why_and_stays_in_the_box(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    library(page)
    page.locator("#model-source input, #model-source textarea").fill(f"{tmp_path}/{EVIL[:8]}")
    page.locator("#add").click()
    expect(page.locator("#model-said .fault")).to_contain_text("there is no folder")
    expect(page.locator("#model-source input, #model-source textarea")).to_have_value(f"{tmp_path}/{EVIL[:8]}")
    page.locator("#shelf-models label", has_text="tiny").click()
    expect(page.locator("#shelf-models .beside")).to_contain_text(NOTE)
    expect(page.locator("#shelf-models").get_by_role("button", name="Delete …")).to_be_hidden()


def test_what_was_written_is_shown_as_text_everywhere(open_page: Open) -> None:
    """A model can be made to write markup: any dialog or foreign request fails the test by itself."""
    page = open_page()
    ask(page, EVIL)
    answered(page, EVIL)
    expect(page.locator(f"{pane(page, 0)} .turn").last).to_have_text(f"A: You asked: {EVIL}")
    page.locator(f"{pane(page, 0)} summary").click()
    expect(page.locator(f"{pane(page, 0)} .prompt")).to_contain_text(EVIL)

    start(page, [EVIL, f"again {EVIL}"])
    expect(page.locator("#job .pill")).to_have_text("done")
    expect(page.locator("#job [role=progressbar]")).to_have_attribute("aria-valuenow", "6")
    page.locator("#job-open").click()
    expect(page.locator("#job .tscroll tbody tr").last).to_contain_text(f"again {EVIL}")

    library(page)
    shelf = page.locator("#shelf-talks")
    shelf.locator("label", has_text="<img").first.click()
    expect(shelf.locator(".beside")).to_contain_text(EVIL)
    shelf.get_by_label("Label").fill(EVIL)
    shelf.get_by_role("button", name="Rename").click()
    expect(shelf.locator("h2", has_text=EVIL)).to_be_visible()
    shelf.get_by_role("button", name="Delete …").click()
    expect(shelf.locator(".sure")).to_contain_text(EVIL[:50])  # a long label is clipped
    page.locator("#model-source input, #model-source textarea").fill(EVIL)
    page.locator("#add").click()
    expect(page.locator("#model-said .fault")).to_contain_text(EVIL)
    page.reload()
    answered(page, EVIL)
