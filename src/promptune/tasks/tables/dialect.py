"""Which separator, and whether quotation marks enclose values: what makes the records equally wide, and what the marks themselves show."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from promptune.tasks.tables.cells import Dialect, records
from promptune.tasks.tables.header import like_names

SEPARATORS = ("\t", ",", ";", "|")  # where two fit equally well the first is taken
SAMPLE = 200  # records that decide the separator
EVIDENCE = 50_000  # records that are asked about quotation marks: the first one may stand far down
ENOUGH = 0.6  # of them as wide as the first: fewer are lines of prose with commas in them
TABLES = (".csv", ".tsv", ".tab")


def find(text: str, suffix: str, separator: str | None, quoting: bool | None) -> Dialect:
    chosen = _separator(text, suffix) if separator is None else separator
    return Dialect(chosen, _encloses(text, chosen) if quoting is None else quoting)


def _separator(text: str, suffix: str) -> str:
    """Empty: one column."""
    best, most = "", 0.0
    for separator in SEPARATORS:
        fit = max(_fit(text, Dialect(separator, quoting), suffix) for quoting in (True, False))
        if fit > most:
            best, most = separator, fit
    return best


def _fit(text: str, dialect: Dialect, suffix: str) -> float:
    """The share of records as wide as the first; 0 where that shows no table."""
    sample = list(islice(records(text, dialect), SAMPLE))
    first = sample[0].cells if sample else []
    if len(first) < 2:
        return 0
    share = sum(len(record.cells) == len(first) for record in sample) / len(sample)
    return share if share >= ENOUGH or (suffix in TABLES and like_names(first)) else 0


def _encloses(text: str, separator: str) -> bool:
    """Commas and semicolons stand in most texts, so their tables always enclose; a tab stands in none, and there marks are often plain characters.

    For enclosing speak marks around what needed them, and columns that have them throughout; against it marks that stand where they could not.
    """
    if '"' not in text:
        return False
    if separator in (",", ";"):
        return True
    width, needed, against, count = 0, 0, 0, 0
    throughout: Counter[int] = Counter()
    flawless = _equally_wide(text, Dialect(separator, False)) if separator else False
    for record in islice(records(text, Dialect(separator, True)), EVIDENCE):
        width, count = width or len(record.cells), count + 1
        throughout.update(record.quoted.keys())
        against += bool(record.bad) or any('"' in cell for i, cell in enumerate(record.cells) if i not in record.quoted)
        # A cell over two lines needs its marks, unless both lines are whole records without them.
        needed += any(not raw or '""' in raw or (not flawless and _separates(raw)) for raw in record.quoted.values())
    return needed + (count if any(number == count for number in throughout.values()) else 0) > against


def _separates(text: str) -> bool:
    return any(mark in text for mark in (*SEPARATORS, "\n", "\r"))


def _equally_wide(text: str, dialect: Dialect) -> bool:
    widths = (len(record.cells) for record in islice(records(text, dialect), EVIDENCE))
    first = next(widths, 0)
    return all(width == first for width in widths)
