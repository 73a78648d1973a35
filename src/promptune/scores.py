"""The Lab's scorecards: started, read, and scored again with other metrics without asking any model."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from promptune import reports
from promptune.core.contender import Contender
from promptune.core.job import Job
from promptune.core.score import Score, Scorecard
from promptune.core.task import Example
from promptune.errors import NotFound, Problem, Problems, UserError
from promptune.jobs import probing, scorecard
from promptune.jobs.answering import given_twice, spellings
from promptune.jobs.lines import Row as Line
from promptune.jobs.score import frozen, score_spec
from promptune.probes import Probes
from promptune.prompting.budget import Overflow
from promptune.ready import Contenders, Ready
from promptune.registry import did_you_mean
from promptune.runs import Runs
from promptune.saved import Saved
from promptune.scoring.metrics import METRICS, Metric, measure
from promptune.scoring.metrics.registry import unknown
from promptune.scoring.predictions import read_predictions
from promptune.scoring.sample import sample
from promptune.settings import Settings
from promptune.store import Store
from promptune.taskroom import TaskRoom
from promptune.tasks.chosen import chosen
from promptune.tasks.folder import TaskData

MOST_CONTENDERS = 50


@dataclass(frozen=True)
class Rescored:
    contender: str  # empty where a file names none
    metrics: dict[str, Score]
    signatures: dict[str, str]


class Scores:
    def __init__(self, settings: Settings, store: Store, tasks: TaskRoom, contenders: Contenders, saved: Saved) -> None:
        self._settings, self._store, self._tasks, self._contenders, self._saved = settings, store, tasks, contenders, saved
        self.probes = Probes(tasks)

    def metrics(self) -> list[Metric]:
        return [METRICS.get(name) for name in METRICS.names()]

    def start(
        self,
        owner: str,
        slug: str,
        contenders: Sequence[str | Contender],
        *,
        limit: int | None = None,
        where: str | None = None,
        overflow: Overflow = "fail",
        probes: bool = False,
        label: str = "",
    ) -> Job:
        """A job that scores the task's test rows. What is wrong is raised here, all at once. `where` is column=value.

        `probes`: it asks the probes as well, but for those of this task and of what its contenders were tuned on.
        """
        problems = [] if limit is None or limit >= 1 else [Problem("limit", f"{limit} rows are asked for; at least one is needed.")]
        try:
            data = self._tasks.load(owner, slug)
        except UserError as error:
            raise Problems([Problem("task", str(error)), *_misspelled(contenders), *problems]) from None
        problems += unknown(data.task.metrics)
        shots = data.examples.get("train", ())
        ready, more = self._contenders.ready(owner, contenders, shots, most=MOST_CONTENDERS)
        meant = chosen(data, where)
        problems += [*more, *given_twice([one.contender for one in ready]), *meant.problems]
        frozen_probes = self.probes.beside(owner, self._taught(owner, slug, ready)) if probes and not problems else {}
        if probes and not (problems or frozen_probes):
            problems.append(Problem("probes", "there are none: configs/probes is not here."))
        if problems:
            raise Problems(problems)
        rows = sample(meant.examples, limit)
        asked = {"limit": limit, "where": where, "probes": probes}  # for its command
        drawn = shots if any(one.strategy.draws for one in ready) else ()
        return self._store.jobs.create(
            owner,
            kind="score",
            label=label or _label(data, rows, ready),
            spec=score_spec(self._settings, data.task, [(one.contender, one.weights) for one in ready], overflow) | asked,
            total=len(rows) * len(ready) + probing.answers(probing.frozen_of(frozen_probes), [one.weights for one in ready]),
            files=frozen(rows, self._saved.material(owner, [one.contender for one in ready], drawn)) | frozen_probes,
        )

    def _taught(self, owner: str, slug: str, ready: Sequence[Ready]) -> set[str]:
        runs = Runs(self._store)
        return {slug, *(runs.get(owner, one.contender.run).task for one in ready if one.contender.run)}

    def card(self, owner: str, id: str) -> Scorecard:
        return scorecard.read_scorecard(self._store.jobs.get(owner, id), self._store.job_folder(id))

    def signatures(self, owner: str, id: str) -> dict[str, str]:
        """By metric: how exactly it was computed."""
        return scorecard.read_signatures(self._store.jobs.get(owner, id), self._store.job_folder(id))

    def predictions(self, owner: str, id: str) -> list[Line]:
        """Those that are there, also while the job runs."""
        return scorecard.read_rows(self._store.jobs.get(owner, id), self._store.job_folder(id))

    def report(self, owner: str, id: str) -> str:
        """One HTML file that stands alone."""
        job = self._store.jobs.get(owner, id)
        return reports.page(job, self.card(owner, id), self.predictions(owner, id), self.signatures(owner, id), self.command(owner, id))

    def command(self, owner: str, id: str) -> str:
        """What to type to get the same scorecard."""
        job = self._store.jobs.get(owner, id)
        if job.kind not in ("score", "tune"):
            raise UserError(f"it is a {job.kind}, no scorecard of its own.", where=f"job {id}", todo="promptune jobs lists the others.")
        spec = job.spec
        contenders = [piece for one in spellings(spec) for piece in ("-c", one)]
        limit = ["--limit", str(spec["limit"])] if spec.get("limit") else []
        where = ["--where", spec["where"]] if spec.get("where") else []
        overflow = ["--overflow", spec["overflow"]] if spec["overflow"] != "fail" else []
        probes = ["--probes"] if spec.get("probes") else []
        return shlex.join(["promptune", "score", spec["task"], *contenders, *limit, *where, *overflow, *probes])

    def rescore(self, owner: str, id: str, metrics: Sequence[str], contender: str | None = None) -> list[Rescored]:
        """The scorecard's predictions by other metrics; nothing is generated."""
        return rescore_file(scorecard.predictions_file(self._store.jobs.get(owner, id), self._store.job_folder(id)), metrics, contender)


def rescore_file(file: Path, metrics: Sequence[str], contender: str | None = None) -> list[Rescored]:
    """For every contender that the file names, in the order they first appear; else for that one only."""
    if problems := unknown(metrics):
        raise Problems(problems)
    found = {one.contender: one for one in read_predictions(file)}
    if contender is not None and contender not in found:
        named = [name for name in found if name]
        raise NotFound(f"no contender {contender!r}.", where=file.name, todo=did_you_mean(contender, named) if named else "It names none: leave -c out.")
    scored = []
    for one in found.values() if contender is None else [found[contender]]:
        measured = measure(metrics, one.rows)
        signatures = {name: each.signature for name, each in measured.items()}
        scored.append(Rescored(one.contender, {name: each.score for name, each in measured.items()}, signatures))
    return scored


def _misspelled(contenders: Sequence[str | Contender]) -> list[Problem]:
    """All that can be said of contenders without their task."""
    problems = []
    for i, one in enumerate(contenders, 1):
        try:
            _ = one if isinstance(one, Contender) else Contender.parse(one)
        except UserError as error:
            problems.append(Problem(f"contender {i}", str(error)))
    return problems


def _label(data: TaskData, rows: Sequence[Example], ready: Sequence[Ready]) -> str:
    return f"{data.task.title}: {_count(len(rows), 'row')}, {_count(len(ready), 'contender')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
