"""The states of a long piece of work, and which may follow which.

    queued ─► running ─► done
      │          ├─► failed · killed · out_of_memory · disk_full · timeout · interrupted ─► queued (resumed)
      └──────────┴─► cancelled ─► queued (resumed)

A job that did not end well says why by its state's name, never a bare "failed" where the cause is known.

A job may have children: they run in order, then the job itself, which makes one thing of what they left.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    KILLED = "killed"  # its worker ended by a signal we did not send
    OUT_OF_MEMORY = "out_of_memory"
    DISK_FULL = "disk_full"
    TIMEOUT = "timeout"
    INTERRUPTED = "interrupted"  # the server that ran it ended

    @property
    def active(self) -> bool:
        return self in (JobState.QUEUED, JobState.RUNNING)

    @property
    def resumable(self) -> bool:
        return not self.active and self is not JobState.DONE

    def may_become(self, new: JobState) -> bool:
        if self is JobState.QUEUED:
            return new in (JobState.RUNNING, JobState.CANCELLED)
        if self is JobState.RUNNING:
            return not new.active
        return self.resumable and new is JobState.QUEUED


@dataclass(frozen=True)
class Job:
    id: str
    owner: str
    kind: str
    label: str
    state: JobState
    cause: str  # why it ended as it did, for people; empty while all is well
    spec: dict[str, Any]  # everything it needs, frozen when it was queued
    done: int
    total: int
    note: str  # what it is doing just now
    created: float  # seconds since the epoch
    started: float | None
    ended: float | None
    cancelling: bool
    begun: int = 0  # how much was done when it last started: a resumed job did that earlier, at another pace
    parent: str = ""  # the job it belongs to


def left(job: Job, now: float) -> float | None:
    """Seconds until it is done, at its pace since it started; None until there is a pace."""
    came = job.done - job.begun
    if job.state is not JobState.RUNNING or job.started is None or came <= 0:
        return None
    return max(now - job.started, 0.0) / came * max(job.total - job.done, 0)
