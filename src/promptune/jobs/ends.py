"""How a job ended, by name, from what is known of its worker. Pure."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Literal

from promptune import children
from promptune.core.job import JobState
from promptune.errors import DiskFull, OutOfMemory
from promptune.jobs.folder import DISK_IS_FULL, LOG
from promptune.jobs.progress import LastWord

NAMED = {OutOfMemory.name: JobState.OUT_OF_MEMORY, DiskFull.name: JobState.DISK_FULL, "TIMEOUT": JobState.TIMEOUT}
RESUME = "Resume it to go on where it stopped."

Ours = Literal["cancelled", "stopped"]  # what we did to it


@dataclass(frozen=True)
class End:
    state: JobState
    cause: str = ""  # for people


def end_of(code: int, word: LastWord | None, ours: Ours | None) -> End:
    """`code` as subprocess gives it: a signal is negative."""
    if word and word.state == "done":
        return End(JobState.DONE)
    if ours:
        return end_by_us(ours)
    if word and word.state == "cancelled":
        return end_by_us("cancelled")
    if word:
        return failed(word.name, word.cause)
    if code == DISK_IS_FULL:
        return End(JobState.DISK_FULL, f"the disk that holds the data folder is full. Make room there. {RESUME}")
    if code < 0:
        memory = " The system does that too when its memory runs out." if -code == signal.SIGKILL else ""
        return End(JobState.KILLED, f"its worker was killed ({children.ending(code)}).{memory} {RESUME}")
    return End(JobState.FAILED, f"its worker ended with exit code {code} and did not say why; its folder's {LOG} may.")


def end_by_us(ours: Ours) -> End:
    return interrupted() if ours == "stopped" else End(JobState.CANCELLED, f"cancelled. {RESUME}")


def failed(name: str, cause: str) -> End:
    """An error's name and words, as in errors.py."""
    return End(NAMED.get(name, JobState.FAILED), cause)


def interrupted() -> End:
    return End(JobState.INTERRUPTED, f"the server or command that ran it ended. {RESUME}")
