"""Append-only lines: a process may be killed in the middle of one, and nothing whole is ever lost by it."""

from __future__ import annotations

from pathlib import Path

from promptune.jobs.lines import Lines, Tail, read


def test_a_torn_last_line_is_dropped_and_never_joins_the_next(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"n": 1}\n{"n": 2}\n{"n": 3, "text": "cut of')
    assert read(path) == [{"n": 1}, {"n": 2}]
    lines = Lines(path)
    lines.add({"n": 3})
    lines.close()
    assert read(path) == [{"n": 1}, {"n": 2}, {"n": 3}] and path.read_bytes().count(b"\n") == 3


def test_a_line_of_rubbish_costs_only_itself(tmp_path: Path) -> None:
    """A power cut can leave a block of zeros where a line was."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"n": 1}\n\0\0\0\0\n[1]\n{"n": 2}\n')
    assert read(path) == [{"n": 1}, {"n": 2}]


def test_a_tail_gives_each_whole_line_once_and_nothing_from_before_it_began(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"n": 0}\n{"n": 9, "to')  # an earlier process, killed while it wrote
    tail = Tail(path)
    assert tail.new() == []
    lines = Lines(path)
    lines.add({"n": 1})
    assert tail.new() == [{"n": 1}] and tail.new() == []
    with path.open("ab") as file:
        file.write(b'{"n": 2, "t')
        file.flush()
        assert tail.new() == []
        file.write(b'ext": "\xc3\xa9"}\n')
    assert tail.new() == [{"n": 2, "text": "é"}]
    lines.close()


def test_what_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    assert read(tmp_path / "none") == [] and Tail(tmp_path / "none").new() == []
