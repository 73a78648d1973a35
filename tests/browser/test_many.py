"""Fifty questions through three contenders: seen by every page, cancelled, resumed, and its result."""

from __future__ import annotations

import csv
import io

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Open, library

expect.set_options(timeout=PATIENCE)


def start(page: Page, questions: list[str]) -> None:
    page.locator("#many button").first.click()
    page.locator("#questions textarea").fill("\n".join(questions))
    page.locator("#run-many").click()


def done(page: Page) -> int:
    return int(page.locator("#job [role=progressbar]").get_attribute("aria-valuenow") or 0)


def test_a_long_job_is_seen_everywhere_cancelled_and_resumed(open_page: Open) -> None:
    """Jobs outlive the page that started them: the store is the truth, every page only looks."""
    page = open_page()
    questions = [f"Slow question {i} [delay=0.4]" for i in range(40)]
    start(page, questions)
    expect(page.locator("#job .pill")).to_have_text("running")
    expect(page.locator("#job")).to_contain_text("of 120 answers")

    second = open_page()
    expect(second.locator("#job .pill")).to_have_text("running")
    page.reload()
    expect(page.locator("#job .pill")).to_have_text("running")
    expect(page.locator("#job [role=progressbar]")).not_to_have_attribute("aria-valuenow", "0")

    page.locator("#many button").first.click()
    second.locator("#job-cancel").click()
    for one in (page, second):
        expect(one.locator("#job .pill")).to_have_text("cancelled")
        expect(one.locator("#job-resume")).to_be_visible()
        expect(one.locator("#job-cancel")).to_be_hidden()
    kept = done(page)
    assert 0 < kept < 120
    page.locator("#job-open").click()
    expect(page.locator("#job .tscroll")).to_contain_text("not asked yet")
    table = page.locator("#job .tscroll")

    page.locator("#job-resume").click()
    for one in (page, second):
        expect(one.locator("#job .pill")).to_have_text("done")
    assert done(page) == 120
    expect(table).not_to_contain_text("not asked yet")  # what stands under a card is that job's result, and as far as it is

    page.get_by_role("button", name="Close result").click()
    expect(table).to_have_count(0)
    page.get_by_role("button", name="Open result").click()
    expect(page.locator("#job .tscroll tbody tr")).to_have_count(40)
    expect(page.locator("#job .tscroll")).to_contain_text("You asked: Slow question 39")
    with page.expect_download() as download:
        page.locator("#job a", has_text="CSV").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8"))))
    assert len(rows) == 120
    assert {row["question"] for row in rows} == set(questions)

    page.locator("#questions textarea").fill("Another question")
    page.locator("#run-many").click()
    expect(page.locator("#job [role=progressbar]")).to_have_attribute("aria-valuemax", "3")
    expect(table).to_have_count(0)
    expect(page.locator("#job .pill")).to_have_text("done")

    library(page)
    page.locator("#shelf-jobs label").nth(1).click()
    expect(page.locator("#shelf-jobs .beside")).to_contain_text("120 of 120 answers")


def test_the_sample_fills_the_box_and_an_empty_box_is_no_job(open_page: Open) -> None:
    page = open_page()
    page.locator("#many button").first.click()
    page.locator("#run-many").click()
    expect(page.locator("#many .fault")).to_contain_text("there is none")
    page.locator("#sample").click()
    expect(page.locator("#questions textarea")).not_to_have_value("")
    assert len(page.locator("#questions textarea").input_value().splitlines()) == 50
