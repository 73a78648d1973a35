"""A full disk, by name: what a write meets when there is no room left, made an error that says what to do."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from promptune.errors import DiskFull

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def disk_full(place: Path) -> DiskFull:
    free = shutil.disk_usage(place).free // 2**20
    return DiskFull(f"the disk that holds {place} is full, or its quota is used up ({free} MB are free).", todo="Make room there, then try again.")


@contextmanager
def naming_full_disk(place: Path) -> Iterator[None]:
    """`place` is an existing folder on the disk that is written to."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise disk_full(place) from error
        raise
