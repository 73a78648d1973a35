"""A table as it was found: its rows, how it was read, and every row that cannot be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from promptune.core.task import Row

Format = Literal["csv", "json", "jsonl", "python", "parquet"]

MAX_BYTES = 256 * 2**20  # of a file
MAX_ROWS = 1_000_000
MAX_CELL = 500_000  # characters of a text
MAX_BAD = 1_000  # bad rows that are told; then reading stops
MAX_COLUMNS = 2_000
MAX_RECORD = 2**24  # characters of a row as it stands in its file
MAX_VALUES = 20_000_000  # of a table, nested ones counted too
MAX_DEPTH = 100  # levels of lists and objects in a value


@dataclass(frozen=True)
class ReadOptions:
    """What a person says about a file; None leaves it to be found."""

    encoding: str | None = None
    separator: str | None = None  # one character
    header: bool | None = None
    columns: tuple[str, ...] = ()  # names for a file without a header
    quoting: bool | None = None  # whether quotation marks enclose values

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # a task's YAML holds one of these


@dataclass(frozen=True)
class Found:
    """How a file was read, to be shown: nobody should have to guess it."""

    format: Format
    size: int  # bytes
    encoding: str = ""  # as people know it: UTF-8, UTF-16 LE, Windows-1252
    bom: bool = False
    separator: str = ""  # only of a csv, as are the next two
    quoting: bool = False  # whether quotation marks enclose values
    header: bool = True
    notes: tuple[str, ...] = ()  # what a person should look at, in sentences

    def words(self) -> str:
        """In a sentence, and the notes."""
        kinds = {"csv": "separated values", "json": "JSON", "jsonl": "JSON Lines", "python": "lines of Python literals", "parquet": "Parquet"}
        separators = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}
        pieces = [kinds[self.format]]
        if self.encoding:
            pieces.append(f"{self.encoding} with a byte-order mark" if self.bom else self.encoding)
        if self.format == "csv":
            pieces.append(f"separated by {separators.get(self.separator, repr(self.separator))}" if self.separator else "one column")
            pieces += ["quotation marks enclose values"] if self.quoting else []
            pieces.append("the first line names the columns" if self.header else "no header")
        return " ".join([f"{'; '.join(pieces)}.", *self.notes])


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be used, and why. `line` is where it begins in a text file, from 1."""

    row: int
    column: str  # empty: the whole row
    what: str
    line: int | None = None

    def __str__(self) -> str:
        where = f"row {self.row}" + (f" (line {self.line})" if self.line else "") + (f", column {self.column!r}" if self.column else "")
        return f"{where}: {self.what}"


@dataclass(frozen=True)
class Table:
    columns: tuple[str, ...]  # in the order they were first seen
    rows: tuple[Row, ...]  # the good ones
    bad: tuple[BadRow, ...]
    found: Found
