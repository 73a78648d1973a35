"""The commands about jobs: `promptune jobs …`, and what `--wait` does everywhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated, Any

import typer

from promptune.core.job import Job, JobState, left
from promptune.errors import Busy, NotFound
from promptune.lab import Lab
from promptune.terminal import OWNER, AsJson, NameOrCommand, lab, note, say

LOOK = 0.5  # seconds between two looks at a job

jobs_app = typer.Typer(cls=NameOrCommand, help="Long pieces of work; ID shows one.")


@jobs_app.command("list")
def jobs_list(as_json: AsJson = False) -> None:
    """All of them, newest first."""
    with lab() as here:
        found = [_job(job, here.before_job(OWNER, job.id)) for job in here.jobs(OWNER)]
    say(found, as_json, lambda: "\n".join(map(_job_line, found)) or "No jobs yet. promptune ask --file questions.txt starts one.")


@jobs_app.command("show")
def jobs_show(id: str, follow: Annotated[bool, typer.Option("--follow", help="Stay until it ends.")] = False, as_json: AsJson = False) -> None:
    """One job, and the jobs it is made of."""
    with lab() as here:
        job, teller = here.job(OWNER, id), Teller()
        if follow:
            _say_who_starts(here, job)
        while follow and job.state.active:
            teller.tell(job, here.before_job(OWNER, id))
            time.sleep(LOOK)
            job = here.job(OWNER, id)
        _say_job(here, job, as_json)


@jobs_app.command("cancel")
def jobs_cancel(id: str) -> None:
    """Ends a job, and those it is made of; what it has is kept."""
    with lab() as here:
        here.cancel_job(OWNER, id)
    note(f"{id} is being cancelled.")


@jobs_app.command("resume")
def jobs_resume(id: str, wait: Annotated[bool, typer.Option("--wait", help="Stay until it ended.")] = False, as_json: AsJson = False) -> None:
    """Goes on where a job ended; with --wait, begins one that is queued too."""
    with lab() as here:
        job = here.job(OWNER, id)
        if job.parent or not (wait and job.state.active):
            here.resume_job(OWNER, id)
        started(here, here.job(OWNER, id), wait, as_json)


def started(here: Lab, job: Job, wait: bool, as_json: bool) -> None:
    if wait:
        job = waited(here, job)
    else:
        _say_who_starts(here, job)
    _say_job(here, job, as_json)
    if wait and job.state is not JobState.DONE:
        raise typer.Exit(1)


def waited(here: Lab, job: Job) -> Job:
    try:
        with _told(here, job.id):
            here.wait([job.id])
    except KeyboardInterrupt:
        note(_job_line(_job(here.job(OWNER, job.id))))
        raise
    return here.job(OWNER, job.id)


@contextmanager
def _told(here: Lab, id: str) -> Iterator[None]:
    """What becomes of the job is said meanwhile."""
    over, teller = threading.Event(), Teller()

    def watch() -> None:
        while not over.wait(LOOK):
            with suppress(Busy, NotFound):  # the next look will do; who waits for a deleted job says so
                teller.tell(here.job(OWNER, id), here.before_job(OWNER, id))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Teller:
    """Says on stderr how a job gets on: each state, each step forward in the queue, and each tenth of the work."""

    def __init__(self) -> None:
        self._said: object = None

    def tell(self, job: Job, position: int = 0) -> None:
        news = (job.state, job.cancelling, 10 * job.done // max(job.total, 1), position)
        if job.state.active and news != self._said:
            note(_job_line(_job(job, position)))
            self._said = news


def _say_who_starts(here: Lab, job: Job) -> None:
    if job.state is JobState.QUEUED and not here.queue_runs():
        note(f"No server is running: the next `promptune serve` starts it, or `promptune jobs resume {job.parent or job.id} --wait`.")


def _say_job(here: Lab, job: Job, as_json: bool) -> None:
    position = here.before_job(OWNER, job.id)
    told = _job(job, position) | {"children": [_job(child, position) for child in here.job_children(OWNER, job.id)]}
    say(told, as_json, lambda: "\n".join([_job_line(told), *(f"  {_job_line(child)}" for child in told["children"])]))


def _job(job: Job, position: int = 0) -> dict[str, Any]:
    """`position`: how many are before it, while it waits or runs; `left`: seconds, once there is a pace."""
    keys = ("state", "kind", "label", "cause", "done", "total", "note", "created", "started", "ended")
    told = {"job": job.id, "parent": job.parent or None} | {key: getattr(job, key) for key in keys}
    return told | {"position": position if job.state.active else None, "left": left(job, time.time())}


def _job_line(job: dict[str, Any]) -> str:
    line = f"{job['job']}  {job['state']:<13} {job['done']:>4} of {job['total']:<4} {job['label']}"
    if job["state"] == JobState.QUEUED and job["position"] and not job["parent"]:
        line += f"  waits behind {job['position']}"
    return "  ".join([line, *filter(None, (job["note"], _left(job["left"]), job["cause"]))])


def _left(seconds: float | None) -> str:
    """As exact as one can know."""
    if seconds is None:
        return ""
    return f"{seconds:.0f} s left" if seconds < 60 else f"{seconds / 60:.0f} min left" if seconds < 5400 else f"{seconds / 3600:.1f} h left"
