"""The catalogue of runs: what was tuned, from which model, on which task, and where its weights lie."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptune.core.contender import Contender
from promptune.core.job import Job, JobState
from promptune.core.score import Tuning
from promptune.engines.protocol import Weights
from promptune.errors import NotFound, UserError
from promptune.registry import did_you_mean
from promptune.store import Store, artefacts
from promptune.store.kept import KeptRecord
from promptune.tuning import MADE

RUN = "run"  # in the folder of its job: the weights


@dataclass(frozen=True)
class RunInfo:
    slug: str
    label: str
    job: str  # its job's id
    state: JobState
    cause: str  # why its job ended, where it did not end well
    model: str
    task: str
    recipe: str
    folder: str
    usable: bool
    size: int  # bytes on disk
    created: float  # seconds since the epoch
    tuning: Tuning | None  # once it is usable

    @property
    def contender(self) -> str:
        """How it is asked the way it was taught."""
        return f"{self.model}+{self.slug}/zero-shot"


class Runs:
    def __init__(self, store: Store) -> None:
        self._store = store

    def claim(self, owner: str, *, slug: str, exact: bool, label: str, job: str, model: str, task: str, recipe: str) -> str:
        """The slug it gets; its record bears the id of its job."""
        content = {"model": model, "task": task, "recipe": recipe}
        return self._store.runs.add(owner, slug=slug, label=label or slug, content=content, id=job, exact=exact).slug

    def list(self, owner: str) -> list[RunInfo]:
        """Newest first."""
        return [self._info(owner, record) for record in reversed(self._store.runs.list(owner))]

    def get(self, owner: str, slug: str) -> RunInfo:
        try:
            return self._info(owner, self._store.runs.get(owner, slug))
        except NotFound:
            known = [record.slug for record in self._store.runs.list(owner)]
            todo = did_you_mean(slug, known) if known else "Nothing was tuned yet: promptune tune TASK --model M --recipe lora."
            raise NotFound(f"no run {slug!r}.", todo=todo) from None

    def was(self, owner: str, slug: str) -> bool:
        """Whether a run has this name or once had it."""
        return self._store.slug_was(owner, "run", slug)

    def of_job(self, owner: str, job: str) -> RunInfo | None:
        return next((run for run in self.list(owner) if run.job == job), None)

    def weights(self, owner: str, contender: Contender, base: Weights) -> Weights:
        """`base`: of the contender's model."""
        run = self.get(owner, contender.run or "")
        if run.model != contender.model:
            raise UserError(f"the run {run.slug!r} was tuned from {run.model!r}, not from {contender.model!r}.", todo=f"Write {run.contender}.")
        if not run.usable:
            if self._job(owner, run.job) is None:
                raise UserError(f"the run {run.slug!r} has no weights: its job was deleted.", todo="Tune it anew.")
            why = f"{run.state}: {run.cause}" if run.cause else f"{run.state}."
            raise UserError(f"the run {run.slug!r} has no weights yet: its job is {why}", todo=f"promptune jobs show {run.job} --follow")
        return Weights(contender.weights, base.folder, run.folder, contender.strength)

    def rename(self, owner: str, slug: str, label: str) -> None:
        self._store.runs.rename(owner, slug, label)

    def delete(self, owner: str, slug: str) -> None:
        """With its job and weights. Its name is never given again."""
        run = self.get(owner, slug)
        with suppress(NotFound):  # it was deleted before
            self._store.jobs.delete(owner, run.job)
        self._store.runs.delete(owner, slug)

    def forget(self, owner: str, jobs: Collection[str]) -> None:
        """The runs of jobs that are gone. Their names are never given again."""
        for record in self._store.runs.list(owner):
            if record.id in jobs:
                self._store.runs.delete(owner, record.slug)

    def export(self, owner: str, slug: str, target: Path) -> Path:
        """A zip of its folder, which plain PEFT or transformers loads."""
        run = self.get(owner, slug)
        if not run.usable:
            raise UserError(f"the run {slug!r} has no weights yet: its job is {run.state}.")
        artefacts.verify(Path(run.folder))
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for path in sorted(Path(run.folder).iterdir()):
                if path.is_file() and path.name != artefacts.MANIFEST:
                    archive.write(path, f"{slug}/{path.name}")
        return target

    def _info(self, owner: str, record: KeptRecord) -> RunInfo:
        job = self._job(owner, record.id)
        folder = self._store.job_folder(record.id) / RUN
        usable = artefacts.is_complete(folder)
        made = json.loads((folder / MADE).read_text(encoding="utf-8")) if usable else {}
        content = record.content
        return RunInfo(
            slug=record.slug,
            label=record.label,
            job=record.id,
            state=job.state if job else JobState.FAILED,
            cause=job.cause if job else "its job was deleted.",
            model=content["model"],
            task=content["task"],
            recipe=content["recipe"],
            folder=str(folder),
            usable=usable,
            size=artefacts.size(folder),
            created=record.created,
            tuning=tuning(made) if made else None,
        )

    def _job(self, owner: str, id: str) -> Job | None:
        try:
            return self._store.jobs.get(owner, id)
        except NotFound:
            return None


def tuning(made: dict[str, Any]) -> Tuning:
    """From a run's MADE file."""
    return Tuning(made["recipe"]["name"], made["seconds"], made["trainable"]["parameters"], made["trainable"]["share"])
