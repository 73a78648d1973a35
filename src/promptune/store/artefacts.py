"""Folders that are whole or not there: models, results, later adapters. One exists once its manifest does.

What is being made or deleted lies in a hidden sibling; no list reads those, and what a killed process left there goes in time.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from promptune.errors import UserError
from promptune.store.disk import naming_full_disk

MANIFEST = "manifest.json"
PART = "manifest.json.part"
ABANDONED = 7 * 24 * 3600.0  # seconds after which nobody is still making it, whatever the clock did meanwhile


@contextmanager
def building(final: Path) -> Iterator[Path]:
    """A folder to fill. When the block ends well it becomes `final`, unless somebody completed that meanwhile; else it is gone."""
    final.parent.mkdir(parents=True, exist_ok=True)
    _sweep(final.parent)
    folder = final.parent / f".building-{secrets.token_hex(6)}"
    with naming_full_disk(final.parent):
        folder.mkdir()
        try:
            yield folder
            write_manifest(folder)
            _publish(folder, final)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def remove(folder: Path) -> None:
    """Gone from every list at once, from the disk a little later."""
    hidden = folder.with_name(f".deleting-{secrets.token_hex(6)}")
    with suppress(FileNotFoundError):
        folder.rename(hidden)
        shutil.rmtree(hidden, ignore_errors=True)


def write_manifest(folder: Path) -> None:
    """Size and checksum of every file, on the disk after the files themselves: whoever reads it may rely on them."""
    with naming_full_disk(folder):
        files = {name: {"size": path.stat().st_size, "sha256": _checksum(path, sync=True)} for name, path in _files(folder).items()}
        for place in {path.parent for path in folder.rglob("*")}:
            _sync(place)
        with (folder / PART).open("w", encoding="utf-8") as file:
            json.dump({"files": files}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        (folder / PART).rename(folder / MANIFEST)
        _sync(folder)


def is_complete(folder: Path) -> bool:
    return _manifest(folder) is not None


def verify(folder: Path) -> None:
    """Raises the first thing that is not as it was written, naming its file."""
    manifest = _manifest(folder)
    if manifest is None:
        raise _damaged(folder, f"its {MANIFEST} is missing or cannot be read")
    files = _files(folder)
    for name, (size, checksum) in manifest.items():
        if name not in files:  # a name that leads out of the folder is never among them
            raise _damaged(folder, f"its file {name!r} is missing")
        if files[name].stat().st_size != size:
            raise _damaged(folder, f"its file {name!r} has {files[name].stat().st_size} bytes and had {size}")
        if _checksum(files[name]) != checksum:
            raise _damaged(folder, f"its file {name!r} was changed")


def size(folder: Path) -> int:
    """Bytes of everything below it; what vanishes while we look counts nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size
    return total


def _publish(folder: Path, final: Path) -> None:
    try:
        folder.rename(final)
    except OSError:
        if is_complete(final):
            return
        remove(final)  # the half of an earlier try
        folder.rename(final)
    _sync(final.parent)


def _sweep(parent: Path) -> None:
    for hidden in [*parent.glob(".building-*"), *parent.glob(".deleting-*")]:
        with suppress(OSError):
            if time.time() - hidden.lstat().st_mtime > ABANDONED:
                shutil.rmtree(hidden)


def _manifest(folder: Path) -> dict[str, tuple[int, str]] | None:
    """Size and checksum of each file by its name; None when there is no manifest, or none that we wrote."""
    try:
        read = json.loads((folder / MANIFEST).read_bytes())
        return {str(name): (int(file["size"]), str(file["sha256"])) for name, file in read["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _files(folder: Path) -> dict[str, Path]:
    """Every file by its name, in order; anything but plain files and folders is refused, for it could lead elsewhere or never end."""
    files = {}
    for path in sorted(folder.rglob("*")):
        kind = path.lstat().st_mode
        if stat.S_ISREG(kind):
            files[path.relative_to(folder).as_posix()] = path
        elif not stat.S_ISDIR(kind):
            raise _damaged(folder, f"its {path.relative_to(folder).as_posix()!r} is a link or no plain file")
    return {name: path for name, path in files.items() if name not in (MANIFEST, PART)}


def _checksum(path: Path, *, sync: bool = False) -> str:
    with path.open("rb") as file:
        if sync:
            os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _damaged(folder: Path, what: str) -> UserError:
    return UserError(f"the folder {folder} is damaged: {what}.", todo="Make it or copy it again.")
