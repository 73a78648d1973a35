"""A task's YAML: what it says is what is read, and all that is wrong with it is said at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.task import Task
from promptune.errors import Problems, UserError
from promptune.tasks.definition import TaskFile

PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"))


def load(tmp_path: Path, text: str | bytes) -> TaskFile:
    file = tmp_path / "task.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return TaskFile.load(file)


@given(title=PLAIN, template=PLAIN, choices=PLAIN)
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, title: str, template: str, choices: str) -> None:
    """An exported task asks exactly what it asked: not a space of its template may change."""
    task = Task("t", title, template, "text", choices, answer_type="choice", metrics=("accuracy", "exact_match"), group="kind")
    form = TaskFile.of(task, {"train": "train.jsonl"})
    assert load(tmp_path_factory.mktemp("yaml"), form.dump()) == form


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(Problems) as caught:
        load(tmp_path, "templat: x\nanswer_type: maybe\nname: Not A Slug\nsplits: {train: 0.9}\nread: {encodin: utf-8}\nmetrics: accuracy\n")
    fields = [problem.field for problem in caught.value.problems]
    assert {"templat", "answer_type", "name", "splits", "read.encodin", "metrics"} <= set(fields)
    assert "Did you mean 'template'?" in str(caught.value) and "Did you mean 'encoding'?" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [1", "line 1"),
        ("- a list", "name: value"),
        ("", "name: value"),
        ("a: &x 1\nb: *x", "aliases"),
        (b"a: \xff", "no UTF-8"),
        ("a: " + "[" * 5_000, "can be read"),
        ("a: !!python/object/apply:os.system ['id']", "constructor"),
        ("1: 2", "name: value"),
        ("title: a\ntitle: b", "'title' is there twice"),
        ("rows: {test: [{q: 1, q: 2}]}", "'q' is there twice"),
    ],
)
def test_what_is_no_task_is_said_in_words(tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(UserError, match=says):
        load(tmp_path, text)


def test_only_what_is_plainly_a_number_is_one(tmp_path: Path) -> None:
    """Rows may stand in the YAML: nothing of them may change on the way."""
    form = load(tmp_path, "rows: {test: [{day: 2026-11-21, id: 003, yes: no, n: 3, x: -1.5, on: true, off: null, big: 1e5, octal: 0o7}]}")
    assert form.rows == {"test": [{"day": "2026-11-21", "id": "003", "yes": "no", "n": 3, "x": -1.5, "on": True, "off": None, "big": "1e5", "octal": "0o7"}]}


@pytest.mark.parametrize("rows", ["[]", "{tst: a.csv}", "{test: 3}", "{test: [1]}", "{test: [{1: 2}]}", "3"])
def test_rows_that_are_none_are_told_in_one_sentence(tmp_path: Path, rows: str) -> None:
    with pytest.raises(Problems) as caught:
        load(tmp_path, f"rows: {rows}")
    assert [problem.field for problem in caught.value.problems] == ["rows"]
