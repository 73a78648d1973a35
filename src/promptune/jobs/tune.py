"""The job behind a run: it trains, publishes the weights, and scores them against their base on the test rows.

Everything it needs is frozen in its folder. It goes on from its last checkpoint, and behind the answers that are there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from promptune.core.recipe import Recipe
from promptune.core.task import Example, Task
from promptune.engines.protocol import Weights
from promptune.errors import UserError
from promptune.jobs import probing, score
from promptune.jobs.folder import SPEC
from promptune.jobs.kinds import KINDS, Work
from promptune.jobs.lines import Lines, read
from promptune.jobs.progress import Progress
from promptune.jobs.scorecard import ROWS
from promptune.runs import RUN
from promptune.store import artefacts
from promptune.tuning import MADE

if TYPE_CHECKING:
    from promptune.tuning.state import Check
    from promptune.tuning.train import Stepped

TRAIN, VALIDATION, CURVE, CHECKS = "train.jsonl", "validation.jsonl", "curve.jsonl", "checks.jsonl"  # in the job's folder
PACE = 0.25  # seconds between two points of a curve
_EXAMPLE: TypeAdapter[Example] = TypeAdapter(Example)
_RECIPE: TypeAdapter[Recipe] = TypeAdapter(Recipe)


@dataclass(frozen=True)
class Rows:
    """What a run is taught with, chosen by, and scored on."""

    train: Sequence[Example]
    validation: Sequence[Example]
    test: Sequence[Example]


def tune_spec(scoring: dict[str, Any], task: Task, model: Weights, base: str, run: str, recipe: Recipe, before: str) -> dict[str, Any]:
    """`scoring`: the spec of the score that follows. `base`: the model as the rest of the world knows it. `before`: the id of a
    job that asks the base first, or empty."""
    about = {"about": asdict(task), "model": asdict(model), "base": base, "run": run, "recipe": asdict(recipe), "before": before}
    return scoring | {"kind": "tune", "engine": "local"} | about


def frozen(rows: Rows) -> dict[str, str]:
    return {name: "".join(f"{json.dumps(asdict(one))}\n" for one in part) for name, part in ((TRAIN, rows.train), (VALIDATION, rows.validation))}


@KINDS.register("tune")
def run(work: Work) -> None:
    steps = 0
    if not artefacts.is_complete(work.folder / RUN):
        steps = _train(work)
    steps = steps or int(json.loads((work.folder / RUN / MADE).read_text(encoding="utf-8"))["steps"])
    for left in ("best", "checkpoints"):  # the weights are published
        artefacts.remove(work.folder / left)
    if work.spec["before"]:
        _adopt(work, work.folder.parent / work.spec["before"])
    score.run(replace(work, progress=Later(work.progress, steps)))


class Later(Progress):
    """Progress of what follows other work: that counts as done."""

    def __init__(self, progress: Progress, before: int) -> None:
        self._progress, self._before = progress, before

    def say(self, done: int, total: int, note: str) -> None:
        self._progress.say(self._before + done, self._before + total, note)


def _train(work: Work) -> int:
    """The steps that were planned."""
    from promptune.engines.local_models import load  # torch, transformers and peft take seconds
    from promptune.sandbox import Sandbox
    from promptune.tuning import checkpoints, methods
    from promptune.tuning.batches import layout
    from promptune.tuning.encoding import encode
    from promptune.tuning.machine import device_of, naming_memory, threads
    from promptune.tuning.publish import made, publish
    from promptune.tuning.train import Training
    from promptune.tuning.validation import Validation

    spec, recipe = work.spec, _RECIPE.validate_python(work.spec["recipe"])
    task, model = Task(**{**spec["about"], "metrics": tuple(spec["about"]["metrics"])}), Weights(**spec["model"])
    done = checkpoints.newest(work.folder)
    work.progress.say(done, 0, f"loading {model.name}")
    with closing(Sandbox()) as sandbox, _curve(work) as watch, naming_memory(recipe):
        loaded = load(Path(model.folder), device_of(spec["device"]))
        threads(loaded)
        work.progress.say(done, 0, "reading the rows")
        rows = {name: _examples(work.folder / name) for name in (TRAIN, VALIDATION)}
        coded = {name: encode(loaded, part, sandbox) for name, part in rows.items()}
        for name, part in coded.items():
            _need_room([one.fits(loaded) for one in part], name.removesuffix(".jsonl"))
        how, trained = layout(loaded), methods.prepare(loaded, recipe)
        longest = max(len(one.answer) for one in coded[TRAIN])
        pairs = list(zip(rows[VALIDATION], coded[VALIDATION], strict=True))
        validation = Validation.of(loaded, how, task.metrics[0], pairs, longest, spec["max_tokens"], sandbox, work.cancelled.is_set)
        training = Training(trained, recipe, coded[TRAIN], how, loaded.tokenizer.pad_token_id, work.folder, validation, watch)
        state = training.run()
        if state is None or state.best is None:
            work.check()
            raise UserError("the training ended without a validation.", todo="Give the task more train rows.")
        found = {
            "kind": "seq2seq" if loaded.seq2seq else "causal",
            "layout": how,
            "rows": len(coded[TRAIN]),
            "steps": training.plan.steps,
            "done": state.step,
            "best": {"step": state.best.step, "score": state.best.score, "loss": state.best.loss},
            "loss": state.loss,
            "seconds": state.seconds,
            "trainable": asdict(methods.trainable(training.model)),
            "peak_memory_mb": state.memory,
        }
        artefacts.verify(training.best(state))
        publish(training.best(state), work.folder / RUN, loaded, made(task, model.name, spec["base"], spec["run"], recipe, found))
    return training.plan.steps


class _Curve:
    """A training's own words, made lines in the job's folder."""

    def __init__(self, work: Work) -> None:
        self._work, self._told = work, 0.0
        self._points, self._checks = Lines(work.folder / CURVE), Lines(work.folder / CHECKS)

    def stepped(self, news: Stepped) -> None:
        now = time.monotonic()
        if now - self._told < PACE and news.step < news.steps:
            return
        self._told = now
        self._points.add(asdict(news))
        note = f"step {news.step:,} of {news.steps:,} · loss {news.loss:.3f} · {news.speed:,.0f} tokens/s"
        self._work.progress.say(news.step, news.steps, note)

    def checked(self, check: Check) -> None:
        self._checks.add(asdict(check))

    def stopped(self) -> bool:
        return self._work.cancelled.is_set()

    def close(self) -> None:
        self._points.close()
        self._checks.close()


@contextmanager
def _curve(work: Work) -> Iterator[_Curve]:
    with closing(_Curve(work)) as curve:
        yield curve


def _examples(file: Path) -> list[Example]:
    return [_EXAMPLE.validate_python(row) for row in read(file)]


def _need_room(fits: Sequence[bool], split: str) -> None:
    """It was checked before the job began; a model that was changed since must not be taught half an answer."""
    if not all(fits):
        raise UserError(f"{fits.count(False)} {split} rows do not fit the model's window any more.", todo="Start it again.")


def _adopt(work: Work, other: Path) -> None:
    """Takes over what the base answered in another job, where that one asked the very same of it."""
    base, folder = work.spec["contenders"][0], work.folder
    theirs = json.loads((other / SPEC).read_text(encoding="utf-8")) if (other / SPEC).exists() else {}
    alike = all(theirs.get(key) == work.spec[key] for key in ("max_tokens", "engine", "device")) and base in theirs.get("contenders", ())
    if not alike:
        return
    there = {row["place"] for row in read(folder / ROWS) if row["contender"] == base["spelling"]}
    if (folder / score.TEST).read_bytes() == (other / score.TEST).read_bytes():
        with closing(Lines(folder / ROWS)) as rows:
            for row in read(other / ROWS):
                if row["contender"] == base["spelling"] and row["place"] not in there and not row["error"]:
                    rows.add(row)
            rows.sync()
    probing.adopt(folder, other, base["weights"]["name"])
