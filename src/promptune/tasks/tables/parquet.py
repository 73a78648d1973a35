"""Parquet, read by a process of its own: a damaged file may end it, and a small file that unpacks to terabytes meets its limits, not ours."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO

from promptune.errors import UserError
from promptune.tasks.tables.collect import Record, collect
from promptune.tasks.tables.notation import json_value
from promptune.tasks.tables.table import MAX_BYTES, MAX_CELL, MAX_COLUMNS, MAX_RECORD, MAX_ROWS, Found, Table
from promptune.tasks.tables.values import Fault

MAGIC = b"PAR1"
CHILD = Path(__file__).with_name("parquet_child.py")
LIMITS = tuple(map(str, (MAX_ROWS, MAX_COLUMNS, MAX_BYTES, MAX_CELL)))
# Nothing of ours in its environment; one thread and one pool, so that what it holds is what it needs.
ENVIRONMENT = {"ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}

SAVE = "Save it again, with fewer or shorter values, or as JSON Lines."


def read(file: BinaryIO) -> Table:
    size = os.fstat(file.fileno()).st_size
    argv = [sys.executable, "-I", str(CHILD), *LIMITS]
    with subprocess.Popen(argv, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT) as child:
        assert child.stdout
        try:
            columns = _line(child.stdout, 1)
            names = columns["columns"] if isinstance(columns, dict) else []
            return collect(_records(child.stdout, names), Found("parquet", size), names)
        finally:
            child.kill()


def _records(output: IO[bytes], names: list[str]) -> Iterator[Record]:
    number = 1
    while isinstance(values := _line(output, number), list):
        yield Record(None, dict(zip(names, values, strict=True)))
        number += 1


def _line(output: IO[bytes], row: int) -> Any:
    """A row's values as a list; an object at the beginning and at the end."""
    line = output.readline(MAX_RECORD)
    value = json_value(line.decode("ascii")) if line.endswith(b"\n") else Fault("ended")
    if isinstance(value, Fault):
        raise UserError(f"the Parquet file cannot be read from row {row} on: it is damaged, or a value is too large.", todo=SAVE)
    if isinstance(value, dict) and "error" in value:
        raise UserError(value["error"], todo=SAVE)
    return value
