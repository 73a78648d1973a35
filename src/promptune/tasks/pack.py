"""A task as one zip to carry: its YAML and its tables. A zip from outside is taken apart with every size counted."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from promptune.errors import UserError
from promptune.tasks.folder import YAML
from promptune.tasks.tables.table import MAX_BYTES

MOST_FILES = 20
CHUNK = 2**20  # bytes


def pack(folder: Path, archive: Path) -> None:
    """The files that make the task, and nothing else of its folder."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.iterdir()):
            if file.is_file() and file.suffix in (".yaml", ".jsonl", ".csv", ".tsv", ".json"):
                packed.write(file, file.name)


def is_pack(file: Path) -> bool:
    """Whether it is a zip that says it holds a task. No other archive is opened."""
    try:
        with zipfile.ZipFile(file) as packed:
            return YAML in packed.namelist()[: 10 * MOST_FILES]
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def unpack(archive: Path, folder: Path) -> None:
    """Into an empty folder, piece by piece: what a bomb would unfold to is never held, and never all written."""
    left = MAX_BYTES
    with zipfile.ZipFile(archive) as packed:
        entries = packed.infolist()
        if len(entries) > MOST_FILES:
            raise _refused(archive, f"it holds {len(entries)} files, and a task has at most {MOST_FILES}")
        for entry in entries:
            name = entry.filename
            if entry.is_dir() or PurePosixPath(name).name != name or name.startswith(".") or "\\" in name:
                raise _refused(archive, f"it holds {name!r}, which is no plain file of a task")
            if entry.file_size > left:
                raise _refused(archive, f"unpacked it is larger than {MAX_BYTES // 2**20} MB")
            with (folder / name).open("xb") as file:
                for piece in _pieces(packed, entry, archive):
                    left -= len(piece)
                    if left < 0:
                        raise _refused(archive, f"unpacked it is larger than {MAX_BYTES // 2**20} MB")
                    file.write(piece)


def _pieces(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, archive: Path) -> Iterator[bytes]:
    try:
        with packed.open(entry) as file:
            yield from iter(lambda: file.read(CHUNK), b"")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:  # damaged, an unknown method, a password
        raise _refused(archive, f"{entry.filename} cannot be unpacked ({error})") from None


def _refused(archive: Path, why: str) -> UserError:
    return UserError(f"{why}.", where=archive.name, todo="Only a task that Promptune exported can be brought as a zip; bring other data as plain files.")
