"""Records, as a reader finds them, become a table: the good ones are kept, the bad ones named, and nothing grows without a limit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from promptune.core.task import Row
from promptune.errors import UserError
from promptune.tasks.tables.table import MAX_BAD, MAX_COLUMNS, MAX_ROWS, BadRow, Found, Table
from promptune.tasks.tables.values import Inspector


@dataclass(frozen=True, slots=True)
class Record:
    """What stands in a file where a row should stand."""

    line: int | None  # where it begins, from 1
    values: dict[str, Any] | None
    bad: str = ""  # why there are no values


def collect(records: Iterable[Record], found: Found, columns: Iterable[str] = ()) -> Table:
    """Rows are numbered as they stand in the file, bad ones too, so that a number always means the same row."""
    inspector = Inspector()
    rows: list[Row] = []
    bad: list[BadRow] = []
    seen = dict.fromkeys(columns)
    for number, record in enumerate(records, start=1):
        if number > MAX_ROWS:
            raise UserError(f"the file has more than {MAX_ROWS:,} rows.", todo="Bring a part of it.")
        if record.values is None:
            bad.append(BadRow(number, "", record.bad, record.line))
        elif wrong := inspector.wrong(record.values):
            bad.append(BadRow(number, wrong.column, wrong.what, record.line))
        else:
            rows.append(Row(number, record.values))
            seen.update(dict.fromkeys(record.values))
            if len(seen) > MAX_COLUMNS:
                todo = "Bring a list of rows that have the same columns."
                raise UserError(f"the rows have more than {MAX_COLUMNS:,} different columns.", todo=todo)
        if len(bad) == MAX_BAD:
            found = replace(found, notes=(*found.notes, f"Reading stopped at row {number}, after {MAX_BAD:,} bad rows."))
            break
    if not rows and not bad:
        raise UserError("the file has a header and no rows." if seen else "the file holds no rows.", todo="Bring one with rows.")
    return Table(tuple(seen), tuple(rows), tuple(bad), found)
