r"""Lines end with \n, \r\n or \r and nothing else: str.splitlines would also cut at characters that stand inside real texts (U+0085, U+2028)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BREAK = re.compile(r"[\r\n]")
_TEXT = re.compile(r"[^\r\n]")


@dataclass(frozen=True, slots=True)
class Line:
    number: int  # from 1
    start: int  # in the text
    end: int


def breaks(text: str, start: int, end: int) -> int:
    """How many lines end between two places."""
    returns = text.count("\r", start, end)
    return text.count("\n", start, end) + (returns - text.count("\r\n", start, end) if returns else 0)


def next_line(text: str, at: int, number: int) -> Line | None:
    """The next line that is not empty, from `at`, which lies in line `number`. Empty ones are passed in one step, however many."""
    begin = _TEXT.search(text, at)
    if begin is None:
        return None
    end = _BREAK.search(text, begin.start())
    return Line(number + breaks(text, at, begin.start()), begin.start(), end.start() if end else len(text))


def lines(text: str) -> Iterator[Line]:
    line = next_line(text, 0, 1)
    while line:
        yield line
        line = next_line(text, line.end, line.number)
