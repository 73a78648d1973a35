"""The catalogue: which models there are, whether each can be used, and where its weights lie."""

from __future__ import annotations

import re
import secrets
import zipfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from promptune import hub
from promptune.core.contender import is_slug, slugify
from promptune.engines import folder as model_folder
from promptune.engines.protocol import Weights
from promptune.errors import NotFound, UserError
from promptune.registry import did_you_mean
from promptune.settings import Settings
from promptune.store import Store, artefacts
from promptune.store.models import ModelRecord

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
BUNDLED, BUNDLED_FOLDER = "tiny", Path(__file__).resolve().parent / "tiny" / "model"
NOTE = "A very small model of a small made-up world. It is real: what it gets right and wrong it really does."


@dataclass(frozen=True)
class ModelInfo:
    slug: str
    label: str
    origin: Literal["bundled", "folder", "hub"]
    source: str  # the folder or hub id it came from
    folder: str
    usable: bool
    why: str  # why not
    size: int  # bytes on disk
    created: float | None  # seconds since the epoch
    note: str = ""  # what a person should know before believing it


class Models:
    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store
        self._folder = settings.home / "models"

    def list(self, owner: str) -> list[ModelInfo]:
        return [self._bundled(), *map(self._info, self._store.models.list(owner))]

    def get(self, owner: str, slug: str) -> ModelInfo:
        if slug == BUNDLED:
            return self._bundled()
        try:
            return self._info(self._store.models.get(owner, slug))
        except NotFound:
            known = [BUNDLED, *(record.slug for record in self._store.models.list(owner))]
            raise NotFound(f"no model {slug!r}.", todo=did_you_mean(slug, known)) from None

    def weights(self, owner: str, slug: str) -> Weights:
        model = self.get(owner, slug)
        if not model.usable:
            raise UserError(f"the model {slug!r} cannot be used: {model.why}")
        return Weights(model.slug, model.folder)

    def add(self, owner: str, source: str, slug: str | None = None) -> Generator[hub.Fetched, None, ModelInfo]:
        """A folder stays where it is; a hub model is copied into the data folder, with news on the way. Gives back the model."""
        source = source.strip()
        path = _folder(source)
        if path is not None:
            wanted = _name(path.resolve().name, slug)
            model_folder.inspect(path)
            return self._info(self._claim(owner, wanted, slug is not None, "folder", str(path.resolve()), path.resolve()))
        if HUB_ID.fullmatch(source):
            wanted = _name(source.partition("/")[2], slug)
            place = self._folder / secrets.token_hex(6)
            yield from hub.fetch(source, place, offline=self._settings.offline)
            try:
                model_folder.inspect(place)
                return self._info(self._claim(owner, wanted, slug is not None, "hub", source, place))
            except UserError:
                artefacts.remove(place)
                raise
        what = "nothing is named." if not source else f"there is no folder {source!r}."
        raise UserError(what, where="model", todo="Give a model's folder, or a hub id such as org/name.")

    def delete(self, owner: str, slug: str) -> None:
        """Takes a model out of the catalogue. Files go only where they are ours: a folder you added stays."""
        model = self.get(owner, slug)
        if model.origin == "bundled":
            raise UserError(f"{slug!r} comes with Promptune and stays.", where="model")
        self._store.models.delete(owner, slug)
        if model.origin == "hub":
            artefacts.remove(Path(model.folder))

    def export(self, owner: str, slug: str, target: Path) -> Path:
        """A zip of the folder's files, which any tool that reads safetensors loads."""
        folder = Path(self.weights(owner, slug).folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for path in sorted(folder.iterdir()):
                if path.is_file():
                    archive.write(path, f"{slug}/{path.name}")
        return target

    def _claim(self, owner: str, slug: str, exact: bool, origin: Literal["folder", "hub"], source: str, place: Path) -> ModelRecord:
        return self._store.models.add(owner, slug=slug, exact=exact, label=Path(source).name, origin=origin, source=source, folder=place)

    def _bundled(self) -> ModelInfo:
        why = _unusable(BUNDLED_FOLDER)
        return ModelInfo(BUNDLED, "tiny", "bundled", "comes with Promptune", str(BUNDLED_FOLDER), not why, why, _size(BUNDLED_FOLDER), None, NOTE)

    def _info(self, record: ModelRecord) -> ModelInfo:
        why = _unusable(Path(record.folder))
        return ModelInfo(record.slug, record.label, record.origin, record.source, record.folder, not why, why, _size(Path(record.folder)), record.created)


def _unusable(folder: Path) -> str:
    """Why it cannot be used; empty where it can."""
    try:
        model_folder.inspect(folder)
    except UserError as error:
        return str(error)
    return ""


def _folder(source: str) -> Path | None:
    try:
        path = Path(source).expanduser()
        return path if source and path.is_dir() else None
    except (OSError, RuntimeError, ValueError):  # too long, nobody's home, a NUL
        return None


def _name(found: str, given: str | None) -> str:
    """The slug a model gets: the given one as it is, else the nearest to its own name."""
    name = slugify(found) if given is None else given
    if not name:
        raise UserError(f"no name can be made from {found!r}.", where="name", todo="Choose one with --as: lower-case letters, digits, '.', '_' and '-'.")
    if not is_slug(name) or name == BUNDLED:
        todo = "Choose one with --as: lower-case letters, digits, '.', '_' and '-'."
        raise UserError(f"the name {name!r} cannot be given to a model.", where="name", todo=todo)
    return name


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) if folder.is_dir() else 0
