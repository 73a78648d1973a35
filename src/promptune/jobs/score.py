"""The job behind a scorecard: every contender answers the same frozen rows, and each answer is kept with its exact prompt."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from itertools import groupby
from typing import Any

from pydantic import TypeAdapter

from promptune.core.contender import Contender
from promptune.core.prompt import Prompt, SentPrompt
from promptune.core.score import Retention
from promptune.core.strategy import Strategy
from promptune.core.task import Example, Task
from promptune.engines.make import engine_for
from promptune.engines.protocol import Engine, Weights
from promptune.errors import Problem, Problems, UserError
from promptune.jobs import probing
from promptune.jobs.answering import Answered, Item, answer_all, contenders_of, contenders_spec, frozen_material, in_order, material_of, tuning_of
from promptune.jobs.kinds import KINDS, Work
from promptune.jobs.lines import Row, read
from promptune.jobs.scorecard import ROWS, build_card, write_card
from promptune.prompting import decide
from promptune.prompting.budget import Fitted, Overflow, fit
from promptune.prompting.material import Material
from promptune.prompting.strategies import build
from promptune.scoring.same import same
from promptune.settings import Settings

CHUNK = 128  # texts that an engine is given at once, all of one contender: what ends makes room for the next
MEASURED = 64  # prompts that are measured at once
TEST = "test.jsonl"  # in the job's folder: its rows
_EXAMPLE: TypeAdapter[Example] = TypeAdapter(Example)


@dataclass(frozen=True)
class _Entrant:
    """A contender as its worker has it."""

    contender: Contender
    weights: Weights
    strategy: Strategy


def score_spec(settings: Settings, task: Task, contenders: Sequence[tuple[Contender, Weights]], overflow: Overflow) -> dict[str, Any]:
    """With `frozen` everything a worker needs, and what a page shows of the job."""
    asked = {"kind": "score", "task": task.name, "title": task.title, "metrics": list(task.metrics), "overflow": overflow}
    return asked | contenders_spec(settings, contenders)


def frozen(examples: Sequence[Example], material: Material) -> dict[str, str]:
    """The files of a new job: a task that is changed or deleted changes no scorecard."""
    return {TEST: "".join(f"{json.dumps(asdict(example))}\n" for example in examples)} | frozen_material(material)


@KINDS.register("score")
def run(work: Work) -> None:
    """Goes on behind the predictions that are there; the same task, contenders and rows give the same scorecard, whatever the job."""
    examples = [_EXAMPLE.validate_python(row) for row in read(work.folder / TEST)]
    material = material_of(work.folder)
    entrants = [_Entrant(contender, weights, build(contender, material)) for contender, weights in contenders_of(work.spec)]
    there = {(row["place"], row["contender"]) for row in read(work.folder / ROWS)}
    total = _total(work, examples, entrants)
    work.progress.say(len(there), total, "loading the model")
    with closing(engine_for(work.spec["engine"], work.spec["device"])) as engine:
        fitted = _fitted(work, engine, entrants, examples, len(there), total)
        skipped = {place for prompts in fitted for place, one in enumerate(prompts) if one.prompt is None}
        if len(skipped) == len(examples):
            why = next(one.over for prompts in fitted for one in prompts if one.over)
            raise UserError(f"no row is left: none fits the window of every contender. {why}", todo="Use fewer examples, or let the answer be shorter.")
        items = [item for item in _items(work.spec, entrants, examples, fitted, skipped) if (item.place, item.contender) not in there]
        left_out = len(skipped) * len(entrants)
        say = partial(_say, work, total)
        answer_all(work, engine, _chunks(items), work.folder / ROWS, _row, lambda done: say(done + left_out), len(there))
        _probe(work, engine, entrants, len(examples) * len(entrants), say)
    _publish(work, entrants, len(skipped))


def _total(work: Work, examples: Sequence[Example], entrants: Sequence[_Entrant]) -> int:
    """Answers, those of the probes among them."""
    return len(examples) * len(entrants) + probing.answers(probing.frozen_in(work.folder), [one.weights for one in entrants])


def _probe(work: Work, engine: Engine, entrants: Sequence[_Entrant], done: int, say: Callable[[int], None]) -> None:
    """Each base, then what was tuned from it. `done` counts the answers before them."""
    frozen = probing.frozen_in(work.folder)

    def seen(before: int, probed: int) -> None:
        say(before + probed)

    for base, tuned in probing.families([one.weights for one in entrants]).items():
        probing.ask(work, engine, base, tuned, partial(seen, done))
        done += probing.answers(frozen, [base, *tuned])


def _publish(work: Work, entrants: Sequence[_Entrant], skipped: int) -> None:
    rows = in_order(work.spec, read(work.folder / ROWS), "place")
    bases = probing.families([one.weights for one in entrants])
    weak = [f"{title} ({base.name})" if len(bases) > 1 else title for base in bases for title in probing.weak(work.folder, base.name)]
    skipped += work.spec.get("skipped", {}).get("test", 0)  # rows that were left out before there was a job
    write_card(work.folder, build_card(work.spec, rows, skipped, tuning=tuning_of(work.spec), retention=_retention(work, entrants), weak=weak), rows)


def _retention(work: Work, entrants: Sequence[_Entrant]) -> dict[str, Retention]:
    """By contender, of those that were tuned."""
    if not probing.frozen_in(work.folder).probes:
        return {}
    tuned = [one for one in entrants if one.weights.adapter]
    return {str(one.contender): probing.retention(work.folder, probing.base_of(one.weights.name), one.weights.name) for one in tuned}


def _fitted(work: Work, engine: Engine, entrants: Sequence[_Entrant], examples: Sequence[Example], done: int, total: int) -> list[list[Fitted]]:
    """Every prompt of every contender before anything is generated: what does not fit is told for all of them at once."""
    fitted, problems = [], []
    for one in entrants:
        work.progress.say(done, total, f"measuring the prompts of {one.contender}")
        try:
            fitted.append(
                fit(
                    one.strategy,
                    examples,
                    _measuring(work, engine, one.weights),
                    asked=one.contender.decoding.max,
                    default=work.spec["max_tokens"],
                    overflow=work.spec["overflow"],
                    apart=engine.capabilities(one.weights).apart,
                )
            )
        except Problems as error:
            problems.append(Problem(str(one.contender), str(error)))
    if problems:
        raise Problems(problems)
    return fitted


def _measuring(work: Work, engine: Engine, weights: Weights) -> Callable[[Sequence[Prompt]], list[SentPrompt]]:
    """A few at a time, so that a job of many rows still ends soon when it is asked to."""

    def measured(prompts: Sequence[Prompt]) -> list[SentPrompt]:
        found: list[SentPrompt] = []
        for start in range(0, len(prompts), MEASURED):
            work.check()
            found += engine.measure(weights, prompts[start : start + MEASURED])
        return found

    return measured


def _items(
    spec: dict[str, Any], entrants: Sequence[_Entrant], examples: Sequence[Example], fitted: Sequence[Sequence[Fitted]], skipped: set[int]
) -> Iterator[Item]:
    """Contender by contender: each model is loaded once, and the time of each is its own."""
    for n, (one, prompts) in enumerate(zip(entrants, fitted, strict=True)):
        for place, (example, ready) in enumerate(zip(examples, prompts, strict=True)):
            if place not in skipped and ready.prompt is not None:
                id, seed = f"{place}-{n}", _seed(example, place)
                requests = decide.requests(id, one.weights, one.contender, one.strategy, ready.prompt, max_tokens=spec["max_tokens"], seed=seed)
                yield Item(place, str(one.contender), example, one.strategy, requests, ready.dropped)


def _chunks(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Where they begin depends on the row alone, so that a resumed job asks as an undisturbed one would."""
    for _, chunk in groupby(items, key=lambda item: (item.contender, item.place // max(1, CHUNK // len(item.requests)))):
        yield list(chunk)


def _seed(example: Example, place: int) -> int:
    """The row's own, in whatever job: a scorecard can be made again, sampled answers included."""
    name = f"{example.split} {example.row}" if example.row is not None else str(place)
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) >> 1


def _say(work: Work, total: int, done: int) -> None:
    work.progress.say(done, total, f"answer {min(done + 1, total)} of {total}")


def _row(answered: Answered) -> Row:
    """A line that `rescore` reads like a file of another program."""
    item, kept = answered.item, answered.row()
    text = kept.pop("text")
    parts = answered.prompt.parts if answered.prompt else ()
    return {
        "place": item.place,
        "split": item.example.split,
        "row": item.example.row,
        "contender": item.contender,
        "prediction": text,
        "references": item.example.references,
        "answer_type": item.example.answer_type,
        "correct": bool(kept["answer"]) and same(kept["answer"], item.example),
        **kept,
        "worked": answered.worked,
        "dropped": item.dropped,
        "prompt": [{"kind": part.kind, "text": part.text, "tokens": part.tokens} for part in parts],
    }
