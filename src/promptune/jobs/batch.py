"""A batch: many questions, each to several contenders. Every answer is kept as soon as it is there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

from promptune.core.contender import Contender
from promptune.core.job import Job
from promptune.core.task import Example
from promptune.engines.make import engine_for
from promptune.engines.protocol import Weights
from promptune.jobs.answering import Answered, Item, answer_all, contenders_of, contenders_spec, in_order, material_of, spellings
from promptune.jobs.kinds import KINDS, Work
from promptune.jobs.lines import Row, read
from promptune.prompting import decide
from promptune.prompting.strategies import build
from promptune.settings import Settings
from promptune.store import artefacts

CHUNK = 16  # questions that an engine is given at once, each to every contender
ROWS, RESULT, ANSWERS, SUMMARY = "results.jsonl", "result", "answers.json", "summary.json"
SAMPLE = Path(__file__).resolve().parents[3] / "configs" / "questions" / "everyday.yaml"  # there is none where only the package was installed


@dataclass(frozen=True)
class BatchResult:
    questions: list[str]
    contenders: list[str]
    answers: list[Row]  # one for each question (an index) and contender, in that order; those that are there
    complete: bool


def batch_spec(settings: Settings, questions: Sequence[str], contenders: Sequence[tuple[Contender, Weights]]) -> dict[str, Any]:
    return {"kind": "batch", "questions": list(questions)} | contenders_spec(settings, contenders)


def read_result(job: Job, folder: Path) -> BatchResult:
    """What there is by now: the finished artefact, or the answers so far."""
    complete = artefacts.is_complete(folder / RESULT)
    if complete:
        artefacts.verify(folder / RESULT)
        rows = json.loads((folder / RESULT / ANSWERS).read_text(encoding="utf-8"))
    else:
        rows = in_order(job.spec, read(folder / ROWS), "question")
    return BatchResult(list(job.spec["questions"]), spellings(job.spec), rows, complete)


def sample_questions() -> list[str]:
    return [str(question) for question in yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))] if SAMPLE.is_file() else []


@KINDS.register("batch")
def run(work: Work) -> None:
    """Goes on behind the answers that are there; the same job gives the same answers however often it was interrupted."""
    there = {(row["question"], row["contender"]) for row in read(work.folder / ROWS)}
    left = [item for item in _items(work) if (item.place, item.contender) not in there]
    if left:
        work.progress.say(len(there), len(there) + len(left), "loading the model")
        chunks = (list(chunk) for _, chunk in groupby(left, key=lambda item: item.place // CHUNK))
        with closing(engine_for(work.spec["engine"], work.spec["device"])) as engine:
            answer_all(work, engine, chunks, work.folder / ROWS, _row, partial(_say, work), len(there))
    _publish(work)


def _items(work: Work) -> Iterator[Item]:
    material = material_of(work.folder)
    contenders = [(contender, weights, build(contender, material)) for contender, weights in contenders_of(work.spec)]
    for i, question in enumerate(work.spec["questions"]):
        example = Example(prompt=question)
        for place, (contender, weights, strategy) in enumerate(contenders):
            prompt, seed = strategy.render(example), _seed(work.id, i)
            requests = decide.requests(f"{i}-{place}", weights, contender, strategy, prompt, max_tokens=work.spec["max_tokens"], seed=seed)
            yield Item(i, str(contender), example, strategy, requests)


def _row(answered: Answered) -> Row:
    return {"question": answered.item.place, "contender": answered.item.contender} | answered.row()


def _seed(job: str, question: int) -> int:
    """Drawn once for ever: where a job is interrupted must not change what it answers."""
    return int.from_bytes(hashlib.sha256(f"{job} {question}".encode()).digest()[:4]) >> 1


def _say(work: Work, done: int) -> None:
    questions, contenders = len(work.spec["questions"]), len(work.spec["contenders"])
    work.progress.say(done, questions * contenders, f"question {min(done // contenders + 1, questions)} of {questions}")


def _publish(work: Work) -> None:
    rows = in_order(work.spec, read(work.folder / ROWS), "question")
    costs = ("prompt_tokens", "completion_tokens", "seconds")
    summary = []
    for contender in spellings(work.spec):
        mine = [row for row in rows if row["contender"] == contender]
        totals = {cost: sum(row[cost] for row in mine) for cost in costs}
        summary.append({"contender": contender, "answers": len(mine), "errors": sum(bool(row["error"]) for row in mine), **totals})
    with artefacts.building(work.folder / RESULT) as folder:
        (folder / ANSWERS).write_text(json.dumps(rows, indent=1), encoding="utf-8")
        (folder / SUMMARY).write_text(json.dumps({"questions": len(work.spec["questions"]), "contenders": summary}, indent=1), encoding="utf-8")
