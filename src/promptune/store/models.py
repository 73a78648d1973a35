"""The models a person added: where each lies, under the slug that contenders spell."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from promptune.store import slugs
from promptune.store.database import Database
from promptune.store.rows import as_label, missing, new_id


@dataclass(frozen=True)
class ModelRecord:
    id: str
    owner: str
    slug: str
    label: str
    origin: Literal["folder", "hub"]
    source: str  # the folder or hub id it came from
    folder: str
    created: float  # seconds since the epoch


class Models:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, owner: str, *, slug: str, label: str, origin: Literal["folder", "hub"], source: str, folder: Path, exact: bool = False) -> ModelRecord:
        """Under `slug` or, unless it must be `exact`, the nearest one that is free."""
        id, label = new_id(), as_label(label)
        with self._database.write() as connection:
            slug = slugs.claim(connection, owner, "model", slug, thing=id, exact=exact)
            record = ModelRecord(id, owner, slug, label, origin, source, str(folder), time.time())
            connection.execute(
                "INSERT INTO models (id, owner, slug, label, origin, source, folder, created) "
                "VALUES (:id, :owner, :slug, :label, :origin, :source, :folder, :created)",
                vars(record),
            )
        return record

    def list(self, owner: str) -> list[ModelRecord]:
        """In the order they were added."""
        with self._database.read() as connection:
            return [ModelRecord(**row) for row in connection.execute("SELECT * FROM models WHERE owner = ? ORDER BY rowid", (owner,))]

    def get(self, owner: str, slug: str) -> ModelRecord:
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM models WHERE owner = ? AND slug = ?", (owner, slug)).fetchone()
        if row is None:
            raise missing("model", slug)
        return ModelRecord(**row)

    def rename(self, owner: str, slug: str, label: str) -> None:
        """Its label only: the slug is what other things know it by."""
        with self._database.write() as connection:
            if not connection.execute("UPDATE models SET label = ? WHERE owner = ? AND slug = ?", (as_label(label), owner, slug)).rowcount:
                raise missing("model", slug)

    def delete(self, owner: str, slug: str) -> None:
        """The row only: whether the folder is ours to delete, the catalogue knows."""
        with self._database.write() as connection:
            if not connection.execute("DELETE FROM models WHERE owner = ? AND slug = ?", (owner, slug)).rowcount:
                raise missing("model", slug)
