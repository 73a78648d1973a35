"""Jobs: the truth about every long piece of work. Pages and commands only look here.

A family is a job and its children. It comes to be at once, waits in the queue as its parent, and is cancelled, resumed and deleted as a whole.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promptune.core.job import Job, JobState
from promptune.errors import UserError
from promptune.store import artefacts
from promptune.store.database import Database
from promptune.store.disk import naming_full_disk
from promptune.store.rows import as_label, missing, new_id

ID = re.compile("[0-9a-f]{12}")


@dataclass(frozen=True)
class NewJob:
    kind: str
    label: str
    spec: dict[str, Any]
    total: int
    files: Mapping[str, str] = field(default_factory=dict)  # by name
    id: str = field(default_factory=new_id)  # drawn earlier where a spec names the jobs of its family


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

    def children(self, id: str) -> list[Job]:
        """In the order in which they run."""
        with self._database.read() as connection:
            return _children(connection, id)

    def next_queued(self) -> Job | None:
        """The oldest. A child waits for its parent, not here."""
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM jobs WHERE state = ? AND parent = '' ORDER BY rowid LIMIT 1", (JobState.QUEUED,)).fetchone()
        return row and _job(row)

    def position(self, id: str) -> int:
        """How many wait or run before it; 0 when it is next, runs or is over. A child stands where its parent stands."""
        with self._database.read() as connection:
            job = _find(connection, id)
            job = _find(connection, job.parent) if job.parent else job
            if job.state is not JobState.QUEUED:
                return 0
            before = connection.execute(
                "SELECT COUNT(*) AS count FROM jobs WHERE parent = '' AND (state = ? OR (state = ? AND rowid < (SELECT rowid FROM jobs WHERE id = ?)))",
                (JobState.RUNNING, JobState.QUEUED, job.id),
            ).fetchone()
        return int(before["count"])

    def running(self) -> list[Job]:
        with self._database.read() as connection:
            rows = connection.execute("SELECT * FROM jobs WHERE state = ? ORDER BY rowid", (JobState.RUNNING,)).fetchall()
        return [_job(row) for row in rows]

    def move(self, id: str, new: JobState, *, cause: str = "") -> Job:
        """Refused when the state it has by now may not become `new`: of two who move it, one is told so."""
        with self._database.write() as connection:
            return _move(connection, _find(connection, id), new, cause)

    def progress(self, id: str, done: int, note: str) -> None:
        """News of a job that ended meanwhile is dropped. What a parent itself has done is told on top of what its children did."""
        with self._database.write() as connection:
            _tell(connection, id, done + sum(child["done"] for child in _steps(connection, id)), note)
            if (job := _find(connection, id)).parent:
                _tell_parent(connection, job)

    # ---- for an owner ----

    def create(self, owner: str, *, kind: str, label: str, spec: dict[str, Any], total: int, files: Mapping[str, str] | None = None, id: str = "") -> Job:
        """`files` lie frozen in the job's folder, by name, before anybody can see the job."""
        return self.create_family(owner, NewJob(kind, label, spec, total, files or {}, id or new_id()), [])[0]

    def create_family(self, owner: str, parent: NewJob, children: Sequence[NewJob]) -> tuple[Job, list[Job]]:
        """All of them or none. The children run in this order, then the parent; its `total` counts their work and its own."""
        head, *rest = jobs = [_waiting(owner, new, "" if new is parent else parent.id) for new in (parent, *children)]
        for new in (parent, *children):
            self._freeze(new.id, new.files)
        with self._database.write() as connection:
            for job in jobs:
                connection.execute(
                    "INSERT INTO jobs (id, owner, kind, label, state, cause, spec, done, total, note, created, started, ended, cancelling, begun, parent) "
                    "VALUES (:id, :owner, :kind, :label, :state, :cause, :spec, :done, :total, :note, "
                    ":created, :started, :ended, :cancelling, :begun, :parent)",
                    {**vars(job), "spec": json.dumps(job.spec)},
                )
        return head, rest

    def _freeze(self, id: str, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            self.folder(id).mkdir(parents=True, exist_ok=True)
            with naming_full_disk(self.folder(id)), (self.folder(id) / name).open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())

    def list(self, owner: str, limit: int = 100, *, kind: str | None = None, top: bool = True) -> list[Job]:
        """Newest first. `top`: without children, which are their parent's."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT * FROM jobs WHERE owner = :owner AND (:kind IS NULL OR kind = :kind) AND (NOT :top OR parent = '') ORDER BY rowid DESC LIMIT :limit",
                {"owner": owner, "kind": kind, "top": top, "limit": limit},
            ).fetchall()
        return [_job(row) for row in rows]

    def get(self, owner: str, id: str) -> Job:
        with self._database.read() as connection:
            return _owned(connection, owner, id)

    def ask_cancel(self, owner: str, id: str) -> None:
        """What waits is cancelled at once; what runs is marked, and whoever runs it sees to it. The same for each child."""
        with self._database.write() as connection:
            job = _owned(connection, owner, id)
            if not job.state.active:
                raise UserError(f"the job {id} is over ({job.state}): there is nothing to cancel.")
            for one in (job, *_children(connection, id)):
                if one.state is JobState.QUEUED:
                    _move(connection, one, JobState.CANCELLED, "cancelled before it started")
                elif one.state is JobState.RUNNING:
                    connection.execute("UPDATE jobs SET cancelling = 1 WHERE id = ?", (one.id,))

    def resume(self, owner: str, id: str) -> Job:
        """Its children too, but for those that are done."""
        with self._database.write() as connection:
            job = _owned(connection, owner, id)
            if job.parent:
                raise UserError(f"the job {id} belongs to the job {job.parent}: resume that.")
            children = _children(connection, id)
            if not can_resume(job, children):
                raise UserError(f"the job {id} is {job.state}: there is nothing to resume.")
            for child in children:
                if child.state.resumable:
                    _move(connection, child, JobState.QUEUED)
            return _move(connection, job, JobState.QUEUED, again=True)

    def rename(self, owner: str, id: str, label: str) -> None:
        with self._database.write() as connection:
            if not connection.execute("UPDATE jobs SET label = ? WHERE owner = ? AND id = ?", (as_label(label), owner, id)).rowcount:
                raise missing("job", id)

    def delete(self, owner: str, id: str) -> None:
        """Its children too."""
        with self._database.write() as connection:
            job, children = _owned(connection, owner, id), _children(connection, id)
            if job.parent:
                raise UserError(f"the job {id} belongs to the job {job.parent}: delete that.")
            if job.state.active or any(child.state is JobState.RUNNING for child in children):  # one that waits for an ended parent waits for nothing
                raise UserError(f"the job {id} is not over yet.", todo="Cancel it first.")
            connection.execute("DELETE FROM jobs WHERE id = ? OR parent = ?", (id, id))
        for one in (job, *children):
            artefacts.remove(self.folder(one.id))  # the rows first: a folder that stays behind is in no list


def can_resume(job: Job, children: Sequence[Job]) -> bool:
    """One that is done too, where it lost a part: what that was to do can still be done."""
    return job.state.resumable or (job.state is JobState.DONE and any(child.state.resumable for child in children))


def _waiting(owner: str, new: NewJob, parent: str) -> Job:
    """Its spec as it will be read back."""
    spec = json.loads(json.dumps(new.spec))
    return Job(new.id, owner, new.kind, as_label(new.label), JobState.QUEUED, "", spec, 0, new.total, "", time.time(), None, None, False, parent=parent)


def _move(connection: sqlite3.Connection, job: Job, new: JobState, cause: str = "", *, again: bool = False) -> Job:
    """`again`: though it is done."""
    if not (again or job.state.may_become(new)):
        raise UserError(f"the job {job.id} is {job.state} and cannot become {new}.")
    now = time.time()
    started = None if new is JobState.QUEUED else now if new is JobState.RUNNING else job.started
    ended = None if new.active else now
    begun = job.done if new is JobState.RUNNING else job.begun
    connection.execute(
        "UPDATE jobs SET state = ?, cause = ?, note = '', started = ?, ended = ?, cancelling = 0, begun = ? WHERE id = ?",
        (new, cause, started, ended, begun, job.id),
    )
    moved = _find(connection, job.id)
    if moved.parent and new is JobState.RUNNING:
        _tell_parent(connection, moved)
    return moved


def _tell_parent(connection: sqlite3.Connection, child: Job) -> None:
    """It has done what its children have done, and is doing what this one does."""
    steps = _steps(connection, child.parent)
    number = 1 + [step["id"] for step in steps].index(child.id)
    note = f"{number} of {len(steps)}: {child.label}" + (f" · {child.note}" if child.note else "")
    _tell(connection, child.parent, sum(step["done"] for step in steps), note)


def _tell(connection: sqlite3.Connection, id: str, done: int, note: str) -> None:
    """One that went back behind where it started, to its last checkpoint, started there."""
    told = "UPDATE jobs SET done = :done, note = :note, begun = MIN(begun, :done) WHERE id = :id AND state = :state"
    connection.execute(told, {"done": done, "note": note, "id": id, "state": JobState.RUNNING})


def _steps(connection: sqlite3.Connection, parent: str) -> list[dict[str, Any]]:
    """Of each child how far it is, without its spec, which may be long."""
    return connection.execute("SELECT id, done FROM jobs WHERE parent = ? ORDER BY rowid", (parent,)).fetchall()


def _children(connection: sqlite3.Connection, parent: str) -> list[Job]:
    return [_job(row) for row in connection.execute("SELECT * FROM jobs WHERE parent = ? ORDER BY rowid", (parent,)).fetchall()]


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
