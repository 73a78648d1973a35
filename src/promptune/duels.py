"""The Lab's duels: every way of getting one task done with one model, on the same rows, and what comes of it."""

from __future__ import annotations

import shlex
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from promptune import __version__
from promptune.core.contender import Contender
from promptune.core.job import Job, JobState
from promptune.core.score import Scorecard
from promptune.core.strategy import Strategy
from promptune.core.task import Example, Task
from promptune.engines.device import Device
from promptune.engines.overflow import words
from promptune.engines.protocol import Weights
from promptune.errors import UserError
from promptune.fitting import Measured
from promptune.jobs import duel, probing, scorecard
from promptune.jobs.lines import Row
from promptune.jobs.score import frozen, score_spec
from promptune.jobs.scorecard import Made
from promptune.markup import report
from promptune.markup.words import date, seconds
from promptune.probes import Probes
from promptune.prompting.budget import room
from promptune.prompting.material import Material
from promptune.prompting.strategies import build
from promptune.prompting.strategies.cot import ChainOfThought
from promptune.prompting.strategies.zero_shot import ZeroShot
from promptune.settings import Settings
from promptune.store import Store, artefacts
from promptune.store.jobs import NewJob
from promptune.store.rows import new_id
from promptune.taskroom import TaskRoom
from promptune.tunes import TEST_ROWS, Ground, Tunes, Wish

RECIPES = ("lora", "full")
MANY = (6, 3, 1)  # examples that are tried for the larger few-shot contender
WHY = {
    JobState.QUEUED: "it is still to come",
    JobState.RUNNING: "it is being made",
    JobState.CANCELLED: "it was cancelled",
    JobState.INTERRUPTED: "it was interrupted",
}


@dataclass(frozen=True)
class DuelView:
    """A duel as anybody sees it at any time."""

    job: Job
    steps: list[Job]
    made: Made | None  # of the contenders that are finished
    rows: list[Row]

    @property
    def card(self) -> Scorecard | None:
        return self.made.card if self.made else None

    @property
    def runs(self) -> dict[str, str]:
        """By recipe, the run's slug."""
        return {step.spec["recipe"]["name"]: step.spec["run"] for step in self.steps if step.kind == "tune"}


class Duels:
    def __init__(self, settings: Settings, store: Store, tasks: TaskRoom, tunes: Tunes, probes: Probes, device: Device) -> None:
        self._settings, self._store, self._tasks, self._tunes, self._probes, self._device = settings, store, tasks, tunes, probes, device

    def start(self, owner: str, task: str, model: str, *, limit: int = TEST_ROWS) -> Generator[Measured, None, Job]:
        """News while the rows are measured; what it gives back is the job. What is wrong is raised before there is one."""
        wishes = [Wish(task, model, recipe, {}) for recipe in RECIPES]
        ground = yield from self._tunes.ground(owner, wishes, overflow="skip", limit=limit, asked=_always)
        shots = ground.data.examples["train"]
        prompting = [Contender.parse(f"{model}/{strategy}") for strategy in self._strategies(ground, shots)]
        probes = self._probes.frozen(without=[task])
        asked = self._score(ground, prompting, shots, probes)
        tunings = [self._tunes.new(owner, wish, ground, probes, before=asked.id) for wish in wishes]
        tuned = [(Contender.parse(one.spec["contenders"][-1]["spelling"]), Weights(**one.spec["contenders"][-1]["weights"])) for one in tunings]
        contenders = [*((one, ground.model) for one in prompting), *tuned]
        parts = {asked.id: [*map(str, prompting)]} | {one.id: [str(contender)] for one, (contender, _) in zip(tunings, tuned, strict=True)}
        task_ = ground.data.task
        spec = duel.duel_spec(self._settings, task_, model, contenders, parts, skipped=ground.kept.count("test"), rows=len(ground.rows.test))
        children = [asked, *tunings]
        label = f"{task_.title}: prompt it or tune it?"
        parent = NewJob("duel", label, spec, sum(child.total for child in children) + 1, {}, new_id())
        return self._store.jobs.create_family(owner, parent, children)[0]

    def view(self, owner: str, id: str) -> DuelView:
        """What it has by now, however it ended."""
        job = self._store.jobs.get(owner, id)
        if job.kind != "duel":
            raise UserError(f"it is a {job.kind}, not a duel.", where=f"job {id}", todo="promptune jobs lists the others.")
        folder, steps = self._store.job_folder(id), self._store.jobs.children(id)
        if artefacts.is_complete(folder / scorecard.RESULT):
            made = Made(scorecard.read_scorecard(job, folder), scorecard.read_signatures(job, folder))
            return DuelView(job, steps, made, scorecard.read_rows(job, folder))
        why = {step.id: WHY.get(step.state) or step.cause or f"its job is {step.state}" for step in steps}
        found = duel.gather(job.spec, folder.parent, why=why)
        return DuelView(job, steps, found.made if found else None, found.rows if found else [])

    def steps(self, owner: str, id: str) -> list[Job]:
        """Its jobs as they are by now, in their order; none of a job that is no duel."""
        return self._store.jobs.children(self._store.jobs.get(owner, id).id)

    def report(self, owner: str, id: str) -> str:
        """One HTML file that stands alone, of what there is by now."""
        view = self.view(owner, id)
        if view.made is None:
            raise UserError("none of its contenders is finished yet.", where=f"job {id}", todo="Wait until it is further.")
        return report.page(
            view.made.card,
            view.rows,
            view.job.label,
            facts(view.job),
            command=self.command(view.job),
            signatures=view.made.signatures,
            notes=[] if view.job.state is JobState.DONE else [f"The duel is {view.job.state}: this is what there was when the report was made."],
        )

    def command(self, job: Job) -> str:
        """What to type to get the same on the command line."""
        limit = ["--limit", str(job.spec["rows"])] if job.spec["rows"] != TEST_ROWS else []
        return shlex.join(["promptune", "duel", job.spec["task"], "--model", job.spec["model"], *limit])

    def _strategies(self, ground: Ground, shots: Sequence[Example]) -> list[str]:
        """Zero-shot, one example, as many as fit, and step by step where the task reasons."""
        most = next((many for many in MANY if self._fits(ground, f"few-shot:{many}", shots)), 1)
        few = [f"few-shot:{count}" for count in dict.fromkeys((1, most)) if self._can(ground, f"few-shot:{count}", shots)]
        return ["zero-shot", *few, *(["cot"] if reasons(ground.data.task) else [])]

    def _can(self, ground: Ground, strategy: str, shots: Sequence[Example]) -> bool:
        with suppress(UserError):  # too few train rows in a group
            build(Contender.parse(f"{ground.model.name}/{strategy}"), Material(tuple(shots)))
            return True
        return False

    def _fits(self, ground: Ground, strategy: str, shots: Sequence[Example]) -> bool:
        """Whether every test row has room for it."""
        if not self._can(ground, strategy, shots):
            return False
        asked = build(Contender.parse(f"{ground.model.name}/{strategy}"), Material(tuple(shots)))
        apart = self._device.capabilities(ground.model).apart
        sent = self._device.measure(ground.model, [asked.render(example) for example in ground.rows.test])
        return not any(words(one, room(one.window, None, self._settings.max_tokens, apart=apart)) for one in sent)

    def _score(self, ground: Ground, prompting: Sequence[Contender], shots: Sequence[Example], probes: dict[str, str]) -> NewJob:
        task, test = ground.data.task, ground.rows.test
        spec = score_spec(self._settings, task, [(one, ground.model) for one in prompting], "drop")
        total = len(test) * len(prompting) + probing.answers(probing.frozen_of(probes), [ground.model])
        return NewJob("score", f"{task.title}: prompting", spec, total, frozen(test, Material(tuple(shots))) | probes, new_id())


def facts(job: Job) -> list[tuple[str, str]]:
    """What stands under a report's title."""
    took = job.ended - job.started if job.ended and job.started else None
    return [
        ("Task", f"{job.spec['title']} ({job.spec['task']})"),
        ("Model", job.spec["model"]),
        ("Test rows", f"{job.spec['rows']:,}" + (f", and {job.spec['skipped']:,} left out because they do not fit" if job.spec["skipped"] else "")),
        ("Took", seconds(took) if took else ""),
        ("Made", date(job.ended or job.created)),
        ("Promptune", __version__),
    ]


def _always(task: Task) -> list[Strategy]:
    """The strategies whose prompts have nothing that could be left out: every test row must have room for them."""
    return [ZeroShot(), ChainOfThought()] if reasons(task) else [ZeroShot()]


def reasons(task: Task) -> bool:
    """Whether steps could lead to its answers: it has some worked out, or asks for numbers."""
    return bool(task.rationale) or task.answer_type == "number"
