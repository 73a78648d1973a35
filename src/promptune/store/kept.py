"""What a person made and named: tasks, prompt parts, passages. Each kind has its own names; the content is JSON."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from promptune.store import slugs
from promptune.store.database import Database
from promptune.store.rows import as_label, missing, new_id


@dataclass(frozen=True)
class KeptLine:
    """What a list shows of one, without its content, which may be large."""

    slug: str
    label: str
    summary: str


@dataclass(frozen=True)
class KeptRecord:
    id: str
    owner: str
    kind: str
    slug: str
    label: str
    summary: str  # a line for lists
    content: dict[str, Any]
    created: float  # seconds since the epoch


class Kept:
    """Things of one kind; `kind` is also what an error calls them."""

    def __init__(self, database: Database, kind: str) -> None:
        self._database, self._kind = database, kind

    def add(self, owner: str, *, slug: str, label: str, content: dict[str, Any], summary: str = "", id: str | None = None, exact: bool = False) -> KeptRecord:
        """Under `slug` or, unless it must be `exact`, the nearest one that is free. `id`: of a folder that was made for it."""
        written = json.dumps(content)
        id, label = id or new_id(), as_label(label)
        with self._database.write() as connection:
            slug = slugs.claim(connection, owner, self._kind, slug, thing=id, exact=exact)
            record = KeptRecord(id, owner, self._kind, slug, label, summary, json.loads(written), time.time())
            connection.execute(
                "INSERT INTO kept (id, owner, kind, slug, label, summary, content, created) "
                "VALUES (:id, :owner, :kind, :slug, :label, :summary, :content, :created)",
                {**vars(record), "content": written},
            )
        return record

    def list(self, owner: str) -> list[KeptRecord]:
        """In the order they were made."""
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute("SELECT * FROM kept WHERE owner = ? AND kind = ? ORDER BY rowid", (owner, self._kind))]

    def lines(self, owner: str) -> tuple[KeptLine, ...]:
        with self._database.read() as connection:
            rows = connection.execute("SELECT slug, label, summary FROM kept WHERE owner = ? AND kind = ? ORDER BY rowid", (owner, self._kind)).fetchall()
        return tuple(KeptLine(**row) for row in rows)

    def get(self, owner: str, slug: str) -> KeptRecord:
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM kept WHERE owner = ? AND kind = ? AND slug = ?", (owner, self._kind, slug)).fetchone()
        if row is None:
            raise missing(self._kind, slug)
        return _record(row)

    def rename(self, owner: str, slug: str, label: str) -> None:
        """Its label only: the slug is what other things know it by."""
        with self._database.write() as connection:
            changed = connection.execute("UPDATE kept SET label = ? WHERE owner = ? AND kind = ? AND slug = ?", (as_label(label), owner, self._kind, slug))
            if not changed.rowcount:
                raise missing(self._kind, slug)

    def delete(self, owner: str, slug: str) -> None:
        with self._database.write() as connection:
            if not connection.execute("DELETE FROM kept WHERE owner = ? AND kind = ? AND slug = ?", (owner, self._kind, slug)).rowcount:
                raise missing(self._kind, slug)


def _record(row: dict[str, Any]) -> KeptRecord:
    return KeptRecord(**{**row, "content": json.loads(row["content"])})
