"""Files that the tests of tables write for themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from promptune.tasks.tables import ReadOptions, Table, read_table


def table(folder: Path, content: str | bytes, name: str = "table.csv", **options: Any) -> Table:
    """What is read from a file with just that content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(path, ReadOptions(**options))


def values(read: Table) -> list[list[Any]]:
    """The good rows, each as its values in the order of the columns."""
    return [list(row.values.values()) for row in read.rows]


def bad(read: Table) -> list[tuple[int, int | None]]:
    """Row and line of each bad row."""
    return [(row.row, row.line) for row in read.bad]
