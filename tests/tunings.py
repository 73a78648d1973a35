"""Small tunings as the tests make them: a task of forty rows, three probes of a few rows, and jobs that run in this process."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Collection, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest

from promptune.core.job import Job
from promptune.duels import Duels
from promptune.jobs import scheduler, worker
from promptune.jobs.ends import End, end_of
from promptune.jobs.folder import SPEC
from promptune.jobs.kinds import Work
from promptune.jobs.lines import read
from promptune.jobs.progress import Follower, Progress
from promptune.models import Models
from promptune.probes import FOLDER, Probes
from promptune.ready import Contenders
from promptune.runs import Runs
from promptune.saved import Saved
from promptune.scores import Scores
from promptune.settings import Settings
from promptune.store import Store
from promptune.taskroom import TaskRoom
from promptune.tasks.definition import TaskFile
from promptune.tunes import Tunes

OWNER = "local"
R = TypeVar("R")
THINGS = ("lamp", "chair", "kettle", "radio", "clock", "shirt", "phone", "cake")
WORDS = {"positive": ("great", "lovely", "perfect"), "negative": ("broken", "awful", "useless")}
SIZES = {"train": 24, "validation": 6, "test": 10}
QUICK = {"rate": 0.003, "epochs": 2, "batch": 8}  # six steps


def moods() -> dict[str, list[dict[str, str]]]:
    rows = [{"text": f"The {thing} is {word}.", "label": label} for thing in THINGS for label, words in WORDS.items() for word in words]
    Random(0).shuffle(rows)
    left = iter(rows)
    return {split: [next(left) for _ in range(size)] for split, size in SIZES.items()}


MOODS: dict[str, Any] = {
    "name": "moods",
    "template": "Classify this review.\n{{ text }}\nSentiment: ||| {{ label }}",
    "answer_choices": "positive ||| negative",
    "answer_type": "choice",
    "input": "text",
    "metrics": ["accuracy"],
    "rows": moods(),
}


class Few(Probes):
    """A skill that the bundled model has, and requests of both kinds; six rows of each."""

    def __init__(self, tasks: TaskRoom, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("facts.yaml", "harmful.yaml", "harmless.yaml"):
            shutil.copyfile(FOLDER / name, folder / name)
        (folder / "general.txt").write_text("The shop on the corner opens at eight in the morning.\n", encoding="utf-8")
        super().__init__(tasks, folder)

    def frozen(self, limit: int = 6, without: Collection[str] = ()) -> dict[str, str]:
        return super().frozen(6, without)


class Room:
    """What a Lab has around its runs and duels; its engine works in this process."""

    def __init__(self, settings: Settings, engine: Any) -> None:
        self.settings = settings.model_copy(update={"engine": "local"})
        self.store = store = Store(settings.home)
        self.tasks, self.models, self.runs, self.saved = TaskRoom(self.settings, store), Models(self.settings, store), Runs(store), Saved(store)
        self.contenders = Contenders(self.models, self.runs, self.saved)
        self.scores = Scores(self.settings, store, self.tasks, self.contenders, self.saved)
        self.probes = Few(self.tasks, settings.home.parent / "probes")
        self.tunes = Tunes(self.settings, store, self.tasks, self.models, self.runs, self.probes, engine)
        self.duels = Duels(self.settings, store, self.tasks, self.tunes, self.probes, engine)

    def close(self) -> None:
        self.tasks.close()
        self.store.close()

    def task(self, **changes: Any) -> str:
        file = self.settings.home.parent / "task.yaml"
        file.write_text(json.dumps({**MOODS, **changes}), encoding="utf-8")  # which is YAML too
        return self.tasks.keep(OWNER, self.tasks.draft([file], TaskFile())).slug

    def run(self, job: Job, stopped: threading.Event | None = None) -> Job:
        """As a command that waits would, but in this process: torch is loaded once for all tests. `stopped`: what cancels it."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(scheduler, "attempt", lambda store, one, _: _attempt(store, one, stopped or threading.Event()))
            scheduler.Scheduler(self.store, self.settings, before_start=lambda job: None).run_until([job.id])
        return self.store.jobs.find(job.id)

    def folder(self, job: Job) -> Path:
        return self.store.job_folder(job.id)


def _attempt(store: Store, job: Job, stopped: threading.Event) -> End:
    folder = store.job_folder(job.id)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SPEC).write_text(json.dumps(job.spec), encoding="utf-8")
    follower = Follower(folder)
    with closing(Progress(folder)) as progress:
        word = worker._work(Work(folder, job.spec, progress, stopped))
        progress.end(word)
    if step := follower.news():
        store.jobs.progress(job.id, step.done, step.note)
    return end_of(word.state != "done", word, None)


class Reached(threading.Event):
    """Set once a file of a job's folder has a line of this step: a cancelling that depends on no clock."""

    def __init__(self, file: Path, step: int) -> None:
        super().__init__()
        self._file, self._step = file, step

    def is_set(self) -> bool:
        return any(row["step"] >= self._step for row in read(self._file))


@contextmanager
def opened(home: Path, engine: Any) -> Iterator[Room]:
    with closing(Room(Settings(home=home / "data", engine="local"), engine)) as room:
        yield room


def drained(news: Generator[Any, None, R]) -> R:
    """What a generator gives back in the end."""
    while True:
        try:
            next(news)
        except StopIteration as end:
            result: R = end.value
            return result


def weights(folder: Path) -> str:
    """A run's, as one checksum."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(folder.glob("*.safetensors")))).hexdigest()
