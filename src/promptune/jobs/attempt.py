"""One attempt at a job: its worker started, followed, and ended where somebody wants it to end."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from promptune.core.job import Job, JobState
from promptune.errors import Busy, DiskFull
from promptune.jobs.backend import LocalProcess
from promptune.jobs.ends import End, Ours, end_of
from promptune.jobs.folder import SPEC
from promptune.jobs.progress import Follower
from promptune.store import Store, naming_full_disk

LOOK = 0.2  # seconds between two looks at a worker


def attempt(store: Store, job: Job, stop: threading.Event) -> End:
    folder = store.job_folder(job.id)
    folder.mkdir(parents=True, exist_ok=True)
    with naming_full_disk(folder):
        _write_spec(folder, job.spec | ({"ends": ends} if (ends := _ends(store, job.id)) else {}))
        follower, worker = Follower(folder), LocalProcess(folder)
    ours: Ours | None = None
    try:
        while (code := worker.wait(LOOK)) is None:
            _bring_news(store, job.id, follower)
            if ours := asked_to_end(store, job.id, stop):
                code = worker.close() if ours == "stopped" else worker.cancel(hurry=stop)
                break
    finally:
        worker.close()
    _bring_news(store, job.id, follower)
    return end_of(code, follower.last_word, ours)


def asked_to_end(store: Store, id: str, stop: threading.Event) -> Ours | None:
    if stop.is_set():
        return "stopped"
    with suppress(Busy):
        return "cancelled" if store.jobs.find(id).cancelling else None
    return None


def _ends(store: Store, id: str) -> dict[str, str]:
    """By child that did not end well, why: a worker that was killed could not say it itself."""
    return {child.id: child.cause or f"it is {child.state}" for child in store.jobs.children(id) if child.state is not JobState.DONE}


def _write_spec(folder: Path, spec: dict[str, Any]) -> None:
    part = folder / f"{SPEC}.part"
    part.write_text(json.dumps(spec), encoding="utf-8")
    part.replace(folder / SPEC)


def _bring_news(store: Store, id: str, follower: Follower) -> None:
    if step := follower.news():
        with suppress(Busy, DiskFull):  # the next news come soon
            store.jobs.progress(id, step.done, step.note)
