"""Files that a visitor sent: each in a folder of ours, under a name of ours, for its owner only, for a day."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from promptune.errors import NotFound, UserError
from promptune.store import artefacts, naming_full_disk
from promptune.store.rows import as_label, missing, new_id
from promptune.tasks.tables.table import MAX_BYTES

ID = re.compile("[0-9a-f]{12}")
KEPT = 24 * 3600.0  # seconds
SUFFIXES = (".csv", ".tsv", ".txt", ".md", ".json", ".jsonl", ".ndjson", ".parquet", ".yaml", ".yml", ".zip")
META = "upload.json"


@dataclass(frozen=True)
class Upload:
    id: str
    owner: str
    name: str  # as the visitor calls it: a label, never a path
    file: str  # where it lies in its folder: a file, or a folder of tables
    size: int  # bytes
    notes: tuple[str, ...] = ()  # what a person should know of how it came


class Uploads:
    def __init__(self, place: Path) -> None:
        self._place = place

    def receive(self, owner: str, name: str, pieces: Iterable[bytes]) -> Upload:
        """Written as it comes; what is too large leaves nothing."""
        self._sweep()
        id, label = new_id(), as_label(name)
        suffix = name[name.rfind(".") :].lower() if "." in name else ""  # of the whole name: a label is cut
        folder, file = self._place / id, f"data{suffix if suffix in SUFFIXES else '.txt'}"
        folder.mkdir(parents=True)
        try:
            with naming_full_disk(folder):
                return self._told(Upload(id, owner, label, file, _write(folder / file, pieces)))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def place(self) -> Path:
        """A folder that is still to be made, for what does not come through `receive`."""
        self._sweep()
        return self._place / new_id()

    def adopt(self, owner: str, name: str, place: Path, found: Path, notes: tuple[str, ...] = ()) -> Upload:
        """What now lies in such a folder."""
        return self._told(Upload(place.name, owner, as_label(name), str(found.relative_to(place)), artefacts.size(found), notes))

    def _told(self, upload: Upload) -> Upload:
        (self._place / upload.id / META).write_text(json.dumps(asdict(upload)), encoding="utf-8")
        return upload

    def get(self, owner: str, id: str) -> Upload:
        try:
            values = json.loads((self._folder(id) / META).read_text(encoding="utf-8"))
            upload = Upload(**{**values, "notes": tuple(values["notes"])})
        except (OSError, ValueError):
            raise missing("upload", id) from None
        if upload.owner != owner:
            raise missing("upload", id)
        return upload

    def path(self, owner: str, id: str) -> Path:
        return self._folder(id) / self.get(owner, id).file

    def delete(self, owner: str, id: str) -> None:
        with suppress(NotFound):
            shutil.rmtree(self._folder(self.get(owner, id).id), ignore_errors=True)

    def _folder(self, id: str) -> Path:
        if not ID.fullmatch(id):
            raise missing("upload", id)
        return self._place / id

    def _sweep(self) -> None:
        for folder in self._place.glob("*"):
            with suppress(OSError):
                if time.time() - folder.lstat().st_mtime > KEPT:
                    shutil.rmtree(folder)


def _write(file: Path, pieces: Iterable[bytes]) -> int:
    size = 0
    with file.open("xb") as out:
        for piece in pieces:
            size += len(piece)
            if size > MAX_BYTES:
                raise UserError(f"it is larger than {MAX_BYTES // 2**20} MB.", where="file", todo="Bring a part of it.")
            out.write(piece)
    return size
