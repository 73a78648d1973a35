"""A long JSON text, taken apart value by value, so that no more than one of them is held twice."""

from __future__ import annotations

import json
import re
from typing import Any

from promptune.tasks.tables.lines import breaks
from promptune.tasks.tables.notation import DECODER
from promptune.tasks.tables.table import MAX_RECORD
from promptune.tasks.tables.values import TOO_DEEP

_SPACE = re.compile(r"[ \t\r\n]*+")


class Broken(Exception):
    """It ends being JSON here."""

    def __init__(self, what: str, line: int) -> None:
        self.what, self.line = what, line
        super().__init__(what)


class Scanner:
    """Stands before a value or a mark, white space passed."""

    def __init__(self, text: str, at: int = 0) -> None:
        self.text = text
        self._at = self._skip(at)
        self._counted, self._lines = 0, 1
        self._window, self._begins = text[:MAX_RECORD], 0  # what the decoder sees, and where that begins

    @property
    def line(self) -> int:
        self._lines += breaks(self.text, self._counted, self._at)
        self._counted = self._at
        return self._lines

    def peek(self) -> str:
        """The next character; empty at the end."""
        return self.text[self._at : self._at + 1]

    def take(self, mark: str) -> None:
        assert self.peek() == mark
        self._at = self._skip(self._at + 1)

    def value(self) -> Any:
        try:
            value, end = self._decode()
        except json.JSONDecodeError as error:
            self._at = min(self._begins + error.pos, len(self.text))
            raise Broken(f"the JSON is broken here ({error.msg})", self.line) from error
        except RecursionError as error:
            raise Broken(f"the value that begins here {TOO_DEEP}", self.line) from error
        self._at = self._skip(self._begins + end)
        return value

    def _decode(self) -> tuple[Any, int]:
        """A value that reaches the window's end may go on behind it: then the window moves to where it begins."""
        whole = self._begins + len(self._window) >= len(self.text)
        try:
            value, end = DECODER.raw_decode(self._window, self._at - self._begins)
            if whole or end < len(self._window):
                return value, end
        except json.JSONDecodeError:
            if whole or self._begins == self._at:
                raise
        self._window, self._begins = self.text[self._at : self._at + MAX_RECORD], self._at
        return DECODER.raw_decode(self._window)

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at
