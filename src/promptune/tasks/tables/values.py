"""What may stand in a cell: texts, numbers, true and false, nothing, and lists and objects of them. All else is named, never mended."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from promptune.errors import UserError
from promptune.tasks.tables.table import MAX_BYTES, MAX_CELL, MAX_DEPTH, MAX_VALUES

TOO_DEEP = f"is nested more than {MAX_DEPTH} levels deep"


@dataclass(frozen=True, slots=True)
class Fault:
    """Stands where a value should be that could not be read exactly."""

    what: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """The value of a row that cannot be used, `column` with its path: options[2], answer.texts[0]."""

    column: str
    what: str


class Inspector:
    """Looks at every value and counts them: how much a file unpacks to is limited, however small it is."""

    def __init__(self) -> None:
        self._values = self._characters = 0

    def wrong(self, values: Mapping[Any, Any]) -> Wrong | None:
        found = next((Wrong(f"{name}{wrong.column}", wrong.what) for name, value in values.items() if (wrong := self._named(name, value, 0))), None)
        if self._values > MAX_VALUES or self._characters > MAX_BYTES:
            todo = f"At most {MAX_VALUES:,} values and {MAX_BYTES:,} characters are read: bring a part of it."
            raise UserError("the file unpacks to more than can be held.", todo=todo)
        return found and Wrong(_printable(found.column), found.what)

    def _named(self, name: Any, value: Any, depth: int) -> Wrong | None:
        if not isinstance(name, str):
            return Wrong("", f"its name is a {type(name).__name__}, not a text")
        if len(name) > MAX_CELL or (what := _text(name)):
            return Wrong("", f"its name {what}" if len(name) <= MAX_CELL else "its name is too long")
        return self._value(value, depth)

    def _value(self, value: Any, depth: int) -> Wrong | None:
        self._values += 1
        if isinstance(value, str):
            if what := _text(value):
                return Wrong("", what)
            self._characters += len(value)
            return None
        if value is None or isinstance(value, int):
            return None
        if isinstance(value, float):
            return None if math.isfinite(value) else Wrong("", f"is {value}, which is no number")
        if isinstance(value, list | dict) and depth >= MAX_DEPTH:
            return Wrong("", TOO_DEEP)
        if isinstance(value, list):
            return next((Wrong(f"[{i}]{wrong.column}", wrong.what) for i, item in enumerate(value) if (wrong := self._value(item, depth + 1))), None)
        if isinstance(value, dict):
            return next((Wrong(f".{name}{wrong.column}", wrong.what) for name, item in value.items() if (wrong := self._named(name, item, depth + 1))), None)
        return Wrong("", value.what if isinstance(value, Fault) else f"is a {type(value).__name__}, which is neither text, number, list nor object")


def _text(text: str) -> str:
    """What is wrong with it; empty: nothing."""
    if len(text) > MAX_CELL:
        return f"has {len(text):,} characters, and {MAX_CELL:,} is the most"
    if "\0" in text:
        return "holds a NUL character"
    if not text.isascii() and (half := re.search("[\ud800-\udfff]", text)):
        return f"holds a damaged character (U+{ord(half[0]):04X})"
    return ""


def _printable(path: str) -> str:
    path = path.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
    return path if len(path) <= 100 else f"{path[:100]}…"
