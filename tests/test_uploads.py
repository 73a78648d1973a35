"""Files that visitors send: theirs alone, under names of ours, never larger than allowed, gone after a day."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptune import uploads
from promptune.errors import NotFound, UserError
from promptune.uploads import Uploads


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "data" / "uploads"


@pytest.mark.parametrize(
    "name", ["reviews.csv", "../../etc/passwd", "/abs.csv", "a\0b.csv", "%2e%2e/x", "x" * 300 + ".csv", "café 🦜.tsv", "script.py", "..", "$(touch x).csv"]
)
def test_a_name_is_a_label_and_never_a_path(place: Path, name: str) -> None:
    upload = Uploads(place).receive("ada", name, [b"a,b\n", b"1,2\n"])
    path = Uploads(place).path("ada", upload.id)
    assert path.read_bytes() == b"a,b\n1,2\n" and upload.size == 8
    assert path.parent.parent == place and path.stem == "data" and path.suffix in uploads.SUFFIXES


def test_a_very_long_name_keeps_its_kind(place: Path) -> None:
    upload = Uploads(place).receive("ada", "x" * 5_000 + ".Parquet", [b"PAR1"])
    assert upload.file == "data.parquet" and len(upload.name) < 300


@pytest.mark.parametrize("id", ["", "..", "../..", "0" * 12, "0" * 11, "/etc/passwd", "a\0"])
def test_a_foreign_file_answers_as_one_that_never_was(place: Path, id: str) -> None:
    mine = Uploads(place).receive("ada", "mine.csv", [b"x"]).id
    with pytest.raises(NotFound) as foreign:
        Uploads(place).path("bob", mine)
    with pytest.raises(NotFound) as missing:
        Uploads(place).path("bob", id)
    assert str(foreign.value).replace(mine, id) == str(missing.value).replace(repr(id), f"'{id}'")
    Uploads(place).delete("bob", mine)
    assert Uploads(place).path("ada", mine).exists()


def test_what_is_too_large_or_breaks_off_leaves_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_BYTES", 10)

    def torn() -> Iterator[bytes]:
        yield b"abc"
        raise ConnectionError

    with pytest.raises(UserError, match="larger"):
        Uploads(place).receive("ada", "a.csv", [b"12345678", b"12345678"])
    with pytest.raises(ConnectionError):
        Uploads(place).receive("ada", "a.csv", torn())
    assert list(place.iterdir()) == []


def test_after_a_day_it_is_gone(place: Path) -> None:
    old, new = (Uploads(place).receive("ada", "a.csv", [b"x"]) for _ in range(2))
    os.utime(place / old.id, (time.time() - uploads.KEPT - 1,) * 2)
    Uploads(place).receive("ada", "b.csv", [b"x"])
    assert not (place / old.id).exists() and (place / new.id).exists()
    Uploads(place).delete("ada", new.id)
    assert not (place / new.id).exists()
