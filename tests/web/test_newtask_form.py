"""What the page's fields say of a file and a task, and where a mistake in them is shown."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.errors import Problem, Problems, TemplateError, UserError
from promptune.web.compare_open import memory
from promptune.web.newtask_form import beside, clear, options, wanted

NOTHING_READ = ("", "", "", "", "")
NOTHING_SAID = ("", "", "", "", "", [], "", "", "", "")


def said(**fields: Any) -> tuple[Any, ...]:
    names = ("template", "answer_choices", "rationale", "also", "answer_type", "metrics", "input", "group", "source", "shares")
    return tuple(fields.get(name, empty) for name, empty in zip(names, NOTHING_SAID, strict=True))


def test_what_is_left_empty_is_left_to_be_found() -> None:
    """An empty field is no answer: “no choices” would be another task than “choices not said”."""
    assert wanted(NOTHING_READ, NOTHING_SAID).model_fields_set == set()
    assert options(*NOTHING_READ).header is None


def test_what_is_said_of_a_file_and_a_task_arrives() -> None:
    form = wanted(("latin-1", ";", "no", "yes", " a , b"), said(template="{{ a }} ||| {{ b }}", metrics=["accuracy"], shares="80%, 10, 10"))
    assert (form.read.encoding, form.read.separator, form.read.header, form.read.quoting, form.read.columns) == ("latin-1", ";", False, True, ("a", "b"))
    assert form.splits is not None
    assert (form.splits.train, form.splits.test) == (0.8, 0.1)
    assert form.metrics == ("accuracy",)


@pytest.mark.parametrize("shares", ["80, 20", "a, b, c", "50, 50, 50", "nan, 1, 1", "-1, 1, 1"])
def test_wrong_shares_are_told_by_their_field(shares: str) -> None:
    with pytest.raises(Problems) as caught:
        wanted(NOTHING_READ, said(shares=shares))
    assert all(problem.field.startswith("splits") for problem in caught.value.problems)


def test_every_mistake_stands_beside_its_field() -> None:
    """And what was said before stands nowhere any more."""
    with gr.Blocks():
        text, more = gr.HTML(), gr.HTML()
    places = {"template": text, "also": more, "splits": more}
    told = beside(Problems([Problem("template", "is empty."), Problem("splits.train", "is no number."), Problem("also", "is wrong.")]), places, "template")
    assert "is empty" in told[text]
    assert "is no number" in told[more]
    assert "is wrong" in told[more]
    assert "too slow" in beside(TemplateError("it is too slow.", where="also, rows 1 to 250"), places, "template")[more]
    assert "elsewhere" in beside(UserError("something elsewhere."), places, "template")[text]
    assert clear(places) == {text: "", more: ""}


@given(st.text() | st.sampled_from(["[1]", "null", '{"task": {"a": 1}}', '{"task": [1]}', '{"row": 1e999}', "{}"]))
def test_whatever_the_browser_kept_is_survived(kept: str) -> None:
    """It is the visitor's own storage: anything may be written there."""
    assert all(isinstance(value, str | int | None) for value in memory(kept).values())
