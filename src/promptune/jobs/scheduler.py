"""The queue: one job at a time, each in a worker process. Whoever holds the scheduler's lock runs it; the store is the truth."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal

from promptune.core.job import Job, JobState
from promptune.errors import Busy, DiskFull, NotFound, UserError
from promptune.jobs.attempt import attempt
from promptune.jobs.ends import End, failed
from promptune.jobs.leftovers import settle
from promptune.settings import Settings
from promptune.store import Lock, Store

LOCK = "scheduler.lock"
PAUSE = 0.5  # seconds between two looks at the lock or at an empty queue
AFTER_TROUBLE = 5.0  # seconds
log = logging.getLogger("promptune.jobs")

Role = Literal["server", "command"]


def reconcile(store: Store) -> None:
    """For a command: nothing reads `running` that nobody runs. Does nothing while somebody runs the queue."""
    if running := store.jobs.running():
        lock = Lock(store.job_folder(running[0].id).parents[1] / LOCK)
        if lock.acquire({"role": "command"}):
            try:
                settle(store)
            finally:
                lock.release()


class Scheduler:
    def __init__(self, store: Store, settings: Settings, *, before_start: Callable[[Job], None]) -> None:
        self._store, self._before_start = store, before_start
        self._lock = Lock(settings.home / LOCK)
        self._only: Sequence[str] | None = None  # the jobs a command waits for; None: whatever is queued
        self._holds = False  # the lock; only the thread looks
        self._before_us = ""  # who held it while we waited for it, for people
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, role: Role = "server") -> None:
        """Runs the queue from now on, or as soon as whoever runs it ends."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._loop, args=(role,), daemon=True, name="scheduler")
        self._thread.start()

    def close(self) -> None:
        """A running job is interrupted, and can be resumed."""
        self._stop.set()
        if self._thread:
            self._thread.join()
            self._thread = None

    def run_until(self, ids: Sequence[str]) -> None:
        """For a command that waits: runs these jobs, in this order, while nobody else runs the queue, until they ended.

        These only: a command ends with its jobs and by Ctrl-C, which would interrupt any other that it runs just then. It
        overtakes none that would run otherwise: where a server runs the queue, oldest first, the command only watches.
        """
        self._only = tuple(ids)
        self.start("command")
        try:
            while not all(map(self._ended, ids)):
                time.sleep(PAUSE)
        finally:
            self.close()

    # ---- in the thread ----

    def _loop(self, role: Role) -> None:
        try:
            while not self._stop.is_set():
                self._guarded(self._next if self._holds else lambda: self._seek(role))
        finally:
            self._holds = False
            self._lock.release()

    def _seek(self, role: Role) -> None:
        if self._lock.acquire({"role": role}):
            self._holds = True
            if self._before_us:
                log.info("This %s took over the queue from %s.", role, self._before_us)
            return
        if not self._before_us and (holder := self._lock.holder()):
            self._before_us = f"a {holder.get('role', 'process')} (process {holder.get('pid')})"
            log.info("The queue is run by %s; this %s takes over when that ends.", self._before_us, role)
        self._stop.wait(PAUSE)

    def _next(self) -> None:
        settle(self._store)
        if (job := self._waiting()) is None:
            self._stop.wait(PAUSE)
            return
        self._store.jobs.move(job.id, JobState.RUNNING)
        try:
            self._before_start(job)
            end = attempt(self._store, job, self._stop)
        except UserError as error:
            end = failed(error.name, str(error))
        except Exception as error:
            log.exception("job %s could not be run", job.id)
            end = failed("FAILED", f"{type(error).__name__}: {error}")
        self._finish(job.id, end)

    def _waiting(self) -> Job | None:
        if self._only is None:
            return self._store.jobs.next_queued()
        return next((job for id in self._only if (job := self._found(id)) and job.state is JobState.QUEUED), None)

    def _finish(self, id: str, end: End) -> None:
        """Tried again until it is written: a job that ended must not read `running`."""
        while True:
            try:
                self._store.jobs.move(id, end.state, cause=end.cause)
                return log.info("job %s is %s%s", id, end.state, end.cause and f": {end.cause}")
            except (Busy, DiskFull) as error:
                log.warning("job %s ended, which cannot be written yet: %s", id, error)
                if self._stop.wait(AFTER_TROUBLE):
                    return None

    def _guarded(self, step: Callable[[], None]) -> None:
        """Whatever happens to one job or to the disk, the queue goes on."""
        try:
            step()
        except Exception:
            log.exception("the queue stumbled and goes on")
            self._stop.wait(AFTER_TROUBLE)

    def _found(self, id: str) -> Job | None:
        with suppress(NotFound):  # deleted
            return self._store.jobs.find(id)
        return None

    def _ended(self, id: str) -> bool:
        try:
            return not ((job := self._found(id)) and job.state.active)
        except Busy:
            return False
