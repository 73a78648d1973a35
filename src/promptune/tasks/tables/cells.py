"""A text with separators, taken apart record by record. A record that breaks ends with the line it began in, so the next one is read all the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from promptune.tasks.tables.lines import Line, breaks, next_line
from promptune.tasks.tables.table import MAX_COLUMNS, MAX_RECORD

# Closed by a mark that is not doubled. Possessive, so that no text can make it try twice.
_QUOTED = re.compile(r'"([^"]*+(?:""[^"]*+)*+)"')


@dataclass(frozen=True)
class Dialect:
    separator: str  # empty: one column
    quoting: bool


@dataclass(frozen=True, slots=True)
class Cells:
    line: int  # where the record begins, from 1
    end: int  # where it ends in the text
    cells: list[str]
    bad: str = ""  # why the cells cannot be used
    quoted: Mapping[int, str] = field(default_factory=dict)  # of the enclosed cells: what stood between the marks


def records(text: str, dialect: Dialect) -> Iterator[Cells]:
    line = next_line(text, 0, 1)
    while line:
        found = _record(text, line, dialect)
        yield found
        number = found.line + (breaks(text, line.start, found.end) if found.end > line.end else 0)
        line = next_line(text, found.end, number)


def _record(text: str, line: Line, dialect: Dialect) -> Cells:
    if not dialect.quoting or text.find('"', line.start, line.end) < 0:
        content = text[line.start : line.end]
        return Cells(line.number, line.end, content.split(dialect.separator) if dialect.separator else [content])
    return _quoted(text, line, dialect.separator)


def _quoted(text: str, line: Line, separator: str) -> Cells:
    at, most, plain, cells, quoted = line.start, line.start + MAX_RECORD, _plain(separator), list[str](), dict[int, str]()

    def broken(what: str) -> Cells:
        return Cells(line.number, line.end, [], what)

    while len(cells) <= MAX_COLUMNS and at <= most:
        nth = len(cells) + 1
        if text.startswith('"', at):
            match = _QUOTED.match(text, at, most)
            if match is None:
                return broken(f"the quotation mark that opens value {nth} is never closed")
            quoted[len(cells)] = match[1]
            cells.append(match[1].replace('""', '"'))
            if match.end() < len(text) and text[match.end()] not in f"\r\n{separator}":
                if match.end() > line.end:
                    return broken(f"the quotation mark that opens value {nth} is not closed in its line, and the next one stands inside a text")
                return broken(f"text follows the closing quotation mark of value {nth}: inside a value it is written twice")
        else:
            match = plain.match(text, at)
            assert match
            cells.append(match[0])
        at = match.end()
        if at >= len(text) or text[at] in "\r\n":
            return Cells(line.number, at, cells, quoted=quoted)
        at += 1
    return broken(f"it has more than {MAX_COLUMNS:,} values, or is longer than {MAX_RECORD:,} characters")


@cache
def _plain(separator: str) -> re.Pattern[str]:
    return re.compile(rf"[^\r\n{re.escape(separator)}]*+")
