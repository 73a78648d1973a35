"""Finished comparisons: a question and what every contender answered, with the exact prompts."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from promptune.store.database import Database
from promptune.store.rows import as_label, missing, new_id

LABEL = 60  # characters of the question, until a person names it


@dataclass(frozen=True)
class ComparisonRecord:
    id: str
    owner: str
    label: str
    question: str
    answers: list[dict[str, Any]]
    created: float  # seconds since the epoch
    size: int  # bytes it takes


class Comparisons:
    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, owner: str, *, question: str, answers: Sequence[dict[str, Any]]) -> ComparisonRecord:
        written = json.dumps(answers)
        size = len(question.encode("utf-8", "replace")) + len(written)
        record = ComparisonRecord(new_id(), owner, as_label(question)[:LABEL], question, json.loads(written), time.time(), size)
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO comparisons (id, owner, label, question, answers, created, size) "
                "VALUES (:id, :owner, :label, :question, :answers, :created, :size)",
                {**vars(record), "answers": written},
            )
        return record

    def list(self, owner: str, limit: int = 200) -> list[ComparisonRecord]:
        """Newest first."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT * FROM comparisons WHERE owner = ? ORDER BY rowid DESC LIMIT ?", (owner, limit)).fetchall()
        return [_record(row) for row in rows]

    def get(self, owner: str, id: str) -> ComparisonRecord:
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM comparisons WHERE owner = ? AND id = ?", (owner, id)).fetchone()
        if row is None:
            raise missing("comparison", id)
        return _record(row)

    def rename(self, owner: str, id: str, label: str) -> None:
        with self._database.write() as connection:
            if not connection.execute("UPDATE comparisons SET label = ? WHERE owner = ? AND id = ?", (as_label(label), owner, id)).rowcount:
                raise missing("comparison", id)

    def delete(self, owner: str, id: str) -> None:
        with self._database.write() as connection:
            if not connection.execute("DELETE FROM comparisons WHERE owner = ? AND id = ?", (owner, id)).rowcount:
                raise missing("comparison", id)


def _record(row: dict[str, Any]) -> ComparisonRecord:
    return ComparisonRecord(**{**row, "answers": json.loads(row["answers"])})
