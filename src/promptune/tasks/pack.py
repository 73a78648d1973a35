"""A task as one zip to carry: its YAML and its tables. A zip from outside is taken apart with every size counted."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from promptune.errors import UserError
from promptune.tasks.folder import YAML
from promptune.tasks.tables.table import MAX_BYTES

MOST_FILES, LONGEST_NAME = 20, 100  # characters
END_RECORD = 22 + 2**16  # bytes at a zip's end, of which it is somewhere
DIRECTORY = 2**16  # bytes of a zip's list of files
CHUNK = 2**20  # bytes


def pack(folder: Path, archive: Path) -> None:
    """The files that make the task, and nothing else of its folder. `archive` is whole or as it was."""
    if archive.exists() and not archive.is_file():
        raise UserError("this is a folder or a device.", where=str(archive), todo="Name a zip file.")
    part = archive.with_name(f".{archive.name}.part")
    try:
        archive.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as packed:
            for file in sorted(folder.iterdir()):
                if file.is_file() and file.suffix in (".yaml", ".jsonl", ".csv", ".tsv", ".json"):
                    packed.write(file, file.name)
        part.replace(archive)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise UserError(f"it cannot be written: {error.strerror}.", where=str(archive), todo="Name a zip file in a folder that you may write to.") from None


def is_pack(file: Path) -> bool:
    """Whether it is a zip that says it holds a task. No other archive is opened, and no device, whose end a zip's reader would look for for ever."""
    try:
        if not file.is_file() or _entries(file) > MOST_FILES:
            return False
        with zipfile.ZipFile(file) as packed:
            return YAML in packed.namelist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def _entries(file: Path) -> int:
    """How many a zip's end record says it has, read before a reader would make an object of each."""
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - END_RECORD))
        tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    large = at >= 0 and int.from_bytes(tail[at + 12 : at + 16], "little") > DIRECTORY
    return MOST_FILES + 1 if large else int.from_bytes(tail[at + 10 : at + 12], "little") if at >= 0 else 0


def unpack(archive: Path, folder: Path) -> None:
    """Into an empty folder, piece by piece: what a bomb would unfold to is never held, and never all written."""
    left = MAX_BYTES
    with zipfile.ZipFile(archive) as packed:
        entries = packed.infolist()
        for entry in entries:
            if what := _strange(entry, [one.filename for one in entries]):
                raise _refused(archive, what)
            if entry.file_size > left:
                raise _refused(archive, f"unpacked it is larger than {MAX_BYTES // 2**20} MB")
            with (folder / entry.filename).open("xb") as file:
                for piece in _pieces(packed, entry, archive):
                    left -= len(piece)
                    if left < 0:
                        raise _refused(archive, f"unpacked it is larger than {MAX_BYTES // 2**20} MB")
                    file.write(piece)


def _strange(entry: zipfile.ZipInfo, names: list[str]) -> str:
    name = entry.filename
    if entry.is_dir() or PurePosixPath(name).name != name or name.startswith(".") or "\\" in name or len(name) > LONGEST_NAME:
        return f"it holds {name[:LONGEST_NAME]!r}, which is no plain file of a task"
    if names.count(name) > 1:
        return f"it holds {name!r} twice"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # the others unfold without a limit
        return f"{name} is packed in a way that is not read"
    return ""


def _pieces(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, archive: Path) -> Iterator[bytes]:
    try:
        with packed.open(entry) as file:
            yield from iter(lambda: file.read(CHUNK), b"")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error) as error:  # damaged, an unknown method, a password
        raise _refused(archive, f"{entry.filename} cannot be unpacked ({error})") from None


def _refused(archive: Path, why: str) -> UserError:
    return UserError(f"{why}.", where=archive.name, todo="Only a task that Promptune exported can be brought as a zip; bring other data as plain files.")
