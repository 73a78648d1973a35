"""A file is opened, recognised by what is in it, and read by the one reader that knows its kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from promptune.tasks.tables import delimited, objects, parquet
from promptune.tasks.tables.collect import collect
from promptune.tasks.tables.encoding import decoded
from promptune.tasks.tables.kind import kind_of
from promptune.tasks.tables.opening import about, contents, opened
from promptune.tasks.tables.table import Found, ReadOptions, Table

AS_FOUND = ReadOptions()


def read_table(path: Path, options: ReadOptions = AS_FOUND) -> Table:
    """Its rows, its bad rows and how it was read. A UserError where the file is no table at all."""
    with about(path), opened(path) as file:
        begins = file.read(len(parquet.MAGIC))
        file.seek(0)
        return parquet.read(file) if begins == parquet.MAGIC else _read_text(file, path.suffix.lower(), options)


def _read_text(file: BinaryIO, suffix: str, options: ReadOptions) -> Table:
    read = decoded(contents(file, suffix), options.encoding)
    kind = kind_of(read.text, suffix, options)
    found = Found(kind, read.size, read.encoding, read.bom, notes=read.notes)
    if kind == "csv":
        return delimited.read(read.text, suffix, options, found)
    parsed = objects.read(read.text, kind)
    return collect(parsed.records, replace(found, notes=found.notes + parsed.notes))
