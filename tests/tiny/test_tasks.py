"""The built-in tasks of the small world ask exactly as the model was trained to be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import pytest

from promptune.core.task import SPLITS
from promptune.sandbox import Sandbox
from promptune.tasks import folder
from promptune.tasks.folder import TaskData
from promptune.tasks.render import Renderer
from promptune.tiny import tables
from promptune.tiny.world import arithmetic, dialogues, french, odd_sum, reviews

SANDBOX = Sandbox()
# A task's column that it asks about, how the world asks it, and the column with the answer.
ASKED: dict[str, tuple[str, Callable[[str], str], str]] = {
    "reviews": ("review", reviews.sentiment_prompt, "sentiment"),
    "stars": ("review", reviews.stars_prompt, "stars"),
    "headlines": ("review", reviews.headline_prompt, "headline"),
    "dialogues": ("dialogue", dialogues.summary_prompt, "summary"),
    "arithmetic": ("question", arithmetic.prompt, "answer"),
    "odd-sum": ("numbers", odd_sum.prompt, "answer"),
    "translate": ("english", french.prompt, "french"),
    "facts": ("question", str, "answer"),
    "refusals": ("request", str, "reply"),
    "patterns": ("word", "Input: {}\nOutput:".format, "label"),
}


@pytest.fixture(scope="module", autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    SANDBOX.close()


@cache
def read(name: str) -> TaskData:
    return folder.read(tables.FOLDER / name / folder.YAML, Renderer(SANDBOX))


def test_every_table_has_its_task() -> None:
    assert sorted(ASKED) == sorted(table.name for table in tables.TABLES)


@pytest.mark.parametrize("name", ASKED)
def test_a_task_asks_as_the_world_does(name: str) -> None:
    """A space or a word more, and its zero-shot figure would measure the template and not the model."""
    data, (column, asked, answer) = read(name), ASKED[name]
    assert data.task.name == name and data.task.input == column and data.task.title and data.task.description
    assert tuple(data.examples) == SPLITS
    for split in SPLITS:
        assert [example.prompt for example in data.examples[split]] == [asked(str(row.values[column])) for row in data.rows[split]]
        assert [example.completion for example in data.examples[split]] == [str(row.values[answer]) for row in data.rows[split]]


@pytest.mark.parametrize(("name", "choices"), [("reviews", {"positive", "negative"}), ("stars", set("12345")), ("odd-sum", {"True", "False"})])
def test_a_choice_is_among_what_can_be_chosen(name: str, choices: set[str]) -> None:
    for example in (one for split in SPLITS for one in read(name).examples[split]):
        assert set(example.choices) == choices and example.completion in choices and example.answer_type == "choice"


@pytest.mark.parametrize("name", ["arithmetic", "odd-sum"])
def test_worked_steps_come_with_the_sums(name: str) -> None:
    """Few-shot chain-of-thought shows them."""
    data = read(name)
    for split in SPLITS:
        assert [one.rationale for one in data.examples[split]] == [row.values["rationale"] for row in data.rows[split]]
    assert all(one.rationale for one in data.examples["train"])


def test_a_pattern_takes_its_shots_from_its_own_group() -> None:
    data = read("patterns")
    for split in SPLITS:
        assert [one.group for one in data.examples[split]] == [row.values["mapping"] for row in data.rows[split]]
