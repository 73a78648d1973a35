"""The encoding is found and shown, a wrong one is an error, and a damaged letter costs one row."""

from __future__ import annotations

import codecs
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.errors import UserError
from tests.tasks.samples_tables import bad, table, values

TEXT = "text,label\nGrüße für “alle” – €5,1\nnaïve café,0\n"
ROWS = [["Grüße für “alle” – €5", "1"], ["naïve café", "0"]]
CHINESE = "text,label\n上上上,1\n下雨了,0\n很好的一天,1\n"


@pytest.mark.parametrize(
    ("content", "encoding", "bom"),
    [
        (TEXT.encode(), "UTF-8", False),
        (codecs.BOM_UTF8 + TEXT.encode(), "UTF-8", True),
        (TEXT.encode("utf-16-le"), "UTF-16 LE", False),
        (TEXT.encode("utf-16-be"), "UTF-16 BE", False),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "UTF-16 LE", True),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "UTF-16 BE", True),
        (TEXT.encode("utf-32-le"), "UTF-32 LE", False),
        (codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), "UTF-32 LE", True),
        (codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"), "UTF-32 BE", True),
        (TEXT.encode("cp1252"), "Windows-1252", False),
    ],
)
def test_the_encoding_is_found(tmp_path: Path, content: bytes, encoding: str, bom: bool) -> None:
    read = table(tmp_path, content)
    assert values(read) == ROWS and read.columns == ("text", "label") and not read.bad
    assert (read.found.encoding, read.found.bom, read.found.size) == (encoding, bom, len(content))


def test_a_guess_shows_a_text_to_check(tmp_path: Path) -> None:
    note = table(tmp_path, TEXT.encode("cp1252")).found.notes[0]
    assert "Grüße für" in note and "line 2" in note and "Windows-1252" in note
    latin = table(tmp_path, "text,label\nx\x81é,1\n".encode("latin-1"))
    assert latin.found.encoding == "Latin-1" and values(latin) == [["x\x81é", "1"]]
    assert table(tmp_path, TEXT).found.notes == ()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_letters_that_have_no_zeros_are_found_by_the_lines_between_them(tmp_path: Path, encoding: str) -> None:
    assert values(table(tmp_path, CHINESE.encode(encoding))) == [["上上上", "1"], ["下雨了", "0"], ["很好的一天", "1"]]


def test_a_person_may_name_the_encoding(tmp_path: Path) -> None:
    read = table(tmp_path, "text,label\nПривет,1\n".encode("koi8-r"), encoding="koi8-r")
    assert values(read) == [["Привет", "1"]] and read.found.encoding == "koi8-r" and read.found.notes == ()
    assert values(table(tmp_path, codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), encoding="utf-16")) == ROWS
    assert values(table(tmp_path, codecs.BOM_UTF8 + TEXT.encode(), encoding="UTF-8-SIG")) == ROWS


@pytest.mark.parametrize(
    ("content", "encoding", "words"),
    [
        (TEXT.encode("cp1252"), "utf-8", "not UTF-8: byte 0xFC in line 2"),
        (TEXT.encode(), "ascii", "not ASCII"),
        (TEXT.encode(), "utf-16", "not utf-16"),
        (TEXT.encode(), "utf-16-le", "not UTF-16 LE"),
        (codecs.BOM_UTF8 + TEXT.encode(), "cp1252", "mark of UTF-8"),
        (TEXT.encode(), "klingon", "no encoding 'klingon'"),
        (TEXT.encode(), "zlib", "no encoding 'zlib'"),
        (TEXT.encode(), "rot13", "no encoding 'rot13'"),
        (TEXT.encode(), "undefined", "no encoding"),
        (TEXT.encode(), "punycode", "no encoding"),
        (TEXT.encode(), "unicode_escape", "no encoding"),
        (TEXT.encode(), "a\0b", "no encoding"),
    ],
)
def test_a_wrong_encoding_is_a_clear_error(tmp_path: Path, content: bytes, encoding: str, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        table(tmp_path, content, encoding=encoding)
    assert caught.value.todo


def test_one_damaged_letter_costs_one_row(tmp_path: Path) -> None:
    """Else one stray byte would make every other letter of the file wrong."""
    content = "text,label\nGrüße,1\nüber,0\n".encode() + b"caf\xe9,1\nfine,0\n" + "schön,1\n".encode()
    read = table(tmp_path, content)
    assert read.found.encoding == "UTF-8" and bad(read) == [(3, 4)] and read.bad[0].column == "text"
    assert values(read) == [["Grüße", "1"], ["über", "0"], ["fine", "0"], ["schön", "1"]] and "line 4" in read.found.notes[0]


@given(st.lists(st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cn", "Co")), min_size=1), min_size=1), st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_every_letter_survives(texts: list[str], encoding: str) -> None:
    content = "\n".join(["text\tn", *(f"{text}\t{i}" for i, text in enumerate(texts))]).encode(encoding)
    with TemporaryDirectory() as folder:
        assert values(table(Path(folder), content, separator="\t", header=True, quoting=False)) == [[text, str(i)] for i, text in enumerate(texts)]


@given(st.text(st.characters(min_codepoint=0xA0, max_codepoint=0xFF), min_size=1))
def test_every_western_letter_survives(text: str) -> None:
    with TemporaryDirectory() as folder:
        assert values(table(Path(folder), f"text\tn\n{text}\t1\n".encode("latin-1"), encoding="latin-1")) == [[text, "1"]]
