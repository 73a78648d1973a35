"""Attached texts: nothing of them is lost on the way into passages, and none is too long to be of use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.errors import UserError
from promptune.tasks.passages import LONGEST, read_passages

WORDS = st.lists(st.sampled_from(["a", "longer", "word.", "Sentence!", "x" * 700, "é", "\n", "\n\n", "42"]), max_size=60)


@given(words=WORDS)
def test_no_word_of_a_text_is_lost(tmp_path_factory: pytest.TempPathFactory, words: list[str]) -> None:
    file = tmp_path_factory.mktemp("text") / "handbook.txt"
    file.write_text(" ".join([*words, "end"]), encoding="utf-8")
    passages = read_passages(file)
    assert " ".join(passages).split() == " ".join([*words, "end"]).split()
    assert all(passage and len(passage) <= LONGEST for passage in passages)


def test_paragraphs_are_passages_and_long_ones_end_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"One.\r\n\r\nTwo\nlines.\r\n \r\n" + b"A sentence of some length. " * 100)
    first, second, *rest = read_passages(tmp_path / "a.md")
    assert (first, second) == ("One.", "Two\nlines.") and len(rest) > 1 and all(passage.endswith(".") for passage in rest)


def test_a_tables_rows_are_passages(tmp_path: Path) -> None:
    (tmp_path / "faq.csv").write_text("question,answer\nWhen?,Monday\nWhere?,\n")
    assert read_passages(tmp_path / "faq.csv") == ("question: When?\nanswer: Monday", "question: Where?")


def test_nothing_to_attach_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text(" \n\n ")
    with pytest.raises(UserError):
        read_passages(tmp_path / "empty.txt")
