"""The runs of the study: every rate and seed of every recipe on every task, made through the Lab one after the other.

Each task has a data folder of its own in the study's folder: what is done there is not done again, and two tasks can be worked on at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from promptune.core.job import Job, JobState
from promptune.core.score import Retention, Score
from promptune.errors import NotFound, UserError
from promptune.lab import Lab
from promptune.models import BUNDLED
from promptune.settings import Settings
from promptune.terminal import OWNER, follow

TASKS = ("reviews", "translate")
RATES = {"lora": (3e-4, 1e-3, 3e-3, 1e-2), "full": (1e-4, 3e-4, 1e-3, 3e-3)}
SEEDS = (0, 1, 2)
BASE = "the base, asked once"  # the label of its job
Say = Callable[[str], None]


@dataclass(frozen=True)
class Cell:
    task: str
    recipe: str
    rate: float
    seed: int

    @property
    def run(self) -> str:
        return f"{self.task}-{self.recipe}-{self.rate:g}-{self.seed}"


@dataclass(frozen=True)
class Result:
    """Of one run. All but the score on the test rows and what was kept comes from validation rows."""

    cell: Cell
    loss: float  # of the validation rows, nats a token, at the step that was kept
    step: int  # that was kept
    steps: int  # that were made
    score: Score  # on the test rows
    retention: Retention
    seconds: float  # of training


def cells(tasks: tuple[str, ...] = TASKS) -> Iterator[Cell]:
    """The rates side by side, so that a study that was stopped has some of everything."""
    for task in tasks:
        for seed in SEEDS:
            for recipe, rates in RATES.items():
                yield from (Cell(task, recipe, rate, seed) for rate in rates)


def work(folder: Path, task: str, say: Say) -> None:
    """Makes the runs of one task that are not there."""
    lab = opened(folder, task)
    try:
        base = _base(lab, task)
        for cell in cells((task,)):
            if not _is_done(lab, cell):
                _make(lab, cell, base)
            say(f"{cell.run}: done")
    finally:
        lab.close()


def results(folder: Path, task: str) -> list[Result]:
    """Those that are there."""
    lab = opened(folder, task)
    try:
        return [_result(lab, cell) for cell in cells((task,)) if _is_done(lab, cell)]
    finally:
        lab.close()


def opened(folder: Path, task: str) -> Lab:
    return Lab(Settings.model_validate({"home": folder / task, "offline": True}))


def _base(lab: Lab, task: str) -> str:
    """The job that asked it."""
    there = next((job for job in lab.jobs(OWNER) if job.label == BASE), None)
    job = there or lab.scores.start(OWNER, task, [f"{BUNDLED}/zero-shot"], limit=500, probes=True, label=BASE)
    return _finished(lab, job).id


def _make(lab: Lab, cell: Cell, base: str) -> None:
    with suppress(NotFound):  # one that was interrupted goes on
        _finished(lab, lab.job(OWNER, lab.runs.get(OWNER, cell.run).job))
        return
    starting = lab.tunes.start(OWNER, cell.task, BUNDLED, cell.recipe, {"rate": cell.rate, "seed": cell.seed}, name=cell.run, before=base)
    _finished(lab, follow(starting, lambda step: (step.total, step.total, "rows measured")))


def _finished(lab: Lab, job: Job) -> Job:
    if job.state.resumable:
        lab.resume_job(OWNER, job.id)
    if job.state is not JobState.DONE:
        lab.wait([job.id])
    ended = lab.job(OWNER, job.id)
    if ended.state is not JobState.DONE:
        raise UserError(f"the job {job.id} is {ended.state}: {ended.cause}", where=job.label)
    return ended


def _is_done(lab: Lab, cell: Cell) -> bool:
    with suppress(NotFound):
        return lab.runs.get(OWNER, cell.run).state is JobState.DONE
    return False


def _result(lab: Lab, cell: Cell) -> Result:
    run = lab.runs.get(OWNER, cell.run)
    made = lab.tunes.live(OWNER, run.job).made or {}
    tuned = lab.scores.card(OWNER, run.job).contenders[-1]
    assert tuned.retention is not None
    return Result(cell, made["best"]["loss"], made["best"]["step"], made["done"], next(iter(tuned.metrics.values())), tuned.retention, made["seconds"])
