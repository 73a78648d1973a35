"""Rows that are objects: JSON Lines, one JSON array, one object that holds such an array, or dicts as Python prints them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from promptune.errors import UserError
from promptune.tasks.tables.collect import Record
from promptune.tasks.tables.lines import lines
from promptune.tasks.tables.notation import json_value, python_value
from promptune.tasks.tables.scanner import Broken, Scanner
from promptune.tasks.tables.table import Format
from promptune.tasks.tables.values import Fault

# An object's first members up to a list of objects, as far as they are plain: where a broken file may still have rows.
_HOLDS_ROWS = re.compile(r'\s*+\{(?:\s*+"[^"\\]*+"\s*+:\s*+(?:"[^"\\]*+"|[\w.+-]++)\s*+,)*+\s*+"[^"\\]*+"\s*+:\s*+(?=\[\s*+\{)')


@dataclass(frozen=True)
class Parsed:
    records: Iterator[Record]
    notes: tuple[str, ...] = ()


def read(text: str, kind: Format) -> Parsed:
    if kind == "json":
        scanner = Scanner(text)
        return Parsed(_array(scanner, closed=True)) if scanner.peek() == "[" else _objects(scanner)
    return Parsed(_lines(text, python_value if kind == "python" else json_value))


def _lines(text: str, value: Callable[[str], Any]) -> Iterator[Record]:
    for line in lines(text):
        if not (content := text[line.start : line.end]).isspace():
            yield _record(line.number, value(content))


def _record(line: int | None, value: Any) -> Record:
    if isinstance(value, Fault):
        return Record(line, None, f"it {value.what}")
    if not isinstance(value, dict):
        return Record(line, None, f"it is {_KINDS.get(type(value), 'no object')}, not an object with columns")
    return Record(line, value) if value else Record(line, None, "it has no columns")


_KINDS = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false", type(None): "null"}


def _array(scanner: Scanner, *, closed: bool) -> Iterator[Record]:
    """Its items, up to where it breaks. `closed`: nothing may follow it."""
    scanner.take("[")
    if scanner.peek() == "]":
        return
    while True:
        line = scanner.line
        try:
            yield _record(line, scanner.value())
        except Broken as broken:
            yield Record(broken.line, None, f"{broken.what}, and nothing after it can be read")
            return
        mark = scanner.peek()
        if mark == "]":
            break
        if mark != ",":
            yield Record(scanner.line, None, "a comma or ] is missing here, and nothing after it can be read")
            return
        scanner.take(",")
    scanner.take("]")
    if closed and scanner.peek():
        yield Record(scanner.line, None, "text follows the end of the list, and it cannot be read")


def _objects(scanner: Scanner) -> Parsed:
    """One object with the rows in it, one that is a row, or several, one after the other."""
    try:
        value = scanner.value()
    except Broken as broken:
        if rows := _HOLDS_ROWS.match(scanner.text):
            return Parsed(_array(Scanner(scanner.text, rows.end()), closed=False))
        return Parsed(iter([Record(broken.line, None, f"{broken.what}, and nothing after it can be read")]))
    if scanner.peek():
        return Parsed(_one_after_another(Scanner(scanner.text)))
    held = [key for key, items in value.items() if isinstance(items, list) and items and all(isinstance(item, dict) for item in items)]
    if len(held) > 1:
        raise UserError(f"the file holds several lists of rows: {', '.join(held[:5])}.", todo="Bring the one that you want in a file of its own.")
    if not held:
        return Parsed(iter([_record(1, value)]), ("The file is one object, read as one row.",))
    left_out = f" Left out beside it: {', '.join(sorted(value.keys() - held))[:200]}." if len(value) > 1 else ""
    return Parsed((_record(None, item) for item in value[held[0]]), (f"The rows are the list {held[0]!r}.{left_out}",))


def _one_after_another(scanner: Scanner) -> Iterator[Record]:
    while scanner.peek():
        line = scanner.line
        try:
            yield _record(line, scanner.value())
        except Broken as broken:
            yield Record(broken.line, None, f"{broken.what}, and nothing after it can be read")
            return
