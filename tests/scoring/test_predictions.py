"""A file of predictions from anywhere: read as it stands, and every bad line named."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptune.errors import Problems, UserError
from promptune.scoring.predictions import read_predictions


def file(place: Path, *lines: str) -> Path:
    path = place / "theirs.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_one_reference_or_several_and_keys_that_are_ours(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        '\ufeff{"prediction": " a\u2028b ", "reference": "003", "id": 7}',
        "",
        '{"prediction": "x", "references": ["y", "", "z"], "answer": "w", "answer_type": "number"}',
    )
    ((contender, rows),) = [(one.contender, one.rows) for one in read_predictions(path)]
    assert contender == "" and (rows[0].text, rows[0].answer, rows[0].references) == (" a\u2028b ", " a\u2028b ", ("003",))
    assert (rows[1].answer, rows[1].references, rows[1].answer_type) == ("w", ("y", "z"), "number")


def test_contenders_are_kept_apart_in_their_order(tmp_path: Path) -> None:
    lines = [f'{{"prediction": "{i}", "reference": "x", "contender": "{name}"}}' for i, name in enumerate(["b", "a", "b"])]
    assert [(one.contender, [row.text for row in one.rows]) for one in read_predictions(file(tmp_path, *lines))] == [("b", ["0", "2"]), ("a", ["1"])]


def test_every_bad_line_is_named_at_once(tmp_path: Path) -> None:
    good = '{"prediction": "x", "reference": "y"}'
    bad = {
        '{"prediction": "x"}': "no reference",
        '{"prediction": "x", "reference": "y", "references": ["y"]}': "both",
        '{"prediction": 3, "reference": "y"}': "prediction is no text",
        '{"reference": "y"}': "no prediction",
        '{"prediction": "x", "references": "y"}': "no list",
        '{"prediction": "x", "references": [" "]}': "empty",
        '{"prediction": "x", "reference": null}': "reference is no text",
        '{"prediction": "x", "reference": "y", "answer": 3}': "answer is no text",
        '{"prediction": "x", "reference": "y", "answer_type": "x"}': "answer_type",
        '{"prediction": "x", "reference": "y", "contender": 3}': "contender",
        "[1]": "no JSON object",
        "{'prediction'": "at character 2",
        "[" * 100_000: "nested too deeply",
        '{"prediction": ' + "9" * 5_000 + "}": "a number is too long",
    }
    with pytest.raises(Problems) as caught:
        read_predictions(file(tmp_path, *(line for one in bad for line in (good, one))))
    assert [problem.field for problem in caught.value.problems] == [f"line {2 * i + 2}" for i in range(len(bad))]
    for problem, words in zip(caught.value.problems, bad.values(), strict=True):
        assert words in problem.what


def test_many_bad_lines_are_counted(tmp_path: Path) -> None:
    with pytest.raises(Problems) as caught:
        read_predictions(file(tmp_path, *["x"] * 50))
    assert len(caught.value.problems) == 21 and caught.value.problems[-1].field == "30 more lines"


def test_no_file_an_empty_one_and_one_of_bytes(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_predictions(tmp_path / "none.jsonl")
    with pytest.raises(UserError, match="is empty"):
        read_predictions(file(tmp_path, "", " "))
    (tmp_path / "latin.jsonl").write_bytes(b'{"prediction": "caf\xe9", "reference": "x"}')
    with pytest.raises(UserError, match="byte 19 is no UTF-8"):
        read_predictions(tmp_path / "latin.jsonl")
