"""Rows become examples. Nothing of a value is lost or changed, and what cannot be rendered is named by row and column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.task import Row, Task
from promptune.errors import Problems, TemplateError, UserError
from promptune.sandbox import Sandbox
from promptune.tasks.render import BATCH_ROWS, Rendered, Renderer, check

SANDBOX = Sandbox()
RENDERER = Renderer(SANDBOX)
TASK = Task("t", "T", "Q: {{ question }}\nA: ||| {{ answer }}", "question")


@pytest.fixture(scope="module", autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    SANDBOX.close()


def render(task: Task, *rows: Mapping[str, Any]) -> Rendered:
    return RENDERER.examples(task, [Row(i, dict(values)) for i, values in enumerate(rows, 1)])


def bad(task: Task, *rows: Mapping[str, Any]) -> list[str]:
    return [str(one) for one in render(task, *rows).bad]


# Any text a table can hold: lone surrogates never come so far, and Jinja's or our own signs are values like others.
SIGNS = st.sampled_from(["|||", "{{ x }}", "{% raw %}", "{#", "}}", "\r\n", "\n", "\t", "\0", "\U000f0000" * 3, "<<question>>", "\\", '"', "é", "é"])
TEXT = st.lists(st.text(st.characters(exclude_categories=["Cs"])) | SIGNS, max_size=5).map("".join)


@given(TEXT, TEXT, st.lists(TEXT.filter(str.strip), min_size=1, max_size=4))
def test_no_text_is_lost_or_changed(question: str, answer: str, choices: list[str]) -> None:
    """A value may hold anything, even the sign that splits a template: it stands between its neighbours exactly as it is."""
    task = replace(TASK, template="<{{ question }}> ||| <{{ answer }}>", answer_choices="{{ choices | join('|||') }}", rationale="[{{ answer }}]")
    (example,) = render(task, {"question": question, "answer": answer, "choices": choices}).examples
    assert (example.prompt, example.completion, example.rationale) == (f"<{question}>", f"<{answer}>", f"[{answer}]")
    assert example.choices == tuple(choice.strip() for choice in choices)


VALUE = st.recursive(
    st.booleans() | st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(VALUE)
def test_no_value_changes_on_its_way(value: Any) -> None:
    """Through JSON into another process and back: what Jinja prints there is what Python prints here."""
    (example,) = render(replace(TASK, template="<{{ question }}>"), {"question": value}).examples
    assert example.prompt == f"<{value}>" and example.completion is None


@given(st.lists(st.tuples(st.integers(0, 3), TEXT), max_size=8))
def test_a_row_is_rendered_the_same_alone(rows: list[tuple[int, str]]) -> None:
    """Which rows stand beside it, and their marks, decide nothing: a rendering is a function of the task and the row."""
    task = replace(TASK, template="{{ range(99) | choice }}<{{ text }}> ||| {{ 6 / n }}")
    values = [{"n": n, "text": text} for n, text in rows]
    together = render(task, *values)
    alone = [render(task, one) for one in values]
    assert [replace(example, row=1) for example in together.examples] == [example for one in alone for example in one.examples]
    assert [one.row for one in together.bad] == [i for i, (n, _) in enumerate(rows, 1) if not n]


def test_null_where_text_should_be_is_named() -> None:
    """ "None" in a prompt is the commonest silent fault of mapped columns."""
    null = {"question": None, "answer": "4"}
    said = ["row 2, column 'question': it is null (None), which its template prints"]
    fine = {"question": "22", "answer": "4"}
    for template in (
        "{{ question }}",
        "{{ 'Q ' ~ question }}",
        "{{ question | upper }}",
        "{{ [answer, question] | join(' ') }}",
        "{{ question | trim }}",
        "{{ question | int }}",
    ):
        assert bad(replace(TASK, template=template), fine, null, fine) == said, template
    assert bad(replace(TASK, template="{{ question | join(',') }}"), {"question": ["a", None]}) == [
        "row 1, column 'question': it holds null (None), which its template prints"
    ]
    for template in ("{{ question or 'none' }}", "{% if question %}{{ question }}{% else %}none{% endif %}", "{{ question | default('none', true) }}"):
        assert render(replace(TASK, template=template), null).examples[0].prompt == "none", template


def test_a_column_missing_in_one_row_is_named_with_the_nearest() -> None:
    (said,) = bad(TASK, {"question": "a", "answer": "b"}, {"questoin": "a", "answer": "b"})
    assert said.startswith("row 2, column 'question': it is not there, which its template prints. Did you mean 'questoin'?")
    guarded = replace(TASK, template="{{ question | default(questoin) }}")
    assert [example.prompt for example in render(guarded, {"question": "a"}, {"questoin": "b"}).examples] == ["a", "b"]
    (said,) = bad(replace(TASK, answer_choices="a ||| b", template="x ||| {{ answer_choices[label] }}"), {"text": "t"})
    assert said.startswith("row 1, column 'label': it is not there")


def test_columns_that_are_no_names_are_written_otherwise() -> None:
    task = replace(TASK, template="{{ Best_Answer }} {{ _1st }}")
    assert render(task, {"Best Answer": "yes", "1st": 1}).examples[0].prompt == "yes 1"
    (said,) = bad(task, {"Best Answer": None, "1st": 1})
    assert said.startswith("row 1, column 'Best Answer': it is null")


CHOICE = replace(TASK, template="{{ q }} ||| {{ a }}", answer_choices="yes ||| no", answer_type="choice")


@pytest.mark.parametrize(
    ("task", "values", "what"),
    [
        (CHOICE, {"q": "x", "a": "maybe"}, "its completion 'maybe' is not among its choices: 'yes', 'no'"),
        (CHOICE, {"q": "x", "a": " "}, "its completion is empty"),
        (CHOICE, {"q": " \n", "a": "no"}, "its prompt is empty"),
        (replace(CHOICE, template=""), {"q": "x", "a": "no"}, "its prompt is empty"),
        (replace(CHOICE, answer_choices="yes ||| ||| no"), {"q": "x", "a": "no"}, "one of its answer choices is empty"),
        (replace(CHOICE, answer_type="number"), {"q": "x", "a": "four"}, "its completion 'four' holds no number"),
        (replace(CHOICE, template="{{ q }} ||| {{ a }} ||| {{ a }}"), {"q": "x", "a": "no"}, "its template writes ||| more than once"),
        (replace(CHOICE, template="{{ q }}{% if a == 'yes' %} ||| yes{% endif %}"), {"q": "x", "a": "no"}, "its completion is empty"),
        (CHOICE, {"q": float("nan"), "a": "no"}, "cannot be given to a template"),
        (CHOICE, {"q": 10**5000, "a": "no"}, "cannot be given to a template"),
        (CHOICE, {"q": object(), "a": "no"}, "cannot be given to a template"),
        (replace(CHOICE, template="{{ q }} ||| {{ answer_choices[a] }}"), {"q": "x", "a": "1"}, "put | int behind it"),
        (replace(CHOICE, template="{{ q }} ||| {{ answer_choices[a | int] }}"), {"q": "x", "a": "first"}, "'first' is no whole number"),
        (replace(CHOICE, template="{{ q.upper }} ||| {{ a }}"), {"q": "x", "a": "no"}, "it prints a function"),
        (replace(CHOICE, group="kind"), {"q": "x", "a": "no"}, "column 'kind': it is not there"),
    ],
)
def test_a_row_that_cannot_be_used_says_why(task: Task, values: dict[str, Any], what: str) -> None:
    result = render(task, {"q": "fine", "a": "no", "kind": "k"}, values)
    assert len(result.examples) + len(result.bad) == 2
    assert str(result.bad[-1]).startswith("row 2") and what in str(result.bad[-1])


def test_everything_an_example_has() -> None:
    task = replace(CHOICE, also="{{ more }} ||| {{ a }} |||", rationale="because {{ q }}", group="kind", source="from")
    result = RENDERER.examples(task, [Row(7, {"q": "x", "a": "no", "more": "nope", "kind": 3, "from": "s"})], "train")
    (example,) = result.examples
    assert (example.split, example.row, example.group, example.source) == ("train", 7, "3", "s")
    assert (example.references, example.rationale, example.answer_type) == (("no", "nope"), "because x", "choice")


def test_rows_keep_their_order_over_batches() -> None:
    rows = [Row(i, {"question": i, "answer": i} if i % 300 else {"question": i}) for i in range(1, 3 * BATCH_ROWS)]
    result = RENDERER.examples(TASK, rows)
    assert [example.row for example in result.examples] == [row.number for row in rows if row.number % 300]
    assert [one.row for one in result.bad] == [300, 600]


def test_a_template_that_fails_as_a_whole_is_raised_with_its_rows() -> None:
    with pytest.raises(TemplateError, match="No filter named 'uper'"):
        render(replace(TASK, template="{{ question | uper }}"), {"question": "x"})
    with pytest.raises(TemplateError, match="template, rows 1 to 1: The template is too slow"):
        render(replace(TASK, template="{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"), {"question": "x"})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"template": "{{ reveiw }} ||| {{ starz }}"}, ["no column 'reveiw'", "Did you mean 'review'?", "no column 'starz'", "Did you mean 'stars'?"]),
        ({"rationale": "{{ becuase }}", "also": "{{ starr }}"}, ["rationale: there is no column 'becuase'", "also: there is no column 'starr'"]),
        ({"template": "{{ Best Answer }}"}, ["line 1", "Write 'Best Answer' as Best_Answer."]),
        ({"template": "{{ review"}, ["template: line 1"]),
        ({"template": "{% include 'x' %}"}, ["cannot read another one"]),
        ({"template": " "}, ["template: it is empty"]),
        ({"template": "{{ answer_choices }}"}, ["no column 'answer_choices'"]),
        ({"answer_type": "choice"}, ["answer_choices: an answer that is a choice needs its choices"]),
        ({"template": "x" * 100_001}, ["too large: 100,001 characters"]),
    ],
)
def test_what_is_wrong_with_a_task_is_told_before_anything_is_rendered(changes: dict[str, Any], said: list[str]) -> None:
    with pytest.raises(Problems) as caught:
        check(replace(TASK, **{"template": "{{ review }} ||| {{ stars }}", **changes}), ["review", "stars", "Best Answer"])
    assert all(text in str(caught.value) for text in said)


def test_names_that_a_template_makes_or_only_asks_about_are_no_columns() -> None:
    made = "{% set n = q %}{% for x in [n] %}{{ loop.index }}{{ x }}{% endfor %}{{ z | default('') }}{{ answer_choices[0] }} ||| {{ a }}"
    check(replace(CHOICE, template=made), ["q", "a"])


def test_asking_by_hand_needs_only_what_the_prompt_prints() -> None:
    task = replace(CHOICE, template="{% if more %}{{ more }} {% endif %}{{ q }} ({{ answer_choices | join('/') }}) ||| {{ a.b.c }}", group="kind")
    example = RENDERER.ask(task, {"q": "x|||y", "kind": 1})
    assert (example.prompt, example.completion, example.choices, example.group) == ("x|||y (yes/no)", None, ("yes", "no"), "1")
    assert RENDERER.ask(task, {"q": "x", "more": "m"}).prompt == "m x (yes/no)"


@pytest.mark.parametrize(
    ("task", "values", "said"),
    [
        (TASK, {"Question": "x"}, "the prompt needs question. Did you mean 'Question'?"),
        (replace(CHOICE, template="{{ p }} {{ q | upper }} {{ r[0] }} ||| {{ a }}"), {"q": "x"}, "the prompt needs p, r. Given: q."),
        (replace(CHOICE, template="{{ answer_choices[0] }}{{ q }}", answer_choices="{{ one }} ||| {{ two }}"), {"q": "x"}, "needs one, two"),
        (replace(CHOICE, template="{{ answer_choices[label | int] }} or not: {{ q }}"), {"q": "x"}, "the prompt needs label"),
        (CHOICE, {"q": None}, "q is null"),
        (CHOICE, {"q": " "}, "the prompt is empty"),
        (replace(CHOICE, template="{{ q / 0 }}"), {"q": 1}, "ZeroDivisionError"),
        (CHOICE, {"q": float("inf")}, "cannot be given to a template"),
    ],
)
def test_asking_by_hand_says_what_is_missing(task: Task, values: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as caught:
        RENDERER.ask(task, values)
    assert said in str(caught.value)


def test_choices_that_the_prompt_does_not_show_need_not_be_known() -> None:
    task = replace(CHOICE, answer_choices="{{ one }} ||| {{ two }}")
    assert RENDERER.ask(task, {"q": "x"}).choices == ()
    assert RENDERER.ask(task, {"q": "x", "one": 1, "two": 2}).choices == ("1", "2")


def test_a_label_of_minus_one_picks_no_choice() -> None:
    """It marks rows without a label in many test sets."""
    task = Task("t", "t", "{{ q }} ||| {{ answer_choices[label | int] }}", "q", "bad ||| good", answer_type="choice")
    rendered = RENDERER.examples(task, [Row(1, {"q": "x", "label": -1}), Row(2, {"q": "x", "label": "1"})])
    assert [example.completion for example in rendered.examples] == ["good"] and [bad.row for bad in rendered.bad] == [1]
