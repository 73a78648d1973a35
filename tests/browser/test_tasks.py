"""A person's own data: brought, looked at, named, asked, and taken along again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Open, answered, ask, pane, pick
from tests.browser.test_first_visit import sideways
from tests.browser.test_library import EVIL

expect.set_options(timeout=PATIENCE)

REVIEWS = "text;label\n" + "".join(f"Lamp {i} is good;positive\nLamp {i} is bad;negative\n" for i in range(20)) + "a row of one cell\n"


def new_task(page: Page, file: Path) -> None:
    page.get_by_role("tab", name="Tasks").click()
    page.locator("#new-task").click()
    page.locator(".drop-file").set_input_files(file)
    expect(page.locator("#found")).to_contain_text(file.name)


def to_examples(page: Page) -> None:
    page.locator("#template-go").click()
    expect(page.locator("#look-examples .example-card")).to_have_count(3)


def saved(page: Page, name: str) -> None:
    page.locator("#look-go").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.locator("#save-go").click()
    expect(page.locator("#saved")).to_contain_text(f"{name} is saved")


def written(tmp_path: Path, name: str, text: str) -> Path:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / name


def set_up(page: Page, i: int, strategy: str, arguments: str | None = None) -> None:
    """A pane's settings, closed again."""
    key = "ABC"[i]
    page.get_by_role("button", name=f"Settings of {key}").click()
    sheet = page.get_by_role("dialog", name=f"Settings of {key}")
    sheet.get_by_label("Strategy", exact=True).click()
    page.get_by_role("option", name=strategy, exact=True).click()
    expect(page.locator(f"{pane(page, i)} .phead")).to_contain_text(f"/ {strategy}")
    if arguments is not None:
        sheet.get_by_label("Arguments of the strategy").fill(arguments)
        expect(page.locator(f"{pane(page, i)} .phead")).to_contain_text(f"{strategy}:{arguments}")
    page.keyboard.press("Escape")


def choose(page: Page, title: str) -> None:
    pick(page, page.get_by_label("Task", exact=True), title)


def test_a_file_becomes_a_task_whose_answers_are_right_or_wrong(open_page: Open, tmp_path: Path) -> None:
    """The whole way, with every mistake a person makes on it."""
    page = open_page()
    new_task(page, written(tmp_path, "reviews.csv", REVIEWS))
    expect(page.locator("#found")).to_contain_text("separated by semicolon")
    expect(page.locator("#first-rows tbody tr")).to_have_count(5)
    expect(page.locator("#first-rows .badrows")).to_contain_text("Row 41 (line 42)")
    page.locator("#data-go").click()
    expect(page.locator("#found .fault")).to_contain_text("tick the box")
    page.get_by_label("Go on without the bad row").check()
    page.locator("#data-go").click()
    expect(page.locator("#step-data .step-head")).to_contain_text("40 rows · 1 left out")
    expect(page.locator("#step-template h2")).to_be_focused()

    expect(page.get_by_label("The text", exact=True)).to_have_value("text")  # the one that suits is chosen already
    page.get_by_role("button", name="Write it yourself").click()
    text = page.locator("#template textarea")
    text.fill("Good or bad? {{ txet }} ||| {{ label }}")
    expect(page.get_by_label("The text", exact=True)).to_be_hidden()
    page.locator("#template-go").click()
    expect(page.locator("#step-template .fault")).to_contain_text("Did you mean 'text'?")
    expect(text).to_have_value("Good or bad? {{ txet }} ||| {{ label }}")
    text.fill("Is it negative or positive? {{ text }} ||| {{ label }}")
    to_examples(page)
    expect(page.locator("#look-examples .legend").first).to_contain_text("question")
    expect(page.locator("#look-rows")).to_contain_text("1 bad row left out")
    saved(page, "Lamp reviews")

    page.locator("#saved-use").click()
    expect(page.get_by_label("Task", exact=True)).to_have_value("Lamp reviews")
    page.fill("#q textarea", "half a thought")
    page.locator("#try").click()
    expect(page.locator("#picked")).to_contain_text("as long as the question stays as it is")
    right = page.locator("#picked b").inner_text()
    question = page.locator("#q textarea").input_value()
    page.reload()  # the row in the box outlives it
    expect(page.locator("#picked b")).to_have_text(right)
    expect(page.locator("#q textarea")).to_have_value(question)
    page.press("#q textarea", "Enter")
    answered(page, question)
    expect(page.locator("#reference")).to_contain_text(f"Right answer {right} · test row")
    expect(page.locator(f"{pane(page, 0)} .mark")).to_contain_text("right" if right == "negative" else "wrong")  # the first choice that it names
    page.locator("#copy").click()
    expect(page.locator("#copy")).to_have_text("Copied")
    assert "--task lamp-reviews --row test:" in page.evaluate("navigator.clipboard.readText()")

    page.locator("#try").click()
    expect(page.locator("#picked")).to_contain_text("right answer")
    page.fill("#q textarea", "Another lamp altogether")
    page.press("#q textarea", "Enter")
    answered(page, "Another lamp altogether")
    expect(page.locator("#reference")).to_contain_text("was changed, so no right answer is known")
    expect(page.locator(".mark")).to_have_count(0)
    choose(page, "Just chat")
    expect(page.locator("#try")).to_be_hidden()


def test_a_task_is_counted_renamed_taken_along_and_deleted(open_page: Open, tmp_path: Path) -> None:
    """What was exported is a task again wherever it is brought."""
    page = open_page()
    page.get_by_role("tab", name="Tasks").click()
    shelf = page.locator("#shelf-tasks")
    shelf.locator("label", has_text="Lecture: three reviews").click()
    expect(shelf.locator(".beside .example-card").first).to_contain_text("I loved this movie!")
    expect(shelf.get_by_role("button", name="Delete …")).to_be_hidden()
    page.locator("#count").click()
    expect(page.locator("#lengths")).to_contain_text("All fit the window of 4,096 tokens")
    with page.expect_download() as download:
        shelf.locator("a", has_text="zip").click()
    archive = tmp_path / download.value.suggested_filename
    download.value.save_as(archive)

    new_task(page, archive)
    page.locator("#data-go").click()
    to_examples(page)
    saved(page, "Mine")
    page.locator("#step-template").get_by_role("button", name="Change").click()  # second thoughts: the file is still there
    to_examples(page)
    saved(page, "Mine")
    page.locator("#saved-see").click()
    expect(shelf.locator(".beside h2")).to_have_text("Mine")
    expect(page.locator("#lengths")).not_to_contain_text("All fit")
    shelf.get_by_label("Label", exact=True).fill("Borrowed")
    shelf.get_by_role("button", name="Rename").click()
    expect(shelf.locator("label", has_text="Borrowed")).to_be_visible()
    shelf.get_by_role("button", name="Delete …").click()
    expect(shelf.locator(".sure")).to_contain_text("Its rows and its template are lost")
    shelf.get_by_role("button", name="Delete it").click()
    expect(shelf.locator("label", has_text="Borrowed")).to_have_count(0)
    page.locator("#new-task").click()
    expect(page.locator("#found")).to_be_hidden()  # the next one begins empty


def test_the_lectures_examples_are_one_click_and_votes_are_counted(open_page: Open) -> None:
    page = open_page()
    choose(page, "Lecture: two word problems")
    set_up(page, 1, "self-consistency")
    expect(page.locator(f"{pane(page, 1)} .phead")).to_contain_text("self-consistency:5")  # arguments to begin with
    page.locator(".example", has_text="cafeteria").click()
    answered(page, "The cafeteria had 23 apples")
    expect(page.locator("#reference")).to_contain_text("Right answer 9")
    expect(page.locator(f"{pane(page, 1)} .ans", has_text="Votes:")).to_contain_text("×")
    expect(page.locator(".mark")).to_have_count(3)

    choose(page, "Just chat")  # as the other tests expect it
    set_up(page, 1, "cot")
    ask(page, "And without a task?")
    answered(page, "And without a task?")
    expect(page.locator(".mark")).to_have_count(0)


def test_what_does_not_fit_is_named_and_left_out_on_request(open_page: Open, tmp_path: Path) -> None:
    """The window is a budget, and never a silent cut."""
    page = open_page()
    rows = [{"text": f"{i} " + "word " * 700, "label": "yes" if i % 2 else "no"} for i in range(20)]
    new_task(page, written(tmp_path, "long.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows)))
    page.locator("#data-go").click()
    to_examples(page)
    saved(page, "Long texts")
    page.locator("#saved-use").click()
    expect(page.locator("#try")).to_be_visible()
    set_up(page, 0, "few-shot", "8")
    page.locator("#try").click()
    expect(page.locator("#picked")).to_contain_text("right answer")
    page.locator("#send").click()
    first = page.locator(pane(page, 0))
    expect(first.locator(".fault")).to_contain_text("the window is 4096: examples")
    expect(page.locator(".drop-it:visible")).to_have_count(1)
    first.get_by_role("button", name="Leave out what does not fit").click()
    expect(first.locator(".met")).to_contain_text("4 examples left out to fit")
    expect(first.locator(".mark")).to_be_visible()
    expect(page.locator(".drop-it:visible")).to_have_count(0)


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1280, False)])
def test_what_a_file_holds_is_shown_as_text(open_page: Open, tmp_path: Path, width: int, dark: bool) -> None:
    """In cells, column names, file names and bad rows; at 390 the tables scroll inside themselves."""
    page = open_page(width=width, height=844, dark=dark)
    name = "<img src=x onerror=alert(1)>" if width == 390 else "{{7*7}} ${1+1}"
    rows = [{name: f"{EVIL} {i}" + "x" * 200, "label": f"<b>{i % 2}</b>"} for i in range(24)]
    new_task(page, written(tmp_path, f"{name}.jsonl".replace("/", ""), "".join(f"{json.dumps(row)}\n" for row in rows) + '{"a": NaN}\n'))
    expect(page.locator("#first-rows")).to_contain_text(EVIL[:40])
    assert sideways(page) == 0
    page.get_by_label("Go on without the bad row").check()
    page.locator("#data-go").click()
    page.get_by_role("button", name="Write it yourself").click()
    written_as = page.locator("#own-template code").first.inner_text()
    page.get_by_role("button", name="Advanced").click()
    page.locator("#template textarea").fill(f"<script>alert(3)</script> {written_as} ||| {{{{ label }}}}")
    assert sideways(page) == 0
    to_examples(page)
    expect(page.locator("#look-examples .prompt").first).to_contain_text("<script>alert(3)</script> <img src=x")
    assert sideways(page) == 0
    saved(page, f"{EVIL[:28]} {width}")
    page.locator("#saved-see").click()
    expect(page.locator("#shelf-tasks .beside h2")).to_contain_text("<img")
    expect(page.locator("#task-examples .prompt").first).to_contain_text("<script>alert(3)</script> <img src=x")
    assert sideways(page) == 0
    page.locator("#use-task").click()
    page.locator("#try").click()
    expect(page.locator("#picked b")).to_contain_text("<b>")
    assert sideways(page) == 0
    page.fill("#q textarea", "")
    choose(page, "Just chat")


def test_a_file_can_be_dropped_and_an_upload_be_cancelled(open_page: Open, tmp_path: Path) -> None:
    """And what is no table says so, beside where it was brought."""
    page = open_page(cut=True)
    page.get_by_role("tab", name="Tasks").click()
    page.locator("#new-task").click()
    expect(page.locator("#maker h2").first).to_be_focused()  # the keyboard comes along
    page.locator(".drop-file").focus()
    expect(page.locator(".drop-file")).to_be_focused()
    page.route("**/upload?*", lambda route: None)
    page.locator(".drop-file").set_input_files(written(tmp_path, "slow.csv", REVIEWS))
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator(".drop-ask")).to_be_visible()
    expect(page.locator(".drop-why")).to_be_hidden()
    page.unroute("**/upload?*")

    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0" * 50)
    page.locator(".drop-file").set_input_files(tmp_path / "picture.csv")
    expect(page.locator("#data-said .fault")).to_contain_text("“picture.csv”")
    dropped = "([zone, text]) => { const data = new DataTransfer(); data.items.add(new File([text], 'dropped.csv')); "
    dropped += "zone.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })); }"
    page.evaluate(dropped, [page.locator(".drop").element_handle(), REVIEWS])
    expect(page.locator("#found")).to_contain_text("dropped.csv: 40 good rows")
    page.get_by_role("button", name="Not right?").click()
    page.get_by_label("Separator", exact=True).click()
    page.get_by_role("option", name="bar |").click()
    expect(page.locator("#found")).to_contain_text("separated by bar")


def test_the_list_stays_where_it_is_when_its_last_task_is_opened(open_page: Open) -> None:
    """The list scrolls inside itself. What is chosen is seen, and so is what is around it."""
    page = open_page()
    page.get_by_role("tab", name="Tasks").click()
    rows = page.locator("#shelf-tasks .rows label")  # not the label of a name, which appears beside the list
    rows.last.click()
    page.locator("#task-examples .prompt").first.wait_for()
    expect(rows.last).to_be_in_viewport(ratio=0.9)
    page.keyboard.press("Shift+Tab")
    expect(rows.nth(-2).locator("input")).to_be_focused()
    expect(rows.nth(-2)).to_be_in_viewport(ratio=0.9)
