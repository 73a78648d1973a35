"""Columns as templates write them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.errors import TemplateError
from promptune.sandbox import RowDone, Sandbox
from promptune.tasks.names import expression_names, names, used

SANDBOX = Sandbox()


@pytest.fixture(scope="module", autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    SANDBOX.close()


def test_columns_that_are_no_names_get_one() -> None:
    assert names(["text", "Best Answer", "1st", "Größe (cm)", "not", "self", "answer_choices", "Best_Answer", "", "?!"]) == {
        "text": "text",
        "Best Answer": "Best_Answer_2",
        "1st": "_1st",
        "Größe (cm)": "Größe_cm",
        "not": "not_",
        "self": "self_",
        "answer_choices": "answer_choices_",
        "Best_Answer": "Best_Answer",
        "": "column",
        "?!": "column_2",
    }


@given(st.lists(st.text(max_size=12) | st.sampled_from(["a b", "a_b", "a-b", "loop", "none", "ﬁ", "fi", "range", "context", "Ⅷ"]), unique=True, max_size=8))
def test_every_column_can_be_read_by_its_name(columns: list[str]) -> None:
    written = names(columns)
    assert list(written) == columns and len(set(written.values())) == len(columns)
    values = {name: f"<{i}>" for i, name in enumerate(written.values())}
    template = "".join(f"{{{{ {name} }}}}" for name in written.values())
    (done,) = SANDBOX.render_each({"template": template}, [json.dumps(values)])
    assert done == RowDone({"template": ["".join(values.values())]})
    assert list(used(template).names) == list(written.values())


def test_the_names_a_template_needs() -> None:
    found = used(
        "{% set n = a %}{% for x in xs %}{{ x }}{{ loop.index }}{% endfor %}{{ n }}{{ b | default('') }}{% if c is defined %}{% endif %} ||| {{ d.e }}"
    )
    assert found.needed == {"a", "xs", "d"}
    assert set(found.prompt) == {"a", "xs", "x", "loop", "n", "b", "c"} and found.pieces
    assert not used("{{ a }}").pieces and used("{{ a ~ ' ||| ' ~ b }}").pieces


@pytest.mark.parametrize("wrong", ["", "a b", "a }} {{ b", "a) }}{{ (b", "{{ a }}", "a |", "(" * 5000])
def test_an_expression_is_exactly_one(wrong: str) -> None:
    with pytest.raises(TemplateError):
        expression_names(wrong)


def test_the_names_of_an_expression() -> None:
    assert expression_names("Body ~ ' ' ~ Question[i]") == ("Body", "Question", "i")
