"""The Lab's tuning: what is wrong with a wish is told at once, before anything is spent; then it becomes a job."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from promptune.core.contender import Contender, is_slug, slugify
from promptune.core.job import Job
from promptune.core.recipe import Recipe
from promptune.core.strategy import Strategy
from promptune.core.task import Example, Split, Task
from promptune.engines.device import Device
from promptune.engines.protocol import Weights
from promptune.errors import Problem, Problems, UserError
from promptune.fitting import Kept, Measured, fitting
from promptune.jobs import probing, tune
from promptune.jobs.lines import Row, read
from promptune.jobs.score import frozen, score_spec
from promptune.jobs.tune import Rows
from promptune.models import HUB_ID, Models
from promptune.probes import Probes
from promptune.prompting.material import NOTHING
from promptune.prompting.strategies.zero_shot import ZeroShot
from promptune.runs import RUN, RunInfo, Runs
from promptune.scoring.metrics.registry import unknown
from promptune.scoring.sample import sample
from promptune.settings import Settings
from promptune.store import Store, artefacts
from promptune.store.jobs import NewJob
from promptune.store.rows import new_id
from promptune.taskroom import TaskRoom
from promptune.tasks.folder import TaskData
from promptune.tuning import MADE, recipes
from promptune.tuning.recipes import RecipeInfo

LEAST: dict[Split, int] = {"train": 8, "validation": 4, "test": 1}  # rows: fewer teach nothing, and choose nothing
TEST_ROWS = 500  # that a run is scored on, where nobody says otherwise
VALIDATION_ROWS = 200  # that every choice is made by

OnOverflow = Literal["fail", "skip"]


@dataclass(frozen=True)
class Wish:
    """What is to be tuned, as a person said it."""

    task: str
    model: str
    recipe: str
    settings: Mapping[str, Any]
    name: str = ""  # of the run


@dataclass(frozen=True)
class Ground:
    """A task and a model that go together, with the rows that fit."""

    data: TaskData
    model: Weights
    base: str  # the model as the rest of the world knows it
    kept: Kept
    rows: Rows


@dataclass(frozen=True)
class Live:
    """A run while it is made, and afterwards."""

    points: list[Row]  # steps: step, steps, loss, rate, speed, left
    checks: list[Row]  # validations: step, loss, score, said
    made: dict[str, Any] | None  # once there are weights


class Tunes:
    def __init__(self, settings: Settings, store: Store, tasks: TaskRoom, models: Models, runs: Runs, probes: Probes, device: Device) -> None:
        self._settings, self._store, self._tasks, self._models, self._runs = settings, store, tasks, models, runs
        self._probes, self._device = probes, device

    def recipes(self) -> list[RecipeInfo]:
        return recipes.recipes()

    def start(
        self,
        owner: str,
        task: str,
        model: str,
        recipe: str,
        settings: Mapping[str, Any] | None = None,
        *,
        name: str = "",
        overflow: OnOverflow = "fail",
        limit: int = TEST_ROWS,
        before: str = "",
    ) -> Generator[Measured, None, Job]:
        """News while the rows are measured; what it gives back is the job (`yield from`, StopIteration.value).

        `before`: a scorecard's id; where it asked the base the very same rows, its answers are taken over.
        """
        wish = Wish(task, model, recipe, settings or {}, name)
        ground = yield from self.ground(owner, [wish], overflow=overflow, limit=limit)
        probes = self._probes.beside(owner, [task])
        if before:
            self._store.jobs.get(owner, before)
        with self.all_or_nothing(owner) as made:
            made.append(self.new(owner, wish, ground, probes, before))
            return self._store.jobs.create_family(owner, made[0], [])[0]

    @contextmanager
    def all_or_nothing(self, owner: str) -> Iterator[list[NewJob]]:
        """For the jobs that are put into the list: if they cannot be made, no run and no folder of theirs stays behind."""
        made: list[NewJob] = []
        try:
            yield made
        except BaseException:
            self._runs.forget(owner, {new.id for new in made})
            for new in made:
                artefacts.remove(self._store.job_folder(new.id))
            raise

    def ground(
        self,
        owner: str,
        wishes: Sequence[Wish],
        *,
        overflow: OnOverflow,
        limit: int,
        most: int | None = None,
        asked: Callable[[Task], Sequence[Strategy]] = lambda _: [ZeroShot()],
    ) -> Generator[Measured, None, Ground]:
        """For one or more wishes about the same task and model: everything wrong with any of them, or the rows that fit.

        `limit`: test rows, `most`: train rows; a seeded sample where there are more. `asked`: how test rows are.
        """
        problems = [] if limit >= 1 else [Problem("limit", f"{limit} rows are asked for; at least one is needed.")]
        if self._settings.engine != "local":
            problems.append(Problem("engine", f"{self._settings.engine} cannot tune. Set PROMPTUNE_ENGINE=local."))
        data, model = self._data(owner, wishes[0].task, problems), self._model(owner, wishes[0].model, problems)
        for wish in wishes:
            self._check(owner, wish, problems)
        if data is not None:
            problems += [*unknown(data.task.metrics), *_unready(data)]
        if problems or data is None or model is None:
            raise Problems(problems)
        limits: dict[Split, int | None] = {"train": most, "validation": VALIDATION_ROWS, "test": limit}
        splits: dict[Split, Sequence[Example]] = {split: sample(data.examples[split], count) for split, count in limits.items()}
        kept = yield from fitting(self._device, model, splits, self._settings.max_tokens, asked(data.task))
        if kept.skipped and overflow == "fail":
            raise kept.told(todo="Shorten them, or choose skip to leave them out.")
        if short := _too_few({name: len(rows) for name, rows in kept.rows.items()}):
            raise kept.told(todo=f"{short} Bring shorter rows, or a model with a longer window.") if kept.skipped else Problems([Problem("task", short)])
        rows = Rows(kept.rows["train"], kept.rows["validation"], kept.rows["test"])
        return Ground(data, model, self._outside(owner, wishes[0].model), kept, rows)

    def new(self, owner: str, wish: Wish, ground: Ground, probes: Mapping[str, str], before: str = "") -> NewJob:
        """The job of a wish that nothing is wrong with. Its run has its name from now on."""
        id, recipe, task = new_id(), recipes.configured(wish.recipe, wish.settings), ground.data.task
        slug = wish.name or slugify(f"{wish.task}-{wish.recipe}")
        slug = self._runs.claim(
            owner, slug=slug, exact=bool(wish.name), label=f"{task.title}: {wish.recipe}", job=id, model=wish.model, task=wish.task, recipe=wish.recipe
        )
        tuned = Weights(f"{wish.model}+{slug}", ground.model.folder, str(self._store.job_folder(id) / RUN))
        contenders = [(Contender.parse(f"{one.name}/zero-shot"), one) for one in (ground.model, tuned)]
        scoring = score_spec(self._settings, task, contenders, "skip")
        skipped = {split: ground.kept.count(split) for split in LEAST}
        spec = tune.tune_spec(scoring, task, ground.model, ground.base, slug, recipe, before) | {"skipped": skipped}
        files = frozen(ground.rows.test, NOTHING) | tune.frozen(ground.rows) | dict(probes)
        answers = probing.answers(probing.frozen_of(probes), [ground.model, tuned])
        total = _steps(recipe, len(ground.rows.train)) + 2 * len(ground.rows.test) + answers
        return NewJob("tune", f"{task.title}: {wish.recipe}", spec, total, files, id)

    def live(self, owner: str, job: str) -> Live:
        """What is known of a run's making by now; of steps that were made twice the later."""
        folder = self._store.job_folder(self._store.jobs.get(owner, job).id)
        points, checks = ({row["step"]: row for row in read(folder / file)} for file in (tune.CURVE, tune.CHECKS))
        return Live([points[step] for step in sorted(points)], [checks[step] for step in sorted(checks)], _made(folder))

    def run(self, owner: str, job: str) -> RunInfo:
        found = self._runs.of_job(owner, self._store.jobs.get(owner, job).id)
        if found is None:
            raise UserError("it made no run.", where=f"job {job}", todo="promptune jobs lists the others.")
        return found

    def probes_of(self, owner: str, job: str) -> dict[str, dict[str, Any]]:
        """The skills' accuracies before and after, by probe."""
        one = self._store.jobs.get(owner, job)
        folder = self._store.job_folder(one.id)
        names = [each["weights"]["name"] for each in one.spec["contenders"]]
        return {when: dict(probing.accuracies(folder, name)) for when, name in zip(("before", "after"), names, strict=True)}

    # ---- inside ----

    def _data(self, owner: str, slug: str, problems: list[Problem]) -> TaskData | None:
        try:
            return self._tasks.load(owner, slug)
        except UserError as error:
            problems.append(Problem("task", str(error)))
        return None

    def _model(self, owner: str, slug: str, problems: list[Problem]) -> Weights | None:
        try:
            return self._models.weights(owner, slug)
        except UserError as error:
            problems.append(Problem("model", str(error)))
        return None

    def _check(self, owner: str, wish: Wish, problems: list[Problem]) -> None:
        try:
            recipes.configured(wish.recipe, wish.settings)
        except Problems as error:
            problems += error.problems
        except UserError as error:
            problems.append(Problem("recipe", str(error)))
        if wish.name and not is_slug(wish.name):
            problems.append(Problem("name", f"{wish.name!r} cannot be a name: use lower-case letters, digits, '.', '_' and '-', a letter or digit first."))
        elif wish.name and self._runs.was(owner, wish.name):
            problems.append(Problem("name", f"{wish.name!r} is the name of another run, or was once. Take another one."))

    def _outside(self, owner: str, slug: str) -> str:
        source = self._models.get(owner, slug).source
        return source if HUB_ID.fullmatch(source) else slug


def _unready(data: TaskData) -> list[Problem]:
    """Why nothing can be taught with these rows."""
    counts = {name: len(data.examples.get(name, ())) for name in LEAST}
    if short := _too_few(counts):
        return [Problem("task", short)]
    problems = []
    for split in LEAST:
        without = [str(example.row) for example in data.examples.get(split, ()) if not (example.completion or "").strip()]
        if without:
            named = ", ".join(without[:10]) + (f" and {len(without) - 10} more" if len(without) > 10 else "")
            problems.append(Problem("task", f"nothing says what is right in {split} row{'s' * (len(without) > 1)} {named}: the completion is blank."))
    return problems


def _too_few(counts: Mapping[Split, int]) -> str:
    if all(counts[name] >= least for name, least in LEAST.items()):
        return ""
    needs, has = (", ".join(f"{numbers[name]} {name}" for name in LEAST) for numbers in (LEAST, counts))
    return f"tuning needs at least {needs} rows; there are {has}."


def _steps(recipe: Recipe, rows: int) -> int:
    return -(-rows // recipe.batch) * recipe.epochs


def _made(folder: Path) -> dict[str, Any] | None:
    file = folder / RUN / MADE
    if not file.exists():
        return None
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found
