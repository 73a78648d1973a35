"""CSV and its kin: separator, quotes and header are found, no value changes, and a broken row takes no other with it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.errors import UserError
from promptune.tasks.tables import read_table
from tests.shared import data
from tests.tasks.samples_tables import bad, table, values

TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=12)
PROSE = "\n".join(["It was late, and it rained.", "Nobody came.", "Well, well, well, she said.", "The end."])


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_separator_and_the_line_ends_are_found(tmp_path: Path, separator: str, end: str) -> None:
    content = end.join(["text;label".replace(";", separator), "fine;1".replace(";", separator), "poor;0".replace(";", separator)])
    read = table(tmp_path, content, "table.txt")
    assert read.columns == ("text", "label") and values(read) == [["fine", "1"], ["poor", "0"]] and not read.bad
    assert read.found.format == "csv" and read.found.separator == separator and read.found.header


def test_values_stay_as_they_are(tmp_path: Path) -> None:
    """003 is no 3, outer spaces belong to a value, and only line ends end a line."""
    read = table(tmp_path, "id,text\n003,  a \n1e5,\u2028x\x85y\x0cz\nTrue,\n")
    assert values(read) == [["003", "  a "], ["1e5", "\u2028x\x85y\x0cz"], ["True", ""]]


@given(
    rows=st.lists(st.lists(TEXT, min_size=3, max_size=3), min_size=1, max_size=8),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
)
def test_what_was_written_is_what_is_read(rows: list[list[str]], separator: str, quoting: int) -> None:
    """Whatever the values are, and without a word on quoting wherever marks are there throughout."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([["a", "b", "c"], *rows])
    told = {"quoting": True} if quoting == csv.QUOTE_MINIMAL else {}
    with TemporaryDirectory() as folder:
        read = table(Path(folder), out.getvalue(), separator=separator, header=True, **told)
    assert values(read) == rows and not read.bad and read.columns == ("a", "b", "c")


def test_a_bad_quote_costs_its_own_row_only(tmp_path: Path) -> None:
    lines = ["id,text,label", '1,"never closed,pos', '2,"fine",neg', '3,"a "stray" mark",pos', '4,"two', 'lines",neg', "5,last,pos", '6,"open at the end,pos']
    read = table(tmp_path, "\n".join(lines))
    assert bad(read) == [(1, 2), (3, 4), (6, 8)]
    assert values(read) == [["2", "fine", "neg"], ["4", "two\nlines", "neg"], ["5", "last", "pos"]]
    assert "opens value 2" in read.bad[0].what and "twice" in read.bad[1].what and "never closed" in read.bad[2].what


def test_rows_of_another_width_are_told_with_their_line(tmp_path: Path) -> None:
    read = table(tmp_path, 'text,label\n"a\nb",1\nc\n\nd,e,f\ng,0\n')
    assert bad(read) == [(2, 4), (3, 6)] and values(read) == [["a\nb", "1"], ["g", "0"]]
    assert read.bad[0].what == "it has 1 value, and the header has 2" and "it has 3 values" in str(read.bad[1])


def test_marks_in_a_tabbed_file_are_characters_unless_they_enclose(tmp_path: Path) -> None:
    plain = table(tmp_path, 'text\tlabel\n"Well," he said\t1\n"so it begins\t0\nand ends"\t1\n')
    assert not plain.found.quoting and not plain.bad
    assert values(plain) == [['"Well," he said', "1"], ['"so it begins', "0"], ['and ends"', "1"]]
    enclosing = table(tmp_path, 'text\tlabel\n"two\nlines"\t1\nsay\t0\n"a ""word"""\t1\n')
    assert enclosing.found.quoting and values(enclosing) == [["two\nlines", "1"], ["say", "0"], ['a "word"', "1"]]


def test_an_open_mark_in_a_tabbed_file_never_swallows_lines(tmp_path: Path) -> None:
    read = table(tmp_path, 'text\tlabel\n"open\t1\nclosed"\t0\n')
    assert values(read) == [['"open', "1"], ['closed"', "0"]]


@pytest.mark.parametrize(
    ("content", "header"),
    [
        ("text,label\nI like it,1\n", True),
        ("I like it,1\nI do not,0\n", False),
        ("I like it.\tpos\nI do not.\tneg\nNot at all.\tneg\nI do.\tpos\n", False),
        ("How did you like our new place in town?\tAgain?\nvery much\tyes\nnot at all\tno\nwell\tyes\nfine\tno\ngood\tyes\nbad\tno\n", True),
        (",text\n0,a\n1,b\n", True),
        ("Best Answer;Source\nyes;a book\n", True),
        ("text\nI like it\nI do not\n", True),
        (PROSE, False),
    ],
)
def test_a_header_is_told_from_a_first_row(tmp_path: Path, content: str, header: bool) -> None:
    read = table(tmp_path, content, "table.txt")
    assert read.found.header is header and not read.bad
    assert header or read.columns == tuple(f"column{i}" for i in range(1, len(read.columns) + 1))


def test_prose_with_commas_is_one_column(tmp_path: Path) -> None:
    assert values(table(tmp_path, PROSE, "prose.txt")) == [[line] for line in PROSE.split("\n")]


def test_names_that_cannot_be_used_are_made_usable_and_told(tmp_path: Path) -> None:
    read = table(tmp_path, "text,, text,text_2\na,b,c,d\n")
    assert read.columns == ("text", "column2", "text_3", "text_2") and values(read) == [["a", "b", "c", "d"]]
    assert len(read.found.notes) == 2 and "column2" in read.found.notes[0] and "'text_3'" in read.found.notes[1]


def test_a_person_has_the_last_word(tmp_path: Path) -> None:
    assert values(table(tmp_path, "text,label\na,1\n", header=False)) == [["text", "label"], ["a", "1"]]
    assert table(tmp_path, "a b,c\nd e,f\n", columns=("x", "y")).columns == ("x", "y")
    assert values(table(tmp_path, "text,label\na,1\n", separator="x", header=False)) == [["te", "t,label"]]
    assert values(table(tmp_path, 'a,b\n"x",y\n', quoting=False)) == [['"x"', "y"]]
    assert table(tmp_path, "1,2\n3,4\n", header=True).columns == ("1", "2")


@pytest.mark.parametrize(("options", "words"), [({"columns": ("x",)}, "2 columns"), ({"columns": ("x", "x")}, "twice"), ({"separator": "ab"}, "one character")])
def test_what_cannot_be_meant_is_told(tmp_path: Path, options: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words):
        table(tmp_path, "a,b\nc,d\n", **options)


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "text,label\n", "text", " \n"])
def test_a_file_without_rows_is_told(tmp_path: Path, content: str) -> None:
    with pytest.raises(UserError, match=r"empty|no rows") as caught:
        table(tmp_path, content)
    assert str(caught.value).startswith("table.csv: ") and str(tmp_path) not in str(caught.value)


def test_cells_that_no_text_may_be_are_told_with_their_column(tmp_path: Path) -> None:
    read = table(tmp_path, f"id,text\n1,a\0b\n2,{'x' * 500_001}\n3,{'y' * 500_000}\n")
    assert [(row.row, row.line, row.column) for row in read.bad] == [(1, 2, "text"), (2, 3, "text")] and len(read.rows) == 1
    assert "NUL" in read.bad[0].what and "500,001 characters" in read.bad[1].what


def test_reading_stops_after_a_thousand_bad_rows_and_says_so(tmp_path: Path) -> None:
    read = table(tmp_path, "a,b\n" + "x\n" * 2_000)
    assert len(read.bad) == 1_000 and "Reading stopped at row 1000" in read.found.notes[0]


def test_real_tables_with_separators() -> None:
    reviews = read_table(data("odd_formats/amazon_microwave_cp1252_crlf.tsv"))
    assert (len(reviews.rows), len(reviews.bad), len(reviews.columns), reviews.found.quoting) == (300, 0, 15, False)
    assert {row.values["star_rating"] for row in reviews.rows} <= set("12345") and all(row.values["marketplace"].upper() == "US" for row in reviews.rows)
    labelled = read_table(data("odd_formats/sst2_headerless.tsv"))
    assert len(labelled.rows) == 200 and not labelled.bad and not labelled.found.header and {row.values["column2"] for row in labelled.rows} == {"0", "1"}
    parallel = read_table(data("odd_formats/multi30k_tabbed_en_de.tsv"))
    assert len(parallel.rows) == 100 and not parallel.bad and parallel.rows[0].values["column2"].startswith("Ein Mädchen")
    path = data("odd_formats/xstest_multiline_quoted.csv")
    with path.open(encoding="utf-8", newline="") as file:
        assert [row.values for row in read_table(path).rows] == list(csv.DictReader(file))
