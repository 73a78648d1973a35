"""Rows that are objects: found by what is in the file, kept exactly, and a broken one named by its line."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.errors import UserError
from promptune.tasks.tables import read_table
from promptune.tasks.tables import scanner as scanner_module
from tests.shared import DATA, data
from tests.tasks.samples_tables import bad, table, values

ROWS = [{"text": "a", "label": 1}, {"text": "b", "label": None, "more": [1, {"x": True}]}]
TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=8)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.lists(st.dictionaries(TEXT, VALUE, min_size=1, max_size=3), min_size=1, max_size=5)


def lines(rows: list[Any]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


@pytest.mark.parametrize("name", ["table.json", "table.jsonl", "table.txt", "table"])
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (lines(ROWS), "jsonl"),
        (lines(ROWS).replace("\n", "\r\n\r\n"), "jsonl"),
        (json.dumps(ROWS), "json"),
        (json.dumps(ROWS, indent=2), "json"),
        ("\ufeff" + json.dumps(ROWS, indent=2), "json"),
        ("[\n" + ",\n".join(map(json.dumps, ROWS)) + "\n]", "json"),
        ("".join(json.dumps(row, indent=2) for row in ROWS), "json"),
        ("".join(f"{row}\n" for row in ROWS), "python"),
    ],
)
def test_the_form_is_found_from_what_is_in_it(tmp_path: Path, name: str, content: str, kind: str) -> None:
    if kind == "json" and name.endswith(".jsonl") and content.startswith("{\n"):
        pytest.skip("objects over several lines are no JSON Lines")
    read = table(tmp_path, content, name)
    assert [row.values for row in read.rows] == ROWS and not read.bad
    assert read.found.format == kind and read.columns == ("text", "label", "more")


def test_rows_inside_one_object_are_found(tmp_path: Path) -> None:
    for content in (json.dumps({"version": 1, "data": ROWS}), json.dumps({"data": ROWS, "info": {"by": "us"}}, indent=1)):
        read = table(tmp_path, content, "table.json")
        assert [row.values for row in read.rows] == ROWS and "'data'" in read.found.notes[0] and "Left out" in read.found.notes[0]
    with pytest.raises(UserError, match="several lists of rows: train, test"):
        table(tmp_path, json.dumps({"train": ROWS, "test": ROWS}), "table.json")
    one = table(tmp_path, json.dumps({"text": "a", "choices": ["b"]}), "table.json")
    assert [row.values for row in one.rows] == [{"text": "a", "choices": ["b"]}] and "one row" in one.found.notes[0]


def test_one_line_of_json_lines_with_a_list_in_it_is_a_row(tmp_path: Path) -> None:
    row = {"id": 1, "instances": [{"input": "a"}]}
    assert [found.values for found in table(tmp_path, json.dumps(row), "table.jsonl").rows] == [row]


@given(OBJECTS, st.sampled_from([None, 1]), st.booleans())
def test_every_value_survives(rows: list[dict[str, Any]], indent: int | None, ascii_only: bool) -> None:
    with TemporaryDirectory() as folder:
        as_lines = table(Path(folder), "\n".join(json.dumps(row, ensure_ascii=ascii_only) for row in rows), "table.jsonl")
        as_array = table(Path(folder), json.dumps(rows, indent=indent, ensure_ascii=ascii_only), "table.json")
        as_python = table(Path(folder), "\n".join(map(repr, rows)), "table.jsonl")
    for read in (as_lines, as_array, as_python):
        assert json.dumps([row.values for row in read.rows]) == json.dumps(rows) and not read.bad


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        ('{"a": 1, "b": }', "", "no JSON"),
        ('{"a": 1', "", "no JSON"),
        ("", "", ""),
        ("[1, 2]", "", "a list"),
        ("{}", "", "no columns"),
        ('{"a": 1, "b": 2, "a": 1}', "a", "twice"),
        ('{"a": {"x": [0, {"y": 1, "y": 2}]}}', "a.x[1].y", "twice"),
        ('{"a": NaN}', "a", "NaN"),
        ('{"a": [1, -Infinity]}', "a[1]", "-Infinity"),
        ('{"a": 1e999}', "a", "lose digits"),
        ('{"a": 0.12345678901234567890123}', "a", "lose digits"),
        ('{"a": 1e-99999999999999999999}', "a", "lose digits"),
        (f'{{"a": {"9" * 5000}}}', "a", "5,000 digits"),
        (f'{{"a": {"9" * 5000}.5}}', "a", "lose digits"),
        (f'{{"a": {"[" * 200_000}{"]" * 200_000}}}', "", "nested"),
        (f'{{"a": {"[" * 101}{"]" * 101}}}', "a" + "[0]" * 32 + "[", "nested"),
        ('{"a": "x\\ud800y"}', "a", "U+D800"),
        ('{"a\\udc00": 1}', "a\\udc00", "its name"),
        ('{"a": "x\\u0000"}', "a", "NUL"),
        (f'{{"a": {{"b": "{"x" * 1_000_000}"}}}}', "a.b", "1,000,000 characters"),
        ('{"a": "raw\x01control"}', "", "no JSON"),
    ],
)
def test_a_bad_line_is_named_and_the_next_one_read(tmp_path: Path, line: str, column: str, words: str) -> None:
    read = table(tmp_path, f'{{"a": "first"}}\n{line}\n{{"a": "last"}}\n', "table.jsonl")
    assert values(read) == [["first"], ["last"]]
    assert bad(read) == ([(2, 2)] if line else [])
    assert all(words in row.what and row.column.startswith(column) and bool(row.column) == bool(column) and str(row).encode() for row in read.bad)


@pytest.mark.parametrize("name", ["table.json", "table.jsonl", "table.txt"])
def test_a_broken_first_line_does_not_hide_what_the_others_are(tmp_path: Path, name: str) -> None:
    read = table(tmp_path, '{"a": 1,,}\n{"a": 2}\n', name)
    assert read.found.format == "jsonl" and values(read) == [[2]] and bad(read) == [(1, 1)]


def test_numbers_that_survive_are_kept(tmp_path: Path) -> None:
    content = '{"a": [0.1, 51.0, 1e5, -0.0, 1E-7, 0.30000000000000004, 12345678901234567890123, 1.50]}'
    assert table(tmp_path, content, "table.jsonl").rows[0].values["a"] == [0.1, 51.0, 1e5, -0.0, 1e-7, 0.30000000000000004, 12345678901234567890123, 1.5]


@pytest.mark.parametrize(
    ("content", "rows", "line"),
    [
        ('[\n{"a": 1},\n{"a": 2},\n{"a": 3', 2, 4),
        ('[\n{"a": 1},\n{"a": 2},\n', 2, 4),
        ('[\n{"a": 1}\n{"a": 2}]', 1, 3),
        ('[\n{"a": 1},\n{"a": 2, b: 3},\n{"a": 4}]', 1, 3),
        ('[{"a": 1}]\n{"a": 2}', 1, 2),
        ('[\n{"a": 1},\n{"a": ' + "[" * 200_000 + "]" * 200_000 + "}]", 1, 3),
        ('{"version": "1", "data": [\n{"a": 1},\n{"a": 2},\n{"a', 2, 4),
    ],
)
def test_rows_before_a_break_are_kept_and_the_break_is_named(tmp_path: Path, content: str, rows: int, line: int) -> None:
    read = table(tmp_path, content, "table.json")
    assert values(read) == [[i + 1] for i in range(rows)] and bad(read) == [(rows + 1, line)]


def test_bad_rows_of_an_array_do_not_end_it(tmp_path: Path) -> None:
    read = table(tmp_path, '[{"a": 1},\n3,\n{"a": NaN},\n{"b": 2}]', "table.json")
    assert values(read) == [[1], [2]] and bad(read) == [(2, 2), (3, 3)] and read.bad[1].column == "a" and read.columns == ("a", "b")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{'a': __import__('os').getcwd()}", "no Python literal"),
        ("{'a': 'x' * 10}", "no Python literal"),
        ("{'a': 1, 'a': 2}", "twice"),
        ("{'a': 1e999}", "lose digits"),
        ("{'a': 0.1234567890123456789012}", "lose digits"),
        ("{'a': " + "[" * 200_000, "no Python literal"),
        ("{'a': " + "-" * 200_000 + "1}", "no Python literal"),
        ("{'a': [" + "1," * 200_000 + "]}", "items"),
        ("{'a': '\\d'}", "no Python literal"),
        ("{'a': {1, 2}}", "set"),
        ("{'a': {1: 2}}", "not a text"),
        ("{[1]: 2}", "no Python literal"),
        ("{'a': " + "9" * 5000 + "}", "no Python literal"),
        ("{'a': '\\N{NOT A NAME}'}", "no Python literal"),
    ],
)
def test_a_python_line_is_read_and_never_run(tmp_path: Path, line: str, words: str) -> None:
    read = table(tmp_path, f"{{'a': 'it\\'s'}}\n{line}\n{{'a': \"last\"}}\n", "table.jsonl")
    assert values(read) == [["it's"], ["last"]] and bad(read) == [(2, 2)] and words in read.bad[0].what


def test_too_many_different_columns_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="different columns"):
        table(tmp_path, json.dumps({f"id{i}": {"text": "a"} for i in range(3_000)}), "table.json")


@pytest.mark.parametrize("content", ["[]", " [ ] ", "[\n]"])
def test_an_empty_array_is_told(tmp_path: Path, content: str) -> None:
    with pytest.raises(UserError, match="no rows"):
        table(tmp_path, content, "table.json")


def test_a_table_is_not_taken_for_objects(tmp_path: Path) -> None:
    assert values(table(tmp_path, "[mask] is it,1\n{so} what,0\n", header=False)) == [["[mask] is it", "1"], ["{so} what", "0"]]
    assert table(tmp_path, "text,label\na,1\n", "table.json").found.format == "csv"


@pytest.mark.parametrize("window", [50, 51, 52, 53, 64])
def test_a_long_array_is_read_through_a_small_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window: int) -> None:
    """Wherever the window's edge falls: in a text, in a number, between two rows."""
    monkeypatch.setattr(scanner_module, "MAX_RECORD", window)
    rows = [{"a": i * 10**6, "b": "x" * (i % 12)} for i in range(60)]
    for indent in (None, 1):
        read = table(tmp_path, json.dumps(rows, indent=indent), "table.json")
        assert [row.values for row in read.rows] == rows and not read.bad


def test_real_objects() -> None:
    aqua = read_table(data("odd_formats/aqua_jsonlines_named_json.json"))
    assert (aqua.found.format, len(aqua.rows), len(aqua.bad)) == ("jsonl", 60, 0) and all(len(row.values["options"]) == 5 for row in aqua.rows)
    dialogues = read_table(data("odd_formats/dialogsum_python_literals.jsonl"))
    assert (dialogues.found.format, len(dialogues.rows), len(dialogues.bad)) == ("python", 50, 0) and "\n#Person2#:" in dialogues.rows[0].values["dialogue"]
    problems = read_table(data("odd_formats/svamp_pretty_array.json"))
    assert (problems.found.format, len(problems.rows), len(problems.bad)) == ("json", 100, 0)
    assert [row.values for row in problems.rows] == json.loads(data("odd_formats/svamp_pretty_array.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted(DATA.glob("*/*.jsonl")) or [DATA / "sst2" / "test.jsonl"], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_dataset_reads_as_json_says(path: Path) -> None:
    if path.parent.name == "odd_formats":
        pytest.skip("awkward on purpose: it has a test of its own")
    read = read_table(data(f"{path.parent.name}/{path.name}"))
    assert [row.values for row in read.rows] == [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    assert not read.bad and not read.found.notes
