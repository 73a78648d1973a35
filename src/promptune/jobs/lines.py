"""JSON objects, one a line: appended by one process, read by others meanwhile. Only whole lines count."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class Lines:
    """The end that writes, one process at a time. What a killed one left unfinished is dropped."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")
        self._file.truncate(_whole(path))

    def add(self, row: Row) -> None:
        self._file.write(json.dumps(row).encode() + b"\n")
        self._file.flush()

    def sync(self) -> None:
        """What was added survives a power cut from here on."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


class Tail:
    """What is added from now on, a piece at each look."""

    def __init__(self, path: Path) -> None:
        self._path, self._at = path, _whole(path)

    def new(self) -> list[Row]:
        data = _bytes(self._path, self._at)
        data = data[: data.rfind(b"\n") + 1]
        self._at += len(data)
        return _rows(data)


def read(path: Path) -> list[Row]:
    data = _bytes(path)
    return _rows(data[: data.rfind(b"\n") + 1])


def _whole(path: Path) -> int:
    """Where the last whole line ends, in bytes."""
    return _bytes(path).rfind(b"\n") + 1


def _bytes(path: Path, start: int = 0) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read()
    except FileNotFoundError:
        return b""


def _rows(data: bytes) -> list[Row]:
    """A line that a power cut left as rubbish counts as never written."""
    rows = []
    for line in data.split(b"\n"):
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows
