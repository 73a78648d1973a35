"""Scorecards as the tests make them, in this process and from a queue."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from promptune.core.contender import Contender
from promptune.core.job import Job, JobState
from promptune.core.score import Scorecard
from promptune.core.task import Example, Task
from promptune.engines.protocol import Weights
from promptune.jobs import score
from promptune.jobs.kinds import Work
from promptune.jobs.progress import Progress
from promptune.jobs.scorecard import read_scorecard
from promptune.prompting.material import Material
from promptune.settings import Settings
from promptune.store import Store
from tests.jobs.samples import OWNER

TASK = Task("echoes", "Echoes", "{{ q }} ||| {{ a }}", "q", answer_type="choice", metrics=("accuracy", "rouge1"))
TRAIN = tuple(Example(f"is {i} [delay=0] even", "even" if i % 2 == 0 else "odd", choices=("even", "odd"), split="train", row=i) for i in range(1, 21))


def examples(count: int, text: str = "say even or odd for {}") -> tuple[Example, ...]:
    """The scripted engine says what it was asked, so the first choice named is what it answers."""
    return tuple(Example(text.format(i), "even", choices=("even", "odd"), answer_type="choice", split="test", row=i) for i in range(1, count + 1))


def spec(settings: Settings, contenders: Sequence[str], overflow: Any = "fail", task: Task = TASK) -> dict[str, Any]:
    return score.score_spec(settings, task, [(Contender.parse(one), Weights("tiny", "/none")) for one in contenders], overflow)


def write(folder: Path, rows: Sequence[Example], shots: Sequence[Example] = TRAIN) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in score.frozen(rows, Material(tuple(shots))).items():
        (folder / name).write_text(text, encoding="utf-8")


def work(folder: Path, spec: dict[str, Any], *, cancelled: bool = False) -> None:
    event = threading.Event()
    if cancelled:
        event.set()
    with closing(Progress(folder)) as progress:
        score.run(Work(folder, spec, progress, event))


def as_job(folder: Path, spec: dict[str, Any]) -> Job:
    return Job(folder.name, OWNER, "score", "x", JobState.DONE, "", spec, 0, 0, "", 0.0, None, None, False)


def scored(folder: Path, rows: Sequence[Example], spec: dict[str, Any], shots: Sequence[Example] = TRAIN) -> Scorecard:
    write(folder, rows, shots)
    work(folder, spec)
    return read_scorecard(as_job(folder, spec), folder)


def same_but_for_time(card: Scorecard) -> Scorecard:
    return replace(card, contenders=tuple(replace(one, cost=replace(one.cost, seconds=0.0)) for one in card.contenders))


def queue(store: Store, spec: dict[str, Any], rows: Sequence[Example]) -> Job:
    total = len(rows) * len(spec["contenders"])
    return store.jobs.create(OWNER, kind="score", label="a scorecard", spec=spec, total=total, files=score.frozen(rows, Material(TRAIN)))
