"""Jobs that read `running` and are not: the process that ran them is gone. Only whoever holds the queue's lock may say so."""

from __future__ import annotations

import logging
import time
from contextlib import suppress

import psutil

from promptune.jobs.ends import interrupted
from promptune.jobs.folder import LOCK
from promptune.store import Lock, Store

PATIENCE = 5.0  # seconds for a worker to see that its scheduler is gone
log = logging.getLogger("promptune.jobs")


def settle(store: Store) -> None:
    for job in reversed(store.jobs.running()):  # children before their parent: once that is over, it may be resumed
        lock = Lock(store.job_folder(job.id) / LOCK)
        if not _free(lock):
            _kill(lock)
            _free(lock)
        end = interrupted()
        store.jobs.move(job.id, end.state, cause=end.cause)
        log.info("job %s is %s: %s", job.id, end.state, end.cause)


def _free(lock: Lock) -> bool:
    """Whether the worker ends by itself, which it does at once unless something holds it."""
    end = time.monotonic() + PATIENCE
    while lock.holder() is not None:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _kill(lock: Lock) -> None:
    """Only a process that proves to be the worker by holding its lock; a number that went to a stranger is not touched."""
    holder = lock.holder()
    if holder and "pid" in holder:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(holder["pid"])  # knows when it was born, and kills no later one of the same number
            if lock.holder() == holder:
                log.warning("worker %s outlived its scheduler and is killed", process.pid)
                process.kill()
