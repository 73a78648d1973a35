"""The process that reads a Parquet file from its standard input: JSON lines out, first the columns, then each row's values, then the end.

Run as a file of its own with `python -I`, so it imports nothing of ours. What it may use of memory and time is limited before anything is read.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

CPU_SECONDS = 120
MEMORY = 2 * 2**30  # bytes of address space
BATCH = 128  # rows
SMALL = 2**26  # bytes of a batch that is made Python objects at once


@dataclass(frozen=True)
class Limits:
    rows: int
    columns: int
    size: int  # bytes unpacked
    cell: int  # characters


class Refused(Exception):
    """In words for a person."""


def opened(limits: Limits) -> Any:
    """The file's own account of itself is looked at before any of its data."""
    # Repeated texts stay one text with many references: a dictionary of one page can stand for terabytes.
    kinds = pq.ParquetFile(sys.stdin.buffer).schema
    texts = [kinds.column(i).path for i in range(len(kinds)) if kinds.column(i).physical_type == "BYTE_ARRAY"]
    file = pq.ParquetFile(sys.stdin.buffer, read_dictionary=texts)
    about, names = file.metadata, file.schema_arrow.names
    unpacked = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
    if about.num_rows > limits.rows:
        raise Refused(f"the file has {about.num_rows:,} rows, and {limits.rows:,} is the most.")
    if len(names) > limits.columns or about.num_columns > 4 * limits.columns:
        raise Refused(f"the file has {about.num_columns:,} columns, and {limits.columns:,} is the most.")
    if unpacked > limits.size:
        raise Refused(f"the file unpacks to {unpacked / 2**20:,.0f} MB, and {limits.size / 2**20:,.0f} is the most.")
    if len(set(names)) < len(names):
        raise Refused("two columns have the same name.")
    return file


def rows(file: Any) -> Iterator[list[Any]]:
    for batch in file.iter_batches(batch_size=BATCH, use_threads=False):
        columns = [as_text(column) for column in batch.columns]
        step = BATCH if sum(column.nbytes for column in columns) <= SMALL else 1
        for start in range(0, len(batch), step):
            yield from map(list, zip(*(column.slice(start, step).to_pylist() for column in columns), strict=True))


def as_text(column: Any) -> Any:
    """Dates and times as Arrow writes them: every digit of a nanosecond."""
    return pc.cast(column, pa.string()) if pa.types.is_temporal(column.type) and not pa.types.is_duration(column.type) else column


def plain(value: Any) -> Any:
    """What JSON has no word for. A byte that is no UTF-8 becomes half a character, which makes its row a bad one."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return float(value) if hasattr(value, "dtype") else str(value)  # a half float comes as NumPy's own


def main(limits: Limits) -> None:
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):  # macOS has no limit of address space
            continue
    pa.set_cpu_count(1)
    try:
        file = opened(limits)
        say({"columns": file.schema_arrow.names})
        for values in rows(file):
            say([shortened(value, limits.cell) for value in values])
        say({"end": True})
    except Refused as error:
        say({"error": str(error)})
    except (MemoryError, OverflowError):
        say({"error": "a value of the Parquet file is too large."})
    except (pa.ArrowException, OSError, ValueError, RecursionError) as error:
        say({"error": f"the Parquet file is damaged ({(str(error).splitlines() or ['no reason given'])[0][:200]})."})


def shortened(value: Any, most: int) -> Any:
    """A text that is too long is told as such by a part of it."""
    return value[: most + 1] if isinstance(value, str | bytes) else value


def say(value: Any) -> None:
    sys.stdout.write(json.dumps(value, default=plain) + "\n")


if __name__ == "__main__":
    main(Limits(*map(int, sys.argv[1:])))
