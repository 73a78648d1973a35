"""The whole way at once: a file of one's own, four ways of asking it, one of them tuned; a blind vote, and a link to somebody else."""

# ruff: noqa: F811  # fixtures of the engines' tests are imported, and asked for by name

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from promptune.core.job import JobState
from promptune.engines.local import LocalEngine
from tests.browser.conftest import PATIENCE, Open, Server, answered, ask, pane
from tests.browser.test_compare import heads
from tests.browser.test_tasks import new_task, saved, to_examples, written
from tests.engines.conftest import engine  # noqa: F401  # a fixture
from tests.tunings import OWNER, QUICK, drained, opened

expect.set_options(timeout=PATIENCE)

REVIEWS = "text,label\n" + "".join(f"Lamp {i} is good,positive\nLamp {i} is bad,negative\n" for i in range(20))
CONTENDERS = ["tiny / zero-shot", "tiny / few-shot:4", "tiny / cot", "tiny+mine / zero-shot"]
TELLING = r"tiny\+mine|tiny */ *(zero|few|cot)|few-shot:4|tok/s"

# Whether all panes that are seen were live in one moment: a test that looks itself might come too late.
SEE_TOGETHER = """() => {
  window.together = 0;
  const live = () => [...document.querySelectorAll('.turn.live')].filter(turn => turn.textContent.length > 5).length;
  const look = () => { window.together = Math.max(window.together, live()); };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, engine: LocalEngine) -> Iterator[Server]:
    """The run is really tuned, in six steps; who answers is scripted, since the bundled model is done before anybody could press Stop."""
    home = tmp_path_factory.mktemp("walk")
    with opened(home, engine) as room:
        task = room.task()
        assert room.run(drained(room.tunes.start(OWNER, task, "tiny", "lora", QUICK, name="mine", limit=2))).state is JobState.DONE
    running = Server(home / "data").start()
    yield running
    assert running.stop() == 0
    assert "Traceback" not in running.log(), running.log()


def sent(page: Page) -> str:
    """What the page holds now, without what it was built from: that is the same whoever sits where."""
    return re.sub(r"<(script|style)\b.*?</\1>", "", page.content(), flags=re.DOTALL)


def same_talk(page: Page, task: str, question: str) -> None:
    answered(page, question, 4)
    expect(page.locator(f"{pane(page, 2)} h2").first).to_contain_text("Best")
    expect(page.get_by_label("Task", exact=True)).to_have_value(task)
    assert sorted(name.removesuffix(" Best") for name in heads(page)) == sorted(CONTENDERS)


def test_the_walk(open_page: Open, tmp_path: Path) -> None:
    page, task = open_page(), f"Lamps {tmp_path.name}"  # the name is nobody's yet, if this is done again
    new_task(page, written(tmp_path, "lamps.csv", REVIEWS))
    page.locator("#data-go").click()
    expect(page.get_by_label("The text", exact=True)).to_have_value("text")
    to_examples(page)
    saved(page, task)
    page.locator("#saved-use").click()
    expect(page.get_by_label("Task", exact=True)).to_have_value(task)
    expect(page.locator(f"{pane(page, 1)} .phead h2")).to_contain_text("few-shot:4")  # panes that nobody has set suit the task

    page.locator("#add-pane").click()
    expect(page.locator(f"{pane(page, 3)} .phead h2")).to_be_visible()
    page.get_by_role("button", name="Settings of D").click()
    sheet = page.get_by_role("dialog", name="Settings of D")
    for choice, option in (("Model", "tiny + mine"), ("Strategy", "zero-shot")):
        sheet.get_by_label(choice, exact=True).click()
        page.get_by_role("option", name=option, exact=True).click()
    expect(page.locator(f"{pane(page, 3)} .phead h2")).to_have_text(re.compile(r"tiny\+mine / zero-shot$"))
    page.keyboard.press("Escape")
    assert heads(page) == CONTENDERS

    page.get_by_label("Blind").check()
    page.evaluate(SEE_TOGETHER)
    question = "Lamp 7 is as good as gold [tokens=30][delay=0.2]"
    ask(page, question)
    expect(page.locator(".turn.live", has_text="You asked")).to_have_count(4)
    page.get_by_role("button", name="Stop B").click()
    expect(page.locator(f"{pane(page, 1)} .scroll")).to_contain_text("Stopped.")
    expect(page.locator(".turn.live")).to_have_count(3)
    expect(page.locator(".best-one:visible")).to_have_count(4)
    assert page.evaluate("window.together") == 4, "the panes did not stream together"
    expect(page.locator(".scroll:visible", has_text="Stopped.")).to_have_count(1)
    assert not re.search(TELLING, sent(page))

    page.locator(f"{pane(page, 2)} .best-one").click()
    expect(page.locator("#foot-say")).to_contain_text("You voted blind")
    same_talk(page, task, question)
    assert re.search(TELLING, sent(page))
    tuned = next(i for i, name in enumerate(heads(page)) if name.startswith("tiny+mine"))
    expect(page.locator(f"{pane(page, tuned)} .met")).to_contain_text("by tiny+mine")

    page.locator("#share").click()
    expect(page.locator("#foot-say")).to_contain_text("The link is copied")
    link = page.evaluate("navigator.clipboard.readText()")
    second = open_page(query=link[link.index("?") :])
    expect(second.locator("#q textarea")).to_have_value(question)
    expect(second.get_by_label("Task", exact=True)).to_have_value(task)
    expect(second.locator(".phead h2:visible")).to_have_count(4)
    assert heads(second) == [name.removesuffix(" Best") for name in heads(page)]
    expect(second.locator(".turn")).to_have_count(0)  # nothing is asked by itself

    page.reload()
    same_talk(page, task, question)
