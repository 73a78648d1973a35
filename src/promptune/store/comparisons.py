"""Kept comparisons: a question and what every contender answered, with the exact prompts. One after the other they make a talk.

A talk is named by the id of its first comparison, and it bears that one's label.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from sqlite3 import Connection
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
    talk: str  # the id of the first one of its talk
    about: dict[str, Any] | None = None  # the task and row that it was asked in
    vote: str = ""
    blind: bool = False  # asked with names hidden


class Comparisons:
    def __init__(self, database: Database) -> None:
        self._database = database

    def save(
        self,
        owner: str,
        *,
        question: str,
        answers: Sequence[dict[str, Any]],
        talk: str = "",
        instead: Sequence[str] = (),
        about: Mapping[str, Any] | None = None,
        blind: bool = False,
    ) -> ComparisonRecord:
        """`talk`: it goes on with that one, `instead` of some of its comparisons, which go in the same moment. What a person called the talk stays."""
        written, id = json.dumps(answers), new_id()
        record = ComparisonRecord(
            id, owner, as_label(question)[:LABEL], question, json.loads(written), time.time(), _size(question, written), talk or id, _plain(about), "", blind
        )
        with self._database.write() as connection:
            if talk:
                rows = connection.execute("SELECT id, label, question FROM comparisons WHERE owner = ? AND talk = ? ORDER BY rowid", (owner, talk)).fetchall()
                if not rows:
                    raise missing("talk", talk)
                connection.executemany("DELETE FROM comparisons WHERE owner = ? AND talk = ? AND id = ?", [(owner, talk, one) for one in instead])
                if rows[0]["label"] != as_label(rows[0]["question"])[:LABEL]:  # whichever is the first one then
                    connection.execute("UPDATE comparisons SET label = ? WHERE owner = ? AND talk = ?", (rows[0]["label"], owner, talk))
                    record = replace(record, label=rows[0]["label"])
            connection.execute(
                "INSERT INTO comparisons (id, owner, label, question, answers, created, size, talk, about, vote, blind) "
                "VALUES (:id, :owner, :label, :question, :answers, :created, :size, :talk, :about, :vote, :blind)",
                {**vars(record), "answers": written, "about": json.dumps(record.about) if record.about else ""},
            )
        return record

    def answer(self, owner: str, id: str, answers: Mapping[int, dict[str, Any]]) -> ComparisonRecord:
        """Other answers in some places; a vote on the old ones is none on these, and whoever gave it knows the names."""
        with self._database.write() as connection:
            record = _one(connection, owner, id)
            written = json.dumps([answers.get(i, one) for i, one in enumerate(record.answers)])
            connection.execute(
                "UPDATE comparisons SET blind = blind AND vote = '', answers = ?, size = ?, vote = '' WHERE owner = ? AND id = ?",
                (written, _size(record.question, written), owner, id),
            )
            return _one(connection, owner, id)

    def vote(self, owner: str, id: str, vote: str, check: Callable[[ComparisonRecord], None] = lambda record: None) -> ComparisonRecord:
        """One that is changed is no blind one any more: the first showed the names. `check` raises where it cannot stand: on what is there as it is written."""
        known = {"vote": vote, "owner": owner, "id": id}
        with self._database.write() as connection:
            check(_one(connection, owner, id))
            connection.execute("UPDATE comparisons SET blind = blind AND vote IN ('', :vote), vote = :vote WHERE owner = :owner AND id = :id", known)
            return _one(connection, owner, id)

    def get(self, owner: str, id: str) -> ComparisonRecord:
        with self._database.read() as connection:
            return _one(connection, owner, id)

    def talk(self, owner: str, id: str) -> list[ComparisonRecord]:
        """Oldest first."""
        with self._database.read() as connection:
            records = _talk(connection, owner, id)
        if not records:
            raise missing("talk", id)
        return records

    def talks(self, owner: str, wanted: Callable[[Sequence[ComparisonRecord]], bool], limit: int | None) -> list[list[ComparisonRecord]]:
        """The one that was gone on with last comes first."""
        found: list[list[ComparisonRecord]] = []
        with self._database.read() as connection:
            rows = connection.execute("SELECT talk FROM comparisons WHERE owner = ? GROUP BY talk ORDER BY MAX(rowid) DESC", (owner,)).fetchall()
            for row in rows:
                if len(found) == limit:
                    break
                records = _talk(connection, owner, row["talk"])
                if records and wanted(records):  # it may be deleted meanwhile
                    found.append(records)
        return found

    def voted(self, owner: str) -> list[ComparisonRecord]:
        """Oldest first."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT * FROM comparisons WHERE owner = ? AND vote != '' ORDER BY rowid", (owner,)).fetchall()
        return [_record(row) for row in rows]

    def list(self, owner: str, limit: int | None = None) -> list[ComparisonRecord]:
        """Newest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT * FROM comparisons WHERE owner = ? ORDER BY rowid DESC LIMIT ?", (owner, -1 if limit is None else limit)
            ).fetchall()
        return [_record(row) for row in rows]

    def rename(self, owner: str, id: str, label: str) -> None:
        with self._database.write() as connection:
            if not connection.execute("UPDATE comparisons SET label = ? WHERE owner = ? AND id = ?", (as_label(label), owner, id)).rowcount:
                raise missing("comparison", id)

    def delete_talk(self, owner: str, id: str) -> None:
        with self._database.write() as connection:
            if not connection.execute("DELETE FROM comparisons WHERE owner = ? AND talk = ?", (owner, id)).rowcount:
                raise missing("talk", id)


def _one(connection: Connection, owner: str, id: str) -> ComparisonRecord:
    row = connection.execute("SELECT * FROM comparisons WHERE owner = ? AND id = ?", (owner, id)).fetchone()
    if row is None:
        raise missing("comparison", id)
    return _record(row)


def _talk(connection: Connection, owner: str, id: str) -> list[ComparisonRecord]:
    return [_record(row) for row in connection.execute("SELECT * FROM comparisons WHERE owner = ? AND talk = ? ORDER BY rowid", (owner, id)).fetchall()]


def _size(question: str, written: str) -> int:
    return len(question.encode("utf-8", "replace")) + len(written)


def _plain(about: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """As it comes back."""
    read: dict[str, Any] | None = json.loads(json.dumps(about)) if about else None
    return read


def _record(row: dict[str, Any]) -> ComparisonRecord:
    known = {field.name: row[field.name] for field in fields(ComparisonRecord)}
    read = {"answers": json.loads(row["answers"]), "about": json.loads(row["about"]) if row["about"] else None, "blind": bool(row["blind"])}
    return ComparisonRecord(**{**known, **read})
