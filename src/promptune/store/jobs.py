"""Jobs: the truth about every long piece of work. Pages and commands only look here."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promptune.core.job import Job, JobState
from promptune.errors import UserError
from promptune.store import artefacts
from promptune.store.database import Database
from promptune.store.disk import naming_full_disk
from promptune.store.rows import as_label, missing, new_id

ID = re.compile("[0-9a-f]{12}")


class Jobs:
    def __init__(self, database: Database, folders: Path) -> None:
        self._database, self._folders = database, folders

    def folder(self, id: str) -> Path:
        if not ID.fullmatch(id):
            raise missing("job", id)
        return self._folders / id

    # ---- for the scheduler: any owner's ----

    def find(self, id: str) -> Job:
        with self._database.read() as connection:
            return _find(connection, id)

    def next_queued(self) -> Job | None:
        """The oldest."""
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM jobs WHERE state = ? ORDER BY rowid LIMIT 1", (JobState.QUEUED,)).fetchone()
        return row and _job(row)

    def running(self) -> list[Job]:
        with self._database.read() as connection:
            rows = connection.execute("SELECT * FROM jobs WHERE state = ? ORDER BY rowid", (JobState.RUNNING,)).fetchall()
        return [_job(row) for row in rows]

    def move(self, id: str, new: JobState, *, cause: str = "") -> Job:
        """Refused when the state it has by now may not become `new`: of two who move it, one is told so."""
        with self._database.write() as connection:
            return _move(connection, _find(connection, id), new, cause)

    def progress(self, id: str, done: int, note: str) -> None:
        """News of a job that ended meanwhile is dropped."""
        with self._database.write() as connection:
            connection.execute("UPDATE jobs SET done = ?, note = ? WHERE id = ? AND state = ?", (done, note, id, JobState.RUNNING))

    # ---- for an owner ----

    def create(self, owner: str, *, kind: str, label: str, spec: dict[str, Any], total: int, files: Mapping[str, str] | None = None) -> Job:
        """`files` lie frozen in the job's folder, by name, before anybody can see the job."""
        written = json.dumps(spec)
        job = Job(new_id(), owner, kind, as_label(label), JobState.QUEUED, "", json.loads(written), 0, total, "", time.time(), None, None, False)
        self._freeze(job.id, files or {})
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO jobs (id, owner, kind, label, state, cause, spec, done, total, note, created, started, ended, cancelling) "
                "VALUES (:id, :owner, :kind, :label, :state, :cause, :spec, :done, :total, :note, :created, :started, :ended, :cancelling)",
                {**vars(job), "spec": written},
            )
        return job

    def _freeze(self, id: str, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            self.folder(id).mkdir(parents=True, exist_ok=True)
            with naming_full_disk(self.folder(id)), (self.folder(id) / name).open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())

    def list(self, owner: str, limit: int = 100) -> list[Job]:
        """Newest first."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT * FROM jobs WHERE owner = ? ORDER BY rowid DESC LIMIT ?", (owner, limit)).fetchall()
        return [_job(row) for row in rows]

    def get(self, owner: str, id: str) -> Job:
        with self._database.read() as connection:
            return _owned(connection, owner, id)

    def ask_cancel(self, owner: str, id: str) -> None:
        """What waits is cancelled at once; what runs is marked, and whoever runs it sees to it."""
        with self._database.write() as connection:
            job = _owned(connection, owner, id)
            if job.state is JobState.QUEUED:
                _move(connection, job, JobState.CANCELLED, "cancelled before it started")
            elif job.state is JobState.RUNNING:
                connection.execute("UPDATE jobs SET cancelling = 1 WHERE id = ?", (id,))
            else:
                raise UserError(f"the job {id} is over ({job.state}): there is nothing to cancel.")

    def resume(self, owner: str, id: str) -> Job:
        with self._database.write() as connection:
            job = _owned(connection, owner, id)
            if not job.state.resumable:
                raise UserError(f"the job {id} is {job.state}: there is nothing to resume.")
            return _move(connection, job, JobState.QUEUED)

    def rename(self, owner: str, id: str, label: str) -> None:
        with self._database.write() as connection:
            if not connection.execute("UPDATE jobs SET label = ? WHERE owner = ? AND id = ?", (as_label(label), owner, id)).rowcount:
                raise missing("job", id)

    def delete(self, owner: str, id: str) -> None:
        with self._database.write() as connection:
            if _owned(connection, owner, id).state.active:
                raise UserError(f"the job {id} is not over yet.", todo="Cancel it first.")
            connection.execute("DELETE FROM jobs WHERE id = ?", (id,))
        artefacts.remove(self.folder(id))  # the row first: a folder that stays behind is in no list


def _move(connection: sqlite3.Connection, job: Job, new: JobState, cause: str = "") -> Job:
    if not job.state.may_become(new):
        raise UserError(f"the job {job.id} is {job.state} and cannot become {new}.")
    now = time.time()
    started = None if new is JobState.QUEUED else now if new is JobState.RUNNING else job.started
    ended = None if new.active else now
    connection.execute(
        "UPDATE jobs SET state = ?, cause = ?, note = '', started = ?, ended = ?, cancelling = 0 WHERE id = ?", (new, cause, started, ended, job.id)
    )
    return _find(connection, job.id)


def _owned(connection: sqlite3.Connection, owner: str, id: str) -> Job:
    row = connection.execute("SELECT * FROM jobs WHERE owner = ? AND id = ?", (owner, id)).fetchone()
    if row is None:
        raise missing("job", id)
    return _job(row)


def _find(connection: sqlite3.Connection, id: str) -> Job:
    row = connection.execute("SELECT * FROM jobs WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise missing("job", id)
    return _job(row)


def _job(row: dict[str, Any]) -> Job:
    return Job(**{**row, "state": JobState(row["state"]), "spec": json.loads(row["spec"]), "cancelling": bool(row["cancelling"])})
