"""The queue: one job at a time, each in a worker process. Whoever holds the scheduler's lock runs it; the store is the truth.

A job with children has its turn with them: they run before it, each as any job, and however one ends, the next one runs.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal

from promptune.core.job import Job, JobState
from promptune.errors import Busy, DiskFull, NotFound, UserError
from promptune.jobs.attempt import asked_to_end, attempt
from promptune.jobs.ends import End, end_by_us, failed
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
        children = self._store.jobs.children(job.id)
        self._store.jobs.move(job.id, JobState.RUNNING)
        for child in children:
            if self._begun(child.id):
                self._run(child)
        self._run(job)

    def _begun(self, child: str) -> bool:
        """Not one that is done, or was cancelled meanwhile."""
        try:
            return not self._stop.is_set() and self._written(lambda: self._store.jobs.move(child, JobState.RUNNING))
        except UserError:
            return False

    def _run(self, job: Job) -> None:
        """To its end, which is near when somebody wants it to end by now."""
        try:
            if ours := asked_to_end(self._store, job.id, self._stop):
                end = end_by_us(ours)
            else:
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
        return next((job for id in self._only if (job := self._found(id)) and job.state is JobState.QUEUED and not job.parent), None)

    def _finish(self, id: str, end: End) -> None:
        """A job that ended must not read `running`."""
        if self._written(lambda: self._store.jobs.move(id, end.state, cause=end.cause)):
            log.info("job %s is %s%s", id, end.state, end.cause and f": {end.cause}")

    def _written(self, write: Callable[[], object]) -> bool:
        """Tried again until it is, or until we are to stop."""
        while True:
            try:
                write()
                return True
            except (Busy, DiskFull) as error:
                log.warning("how a job stands cannot be written yet: %s", error)
                if self._stop.wait(AFTER_TROUBLE):
                    return False

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
