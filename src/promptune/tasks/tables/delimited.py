"""CSV and its kin as a table: separator, quoting and header are found unless a person named them, and every value stays the text it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice

from promptune.errors import UserError
from promptune.tasks.tables import dialect as dialects
from promptune.tasks.tables import header as headers
from promptune.tasks.tables.cells import Cells, records
from promptune.tasks.tables.collect import Record, collect
from promptune.tasks.tables.table import MAX_COLUMNS, Found, ReadOptions, Table

SAMPLE = 1_000  # records that decide whether the first one is a header


def read(text: str, suffix: str, options: ReadOptions, found: Found) -> Table:
    if options.separator is not None and (len(options.separator) != 1 or options.separator in '"\r\n'):
        raise UserError(f"a separator is one character, not {options.separator!r}.", todo="Such as a comma, a semicolon or a tab.")
    dialect = dialects.find(text, suffix, options.separator, options.quoting)
    every = records(text, dialect)
    sample = list(islice(every, SAMPLE))
    first = next((record for record in sample if record.cells), None)
    if not text or text.isspace():
        raise UserError("the file holds no rows.", todo="Bring one with rows.")
    width = len(first.cells) if first else len(options.columns) or 1
    if width > MAX_COLUMNS:
        raise UserError(f"the first row has {width:,} columns, and {MAX_COLUMNS:,} is the most.", todo="Check the separator.")
    has_header = first is not None and first is sample[0] and _has_header(first.cells, sample, options)
    names = headers.given(options.columns, width) if options.columns else headers.usable(first.cells if first and has_header else [""] * width)
    notes = names.notes if has_header else ()
    told = replace(found, separator=dialect.separator, quoting=dialect.quoting, header=has_header, notes=found.notes + notes)
    return collect(_rows(chain(sample[has_header:], every), names.names, has_header), told, names.names)


def _has_header(first: Sequence[str], sample: Sequence[Cells], options: ReadOptions) -> bool:
    if options.header is not None:
        return options.header
    return not options.columns and headers.is_header(first, [record.cells for record in sample[1:] if not record.bad])


def _rows(found: Iterator[Cells], names: Sequence[str], has_header: bool) -> Iterator[Record]:
    whose = "the header has" if has_header else "the first row has"
    for record in found:
        if record.bad:
            yield Record(record.line, None, record.bad)
        elif len(record.cells) != len(names):
            yield Record(record.line, None, f"it has {len(record.cells):,} value{'s' * (len(record.cells) != 1)}, and {whose} {len(names):,}")
        else:
            yield Record(record.line, dict(zip(names, record.cells, strict=True)))
