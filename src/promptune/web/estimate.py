"""How long a duel will take: as long as it took last time, else by its rows, its model and the cores there are."""

from __future__ import annotations

import math
from collections.abc import Sequence

from promptune.core.job import Job, JobState

PROBES = 45.0  # seconds for what does not grow with the task: loading, and the questions about other skills
ROW = 0.045  # seconds for one row, taught and asked by every contender
SIZE = 5_500_000  # bytes of the bundled model, of which these are measured,
CORES = 2  # on so many; training small batches gains little from more than MOST
MOST = 8


def stated(rows: int, size: int, cores: int) -> float:
    """Seconds, before any duel was measured here. `size`: bytes of the model."""
    pace = math.sqrt(CORES / max(1, min(cores, MOST)))
    return (PROBES + ROW * rows) * max(1.0, size / SIZE) * pace


def measured(jobs: Sequence[Job], task: str, model: str) -> float | None:
    """Seconds that the newest whole duel of these took. One that was resumed tells only of its last part."""
    for job in jobs:
        if job.kind == "duel" and job.state is JobState.DONE and not job.begun and (job.spec["task"], job.spec["model"]) == (task, model):
            return job.ended - job.started if job.ended and job.started else None
    return None


def rounded(seconds: float) -> str:
    """No more exact than an estimate is."""
    if seconds < 50:
        return "less than a minute"
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return f"about {minutes} minute{'s' * (minutes > 1)}"
    hours = max(1, round(minutes / 60))
    return f"about {hours} hour{'s' * (hours > 1)}" if hours < 48 else "days"
