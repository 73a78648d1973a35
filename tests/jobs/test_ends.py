"""Every end has its name: a person reads why, and never a bare "failed" where the cause is known."""

from __future__ import annotations

import pytest

from promptune.core.job import JobState
from promptune.jobs.ends import Ours, end_of
from promptune.jobs.folder import DISK_IS_FULL
from promptune.jobs.progress import LastWord


@pytest.mark.parametrize(
    ("code", "word", "ours", "state", "says"),
    [
        (0, LastWord("done"), None, "done", ""),
        (-9, LastWord("done"), "cancelled", "done", ""),  # it was faster than we were
        (1, LastWord("done"), "stopped", "done", ""),
        (1, LastWord("cancelled"), "cancelled", "cancelled", "Resume"),
        (-15, None, "cancelled", "cancelled", "Resume"),
        (1, LastWord("failed", "FAILED", "x"), "cancelled", "cancelled", "Resume"),
        (1, None, "stopped", "interrupted", "Resume"),
        (-9, None, None, "killed", "signal 9, SIGKILL"),
        (-11, None, None, "killed", "signal 11, SIGSEGV"),
        (-35, None, None, "killed", "(signal 35)."),  # a real-time signal, which has no name
        (1, LastWord("failed", "OUT_OF_MEMORY", "a smaller model"), None, "out_of_memory", "a smaller model"),
        (1, LastWord("failed", "DISK_FULL", "12 MB free"), None, "disk_full", "12 MB free"),
        (1, LastWord("failed", "MODEL_UNUSABLE", "no config.json"), None, "failed", "no config.json"),
        (DISK_IS_FULL, None, None, "disk_full", "Make room"),
        (3, None, None, "failed", "exit code 3"),
    ],
)
def test_how_it_ended(code: int, word: LastWord | None, ours: Ours | None, state: str, says: str) -> None:
    end = end_of(code, word, ours)
    assert end.state is JobState(state) and says in end.cause
    assert bool(end.cause) == (end.state is not JobState.DONE)
