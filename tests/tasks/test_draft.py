"""From tables to a task: what nobody said is found in all the rows, not in the first ones, and what is wrong with given splits is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from promptune.errors import UserError
from promptune.sandbox import Sandbox
from promptune.tasks.definition import TaskFile
from promptune.tasks.draft import Draft, draft
from promptune.tasks.render import Renderer
from promptune.tasks.sources import gather


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    sandbox = Sandbox()
    yield Renderer(sandbox)
    sandbox.close()


def drafted(renderer: Renderer, source: Path, wanted: TaskFile | None = None) -> Draft:
    gathered = gather([source], wanted or TaskFile())
    return draft(gathered.tables, gathered.form, renderer, title=gathered.title)


def test_a_class_that_stands_at_a_tables_end_is_one_too(tmp_path: Path, renderer: Renderer) -> None:
    """Many tables are sorted by their label."""
    rows = [f"text {label} {i},{label}" for label in ("alpha", "beta", "gamma") for i in range(1_200)]
    (tmp_path / "sorted.csv").write_text("\n".join(["text,label", *rows]))
    made = drafted(renderer, tmp_path / "sorted.csv")
    assert made.bad == () and made.task.answer_choices == "alpha ||| beta ||| gamma" and made.task.answer_type == "choice"
    assert {example.choices for examples in made.data.examples.values() for example in examples} == {("alpha", "beta", "gamma")}


@pytest.mark.parametrize(
    ("answers", "kind", "choices"),
    [
        (["12", "1,000", "-3.5", "7"] * 5 + [str(i) for i in range(30)], "number", ""),
        (["a longer answer of its own " + str(i) for i in range(30)], "text", ""),
        (["yes", "no"] * 10, "choice", "no ||| yes"),
        (["1", "0"] * 10, "choice", "0 ||| 1"),
    ],
)
def test_the_answers_say_what_they_are(tmp_path: Path, renderer: Renderer, answers: list[str], kind: str, choices: str) -> None:
    (tmp_path / "table.tsv").write_text("\n".join(["q\ta", *(f"question {i}\t{answer}" for i, answer in enumerate(answers))]))
    task = drafted(renderer, tmp_path / "table.tsv", TaskFile(template="{{ q }} ||| {{ a }}")).task
    assert (task.answer_type, task.answer_choices) == (kind, choices)


def test_what_leaks_between_given_splits_is_told(tmp_path: Path, renderer: Renderer) -> None:
    (tmp_path / "train.csv").write_text("q,a,doc\n" + "".join(f"question {i},answer {i} of many words,{i}\n" for i in range(10)))
    (tmp_path / "test.csv").write_text("q,a,doc\nquestion 3,answer 3 of many words,30\nanother one,answer with words,4\n")
    made = drafted(renderer, tmp_path, TaskFile(template="{{ q }} ||| {{ a }}", source="doc"))
    assert any("Of 2 test rows 1 stand in train too" in line for line in made.warnings)
    assert any("1 source stands in more than one split" in line and "'4'" in line for line in made.warnings)


def test_rows_in_a_yaml_are_looked_at_like_those_of_a_file(tmp_path: Path, renderer: Renderer) -> None:
    rows = ['{q: fine, a: "1"}', '{q: "\\ud800", a: "1"}', "{q: fine too, a: 0.12345678901234567890123}"]
    yaml = 'template: "{{ q }} ||| {{ a }}"\nrows:\n  test:\n' + "".join(f"    - {row}\n" for row in rows)
    (tmp_path / "task.yaml").write_text(yaml)
    made = drafted(renderer, tmp_path / "task.yaml")
    assert [(one.bad.row, one.bad.column) for one in made.bad] == [(2, "q")]
    assert made.data.rows["test"][1].values["a"] == "0.12345678901234567890123"


def test_two_columns_of_nearly_one_name_are_never_taken_for_each_other(tmp_path: Path, renderer: Renderer) -> None:
    """How a template writes a column depends on all the columns of the table, whichever a row or a person gives."""
    (tmp_path / "t.jsonl").write_text('{"a b": "first", "a-b": "second", "y": "1"}\n{"a-b": "only second", "y": "2"}\n')
    made = drafted(
        renderer, tmp_path / "t.jsonl", TaskFile(template="{{ a_b | default('none') }} ||| {{ y }}", splits={"train": 0, "validation": 0, "test": 1})
    )
    assert [example.prompt for example in made.data.examples["test"]] == ["first", "none"]
    assert renderer.ask(made.task, {"a-b": "x", "a b": "y"}).prompt == "y" and renderer.ask(made.task, {"a-b": "x"}).prompt == "none"


def test_columns_that_a_yaml_names_must_be_there(tmp_path: Path, renderer: Renderer) -> None:
    (tmp_path / "t.csv").write_text("q,a\n1,2\n")
    with pytest.raises(UserError, match="no column 'question'"):
        drafted(renderer, tmp_path / "t.csv", TaskFile(template="{{ q }}", columns=("question",)))


def test_to_keep_the_good_rows_can_be_said_in_the_yaml(tmp_path: Path, renderer: Renderer) -> None:
    (tmp_path / "rows.csv").write_text("q,a\n" + "".join(f"{i},x{i}\n" for i in range(9)) + "only one\n")
    (tmp_path / "task.yaml").write_text('template: "{{ q }} ||| {{ a }}"\nrows: rows.csv\nkeep_good: true\n')
    made = drafted(renderer, tmp_path / "task.yaml")
    assert made.keep_good and len(made.bad) == 1
