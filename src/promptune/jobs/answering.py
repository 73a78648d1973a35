"""Many examples, each to several contenders: what a batch and a scorecard have in common. Every answer is kept as soon as it is there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from promptune.core.contender import Contender
from promptune.core.generation import Generation
from promptune.core.prompt import SentPrompt
from promptune.core.score import Tuning
from promptune.core.strategy import Strategy
from promptune.core.task import Example
from promptune.engines.protocol import Engine, Failed, Finished, Request, Weights
from promptune.errors import OutOfMemory, Problem, Problems
from promptune.jobs.kinds import Work
from promptune.jobs.lines import Lines, Row
from promptune.prompting.material import NOTHING, Material
from promptune.prompting.vote import vote, winner
from promptune.runs import tuning
from promptune.settings import Settings
from promptune.tuning import MADE

MATERIAL = "material.json"  # in the job's folder: what its strategies draw from
_MATERIAL: TypeAdapter[Material] = TypeAdapter(Material)


@dataclass(frozen=True)
class Item:
    """One example to one contender, ready to be sent: a request for each sample, their ids their own within the job."""

    place: int  # of the example in its job, from 0
    contender: str
    example: Example
    strategy: Strategy
    requests: tuple[Request, ...]
    dropped: int = 0  # examples and passages that were left out of its prompt


@dataclass(frozen=True)
class Answered:
    """How all samples of an item ended, in their order. One that failed fails the item."""

    item: Item
    ends: tuple[Finished | Failed, ...]
    worked: float  # seconds of the engine since the item before it ended: over all items they add up to its time

    @property
    def made(self) -> list[Generation]:
        return [end.generation for end in self.ends if isinstance(end, Finished)]

    @property
    def prompt(self) -> SentPrompt | None:
        """As it was sent, or as it did not fit."""
        prompts = [end.generation.prompt if isinstance(end, Finished) else end.prompt for end in self.ends]
        return next((prompt for prompt in prompts if prompt), None)

    def row(self) -> Row:
        """What is kept of it, whatever the job."""
        failed = next((end for end in self.ends if isinstance(end, Failed)), None)
        return _failed(failed) | self._cost() if failed else self._answer() | self._cost()

    def _answer(self) -> Row:
        made, strategy, example = self.made, self.item.strategy, self.item.example
        texts = [one.text for one in made]
        answer, shown = vote(strategy, texts, example), made[winner(strategy, texts, example)]
        row: Row = {"text": shown.text, "answer": answer.value, "how": answer.how, "finish_reason": shown.finish_reason, "error": ""}
        return row | ({"votes": [asdict(one) for one in answer.votes], "samples": texts} if len(texts) > 1 else {})

    def _cost(self) -> Row:
        """The samples share one prompt and run side by side."""
        made = self.made
        firsts = [one.first_token_seconds for one in made if one.first_token_seconds is not None]
        return {
            "prompt_tokens": made[0].prompt.tokens if made else 0,
            "completion_tokens": sum(one.completion_tokens for one in made),
            "first_token_seconds": min(firsts, default=None),
            "seconds": max((one.seconds for one in made), default=0.0),
        }


def _failed(end: Failed) -> Row:
    return {"text": "", "answer": None, "how": "", "finish_reason": "failed", "error": f"{end.what} {end.todo}".strip()}


def answer_all(
    work: Work, engine: Engine, chunks: Iterable[Sequence[Item]], file: Path, row: Callable[[Answered], Row], say: Callable[[int], None], done: int
) -> None:
    """Each chunk is given to the engine at once. `done` counts the answers that are there already."""
    with closing(Lines(file)) as rows:
        for chunk in chunks:
            for answered in _answers(work, engine, chunk, partial(say, done)):
                rows.add(row(answered))
                done += 1
                say(done)
            rows.sync()


def _answers(work: Work, engine: Engine, items: Sequence[Item], loaded: Callable[[], None]) -> Iterator[Answered]:
    """Each as soon as its last sample ended. `loaded` is called when the model is there."""
    by_request = {request.id: item for item in items for request in item.requests}
    ended: dict[str, Finished | Failed] = {}
    since: float | None = None
    for event in engine.stream([request for item in items for request in item.requests]):
        work.check()
        if since is None:
            since = time.monotonic()
            loaded()
        if isinstance(event, Failed) and event.name == OutOfMemory.name:
            raise OutOfMemory(event.what, todo=event.todo)
        if isinstance(event, Finished | Failed):
            ended[event.id] = event
            item = by_request[event.id]
            if all(request.id in ended for request in item.requests):
                now = time.monotonic()
                yield Answered(item, tuple(ended[request.id] for request in item.requests), now - since)
                since = now


# ---- the part of a job's spec and folder that both have: nothing is looked up again when the job starts or resumes ----


def contenders_spec(settings: Settings, contenders: Sequence[tuple[Contender, Weights]]) -> dict[str, Any]:
    if twice := given_twice([contender for contender, _ in contenders]):
        raise Problems(twice)
    return {
        "engine": settings.engine,
        "device": settings.device,
        "max_tokens": settings.max_tokens,
        "contenders": [{"spelling": str(contender), "weights": asdict(weights)} for contender, weights in contenders],
    }


def frozen_material(material: Material) -> dict[str, str]:
    """The file for the folder of a new job."""
    return {MATERIAL: json.dumps(asdict(material))}


def material_of(folder: Path) -> Material:
    return _MATERIAL.validate_json((folder / MATERIAL).read_bytes()) if (folder / MATERIAL).exists() else NOTHING


def given_twice(contenders: Sequence[Contender]) -> list[Problem]:
    spelled = [*map(str, contenders)]
    return [Problem(f"contender {i + 1}", f"{name} is given twice.") for i, name in enumerate(spelled) if name in spelled[:i]]


def contenders_of(spec: dict[str, Any]) -> list[tuple[Contender, Weights]]:
    return [(Contender.parse(one["spelling"]), Weights(**one["weights"])) for one in spec["contenders"]]


def tuning_of(spec: dict[str, Any]) -> dict[str, Tuning]:
    """What it took to make the contenders that were tuned, as their runs' folders say."""
    files = {one["spelling"]: Path(adapter) / MADE for one in spec["contenders"] if (adapter := one["weights"].get("adapter"))}
    return {spelling: tuning(json.loads(file.read_text(encoding="utf-8"))) for spelling, file in files.items() if file.exists()}


def spellings(spec: dict[str, Any]) -> list[str]:
    return [one["spelling"] for one in spec["contenders"]]


def in_order(spec: dict[str, Any], rows: Sequence[Row], place: str) -> list[Row]:
    """By the example's place, which the rows call `place`, then by contender as they were asked."""
    order = {contender: i for i, contender in enumerate(spellings(spec))}
    return sorted(rows, key=lambda row: (row[place], order[row["contender"]]))
