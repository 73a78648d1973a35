"""The Lab's duels: every way of getting one task done with one model, on the same rows, and what comes of it."""

from __future__ import annotations

import shlex
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from promptune import reports
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
from promptune.jobs.duel import Counts
from promptune.jobs.lines import Row
from promptune.jobs.score import frozen, score_spec
from promptune.jobs.scorecard import Made
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
TRAIN_ROWS = 1000  # at most: a duel is to be quick, and prompting and tuning draw on the same rows
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
        ground = yield from self._tunes.ground(owner, wishes, overflow="skip", limit=limit, most=TRAIN_ROWS, asked=_always)
        shots = ground.rows.train
        strategies, left_out = self._strategies(ground, shots)
        prompting = [Contender.parse(f"{model}/{strategy}") for strategy in strategies]
        probes = self._probes.beside(owner, [task])
        with self._tunes.all_or_nothing(owner) as children:
            children.append(self._score(ground, prompting, shots, probes))
            for wish in wishes:
                children.append(self._tunes.new(owner, wish, ground, probes, before=children[0].id))
            parent = self._parent(ground, model, prompting, children, left_out)
            return self._store.jobs.create_family(owner, parent, children)[0]

    def _parent(self, ground: Ground, model: str, prompting: Sequence[Contender], children: Sequence[NewJob], left_out: Sequence[str]) -> NewJob:
        asked, *tunings = children
        tuned = [(Contender.parse(one["spelling"]), Weights(**one["weights"])) for one in (job.spec["contenders"][-1] for job in tunings)]
        contenders = [*((one, ground.model) for one in prompting), *tuned]
        parts = {asked.id: [*map(str, prompting)]}
        parts |= {job.id: [str(contender), f"{model}/zero-shot"] for job, (contender, _) in zip(tunings, tuned, strict=True)}
        task, rows, kept = ground.data.task, ground.rows, ground.kept
        counts = Counts(len(rows.test), kept.count("test"), len(rows.train), len(ground.data.examples["train"]))
        spec = duel.duel_spec(self._settings, task, model, contenders, parts, counts) | {"left_out": list(left_out)}
        return NewJob("duel", f"{task.title}: prompt it or tune it?", spec, sum(child.total for child in children) + 1, {}, new_id())

    def view(self, owner: str, id: str) -> DuelView:
        """What it has by now, however it ended."""
        job = self._store.jobs.get(owner, id)
        if job.kind != "duel":
            raise UserError(f"it is a {job.kind}, not a duel.", where=f"job {id}", todo="promptune jobs lists the others.")
        folder, steps = self._store.job_folder(id), self._store.jobs.children(id)
        if job.state is JobState.DONE and artefacts.is_complete(folder / scorecard.RESULT):
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
        return reports.page(view.job, view.made.card, view.rows, view.made.signatures, self.command(view.job))

    def command(self, job: Job) -> str:
        """What to type to get the same on the command line."""
        asked = job.spec["rows"]["test"] + job.spec["rows"]["skipped"]
        limit = ["--limit", str(asked)] if asked != TEST_ROWS else []
        return shlex.join(["promptune", "duel", job.spec["task"], "--model", job.spec["model"], *limit])

    def _strategies(self, ground: Ground, shots: Sequence[Example]) -> tuple[list[str], list[str]]:
        """Zero-shot, one example, as many as fit, and step by step where the task reasons; and what is left out, each with why."""
        room_for = {count: self._room_for(ground, f"few-shot:{count}", shots) for count in MANY}
        rows = len(ground.rows.test)
        most = next((count for count in MANY if room_for[count] == rows), 1)
        few = [f"few-shot:{count}" for count in dict.fromkeys((1, most)) if 2 * room_for[count] >= rows]
        left_out = [] if few else [f"few-shot: the window has room for one example beside {room_for[1]} of {rows} questions only"]
        return ["zero-shot", *few, *(["cot"] if reasons(ground.data.task) else [])], left_out

    def _room_for(self, ground: Ground, strategy: str, shots: Sequence[Example]) -> int:
        """How many test rows have room for it; none where the train rows are too few."""
        try:
            asked = build(Contender.parse(f"{ground.model.name}/{strategy}"), Material(tuple(shots)))
        except UserError:
            return 0
        apart = self._device.capabilities(ground.model).apart
        sent = self._device.measure(ground.model, [asked.render(example) for example in ground.rows.test])
        return sum(not words(one, room(one.window, None, self._settings.max_tokens, apart=apart)) for one in sent)

    def _score(self, ground: Ground, prompting: Sequence[Contender], shots: Sequence[Example], probes: dict[str, str]) -> NewJob:
        task, test = ground.data.task, ground.rows.test
        spec = score_spec(self._settings, task, [(one, ground.model) for one in prompting], "drop")
        total = len(test) * len(prompting) + probing.answers(probing.frozen_of(probes), [ground.model])
        return NewJob("score", f"{task.title}: prompting", spec, total, frozen(test, Material(tuple(shots))) | probes, new_id())


def _always(task: Task) -> list[Strategy]:
    """The strategies whose prompts have nothing that could be left out: every test row must have room for them."""
    return [ZeroShot(), ChainOfThought()] if reasons(task) else [ZeroShot()]


def reasons(task: Task) -> bool:
    """Whether steps could lead to its answers: it has some worked out, or asks for numbers."""
    return bool(task.rationale) or task.answer_type == "number"
