"""The Lab as the claims ask it: a task's test rows, by several contenders, and a figure for each."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from promptune.core.job import JobState
from promptune.core.score import Score
from promptune.errors import UserError
from promptune.jobs.lines import Row
from promptune.lab import Lab
from promptune.models import BUNDLED
from promptune.scores import rescore_file
from promptune.settings import Settings
from promptune.tiny.claims.claim import Cell, Reach

OWNER = "local"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Asking:
    lab: Lab
    model: str  # its slug
    limit: int | None  # test rows of each scorecard; all where there is none
    say: Say

    def cells(self, task: str, contenders: Mapping[str, Reach], *, named: str = "{}", where: str | None = None, model: str = "") -> tuple[Cell, ...]:
        """A figure for each contender (spelled without its model): the task's first metric."""
        spelled = [f"{model or self.model}/{contender}" for contender in contenders]
        card = self.lab.scores.card(OWNER, self._scored(task, spelled, where, self.limit))
        return tuple(
            Cell(named.format(contender), next(iter(one.metrics.values())), card.rows, reach, one.cost.prompt_tokens / card.rows)
            for (contender, reach), one in zip(contenders.items(), card.contenders, strict=True)
        )

    def predictions(self, task: str, *contenders: str, where: str | None = None, whole: bool = False) -> list[list[Row]]:
        """Every row's answer, contender by contender. `whole`: of all test rows, whatever the limit."""
        spelled = [f"{self.model}/{contender}" for contender in contenders]
        rows = self.lab.scores.predictions(OWNER, self._scored(task, spelled, where, None if whole else self.limit))
        return [[row for row in rows if row["contender"] == one] for one in spelled]

    def _scored(self, task: str, contenders: list[str], where: str | None, limit: int | None) -> str:
        self.say(f"{task}{f' ({where})' if where else ''}: {', '.join(contenders)}")
        job = self.lab.scores.start(OWNER, task, contenders, where=where, limit=limit)
        self.lab.wait([job.id])
        ended = self.lab.job(OWNER, job.id)
        if ended.state is not JobState.DONE:
            raise UserError(f"the job {job.id} is {ended.state}: {ended.cause}", where=task)
        # A failed row counts as wrong, and some figures are to be low.
        if failed := sum(one.errors for one in self.lab.scores.card(OWNER, job.id).contenders):
            raise UserError(f"{failed} answer{'s' * (failed != 1)} failed, so nothing is measured.", where=task)
        return job.id


def refused(rows: list[Row], refusal: str) -> Score:
    """How many of the texts are the refusal, by the metric that everybody has: the same predictions, scored against another reference."""
    with tempfile.TemporaryDirectory(prefix="promptune-") as place:
        file = Path(place) / "predictions.jsonl"
        file.write_text("".join(json.dumps({"prediction": row["prediction"], "reference": refusal}) + "\n" for row in rows), encoding="utf-8")
        return rescore_file(file, ["exact_match"])[0].metrics["exact_match"]


@contextmanager
def asking(model: Path | None, limit: int | None, say: Say) -> Iterator[Asking]:
    """In a data folder of its own, which is gone afterwards. Without a folder the bundled model is asked."""
    with tempfile.TemporaryDirectory(prefix="promptune-") as home:
        lab = Lab(Settings.model_validate({"home": Path(home), "offline": True}))
        try:
            yield Asking(lab, added(lab, model, "candidate") if model else BUNDLED, limit, say)
        finally:
            lab.close()


def added(lab: Lab, folder: Path, slug: str) -> str:
    for _ in lab.add_model(OWNER, str(folder), slug):
        pass
    return slug
