"""From the first click to the verdict, on the bundled model and a task of few rows; seen by every page, cancelled, resumed, taken along."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from promptune.lab import Lab, TaskFile
from promptune.settings import Settings
from tests.browser.conftest import PATIENCE, Open, Server, pick
from tests.browser.test_first_visit import sideways

expect.set_options(timeout=PATIENCE)

THINGS, MONTHS = ("lamp", "pen", "chair", "kettle", "bag", "clock", "door", "cup"), ("March", "May", "July")
WORDS = {"positive": ("lovely", "great"), "negative": ("awful", "poor")}


def rows() -> dict[str, list[dict[str, str]]]:
    """No text twice, whatever the split."""
    pairs = [(thing, month) for month in MONTHS for thing in THINGS]
    parts = {"train": pairs[:12], "validation": pairs[12:16], "test": pairs[16:]}
    return {
        split: [
            {"text": f"The {thing} of {month} is {words[i % 2]}.", "label": label} for i, (thing, month) in enumerate(part) for label, words in WORDS.items()
        ]
        for split, part in parts.items()
    }


TASK = {"name": "own", "title": "Own things", "template": "Classify this review.\n{{ text }}\nSentiment: ||| {{ label }}", "rows": rows()}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("duel")
    (folder / "task.yaml").write_text(json.dumps(TASK | {"answer_choices": "positive ||| negative"}), encoding="utf-8")
    lab = Lab(Settings(home=folder / "data", engine="scripted"))
    lab.tasks.keep("local", lab.tasks.draft([folder / "task.yaml"], TaskFile()))
    lab.close()
    running = Server(folder / "data", engine="local", script=Path(__file__).parent / "few_probes.py").start()
    yield running
    assert running.stop() == 0
    assert "Traceback" not in running.log(), running.log()


def choose(page: Page, field: str, title: str) -> None:
    pick(page, page.locator(f"{field} input"), title)


def begin(page: Page) -> None:
    choose(page, "#duel-task", "Own things")
    page.locator("#duel-run").click()
    expect(page.get_by_role("tab", name="Score")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#score-going .pill")).to_have_text("running")


def test_from_the_first_click_to_the_verdict(open_page: Open) -> None:
    page = open_page(cut=True)
    expect(page.locator("#duel")).to_contain_text("Prompt it or tune it?")
    expect(page.locator("#duel-about")).to_contain_text("on this machine")
    begin(page)
    expect(page.locator("#score-going .steps li")).to_have_count(4)
    page.reload()  # in the middle
    expect(page.locator("#score-going .pill")).to_have_text("running")

    second = open_page(width=390, height=844)
    expect(second.locator("#duel")).to_contain_text("Duel on Own things")
    second.locator("#duel-see").click()
    expect(second.locator("#score-card h2").first).to_have_text("Scores so far")
    for one in (page, second):
        expect(one.locator("#score-card .headline")).not_to_be_empty(timeout=2 * PATIENCE)  # a model is tuned until then, twice
        expect(one.locator("#score-card tbody tr").nth(4)).to_be_visible()
        expect(one.locator("#score-going")).to_be_hidden()
    assert page.locator("#score-card .verdict").first.inner_text() == second.locator("#score-card .verdict").first.inner_text()
    assert sideways(second) == 0
    expect(page.locator("#score-card .chart")).to_have_count(2)
    expect(page.locator("#score-samples .sample").first).to_contain_text("Right answer")

    with page.expect_download() as download:
        page.locator("#score-links a", has_text="Report.html").click()
    assert download.value.suggested_filename.endswith(".html")
    assert "Own things" in Path(download.value.path()).read_text(encoding="utf-8")
    href = page.locator("#score-links a", has_text="Open report").get_attribute("href")
    headers = page.request.get(f"{page.url.partition('#')[0]}{href}").headers
    assert headers["content-disposition"] == "inline" and headers["cache-control"] == "no-store"
    assert "sandbox; default-src 'none'" in headers["content-security-policy"]  # words of models and people, on our own address
    page.locator("#score-copy").click()
    expect(page.locator("#score-copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("promptune duel own --model tiny")


def test_a_cancelled_duel_keeps_and_shows_what_it_has(open_page: Open) -> None:
    page = open_page()
    begin(page)
    expect(page.locator("#score-card tbody tr").first).to_be_visible()
    page.locator("#score-cancel").click()
    expect(page.locator("#score-going .pill")).to_have_text("cancelled")
    expect(page.locator("#score-resume")).to_be_visible()
    expect(page.locator("#score-card tbody tr").first).to_be_visible()

    page.locator("#scorecard .ask-first").click()
    page.locator("#scorecard .sure-yes").click()
    expect(page.locator("#score-going .pill")).to_have_count(0)
