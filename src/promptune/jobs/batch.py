"""A batch: many questions, each to several contenders. Every answer is kept as soon as it is there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

from promptune.core.contender import Contender
from promptune.core.job import Job
from promptune.core.strategy import Strategy
from promptune.core.task import Example
from promptune.engines.make import engine_for
from promptune.engines.protocol import Failed, Finished, Request, Weights
from promptune.errors import OutOfMemory, Problem, Problems
from promptune.jobs.kinds import KINDS, Work
from promptune.jobs.lines import Lines, Row, read
from promptune.prompting import decide
from promptune.prompting.strategies import build
from promptune.settings import Settings
from promptune.store import artefacts

CHUNK = 8  # questions that an engine is given at once, each to every contender
ROWS, RESULT, ANSWERS, SUMMARY = "results.jsonl", "result", "answers.json", "summary.json"
SAMPLE = Path(__file__).resolve().parents[3] / "configs" / "questions" / "everyday.yaml"  # there is none where only the package was installed


@dataclass(frozen=True)
class BatchResult:
    questions: list[str]
    contenders: list[str]
    answers: list[Row]  # one for each question (an index) and contender, in that order; those that are there
    complete: bool


@dataclass(frozen=True)
class Asked:
    """One question to one contender, ready to be sent; its request's id is its own within the job."""

    question: int
    contender: str
    example: Example
    strategy: Strategy
    request: Request

    def row(self, event: Finished | Failed) -> Row:
        row: Row = {"question": self.question, "contender": self.contender, "text": "", "answer": None, "how": ""}
        if isinstance(event, Failed):
            nothing = {"prompt_tokens": 0, "completion_tokens": 0, "first_token_seconds": None, "seconds": 0.0}
            return row | nothing | {"finish_reason": "failed", "error": f"{event.what} {event.todo}".strip()}
        made = event.generation
        answer = self.strategy.read(made.text, self.example)
        return row | {
            "text": made.text,
            "answer": answer.value,
            "how": answer.how,
            "prompt_tokens": made.prompt.tokens,
            "completion_tokens": made.completion_tokens,
            "first_token_seconds": made.first_token_seconds,
            "seconds": made.seconds,
            "finish_reason": made.finish_reason,
            "error": "",
        }


def batch_spec(settings: Settings, questions: Sequence[str], contenders: Sequence[tuple[Contender, Weights]]) -> dict[str, Any]:
    """Everything a worker needs: nothing is looked up again when the job starts or resumes."""
    spelled = [str(contender) for contender, _ in contenders]
    if twice := [Problem(f"contender {i + 1}", f"{name} is given twice.") for i, name in enumerate(spelled) if name in spelled[:i]]:
        raise Problems(twice)
    return {
        "kind": "batch",
        "engine": settings.engine,
        "device": settings.device,
        "max_tokens": settings.max_tokens,
        "questions": list(questions),
        "contenders": [{"spelling": str(contender), "weights": asdict(weights)} for contender, weights in contenders],
    }


def read_result(job: Job, folder: Path) -> BatchResult:
    """What there is by now: the finished artefact, or the answers so far."""
    complete = artefacts.is_complete(folder / RESULT)
    if complete:
        artefacts.verify(folder / RESULT)
        rows = json.loads((folder / RESULT / ANSWERS).read_text(encoding="utf-8"))
    else:
        rows = _in_order(job.spec, read(folder / ROWS))
    return BatchResult(list(job.spec["questions"]), _spellings(job.spec), rows, complete)


def sample_questions() -> list[str]:
    return [str(question) for question in yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))] if SAMPLE.is_file() else []


@KINDS.register("batch")
def run(work: Work) -> None:
    """Goes on behind the answers that are there; the same job gives the same answers however often it was interrupted."""
    there = {(row["question"], row["contender"]) for row in read(work.folder / ROWS)}
    left = [asked for asked in _all(work) if (asked.question, asked.contender) not in there]
    if left:
        work.progress.say(len(there), len(there) + len(left), "loading the model")
        with closing(engine_for(work.spec["engine"], work.spec["device"])) as engine, closing(Lines(work.folder / ROWS)) as rows:
            done = len(there)
            for _, chunk in groupby(left, key=lambda asked: asked.question // CHUNK):
                waiting = {asked.request.id: asked for asked in chunk}
                for n, event in enumerate(engine.stream([asked.request for asked in waiting.values()])):
                    work.check()
                    if n == 0:  # the model is loaded
                        _say(work, done)
                    if isinstance(event, Finished | Failed):
                        if isinstance(event, Failed) and event.name == OutOfMemory.name:
                            raise OutOfMemory(event.what, todo=event.todo)
                        rows.add(waiting.pop(event.id).row(event))
                        done += 1
                        _say(work, done)
                rows.sync()
    _publish(work)


def _all(work: Work) -> Iterator[Asked]:
    contenders = [(Contender.parse(one["spelling"]), Weights(**one["weights"])) for one in work.spec["contenders"]]
    for i, question in enumerate(work.spec["questions"]):
        example = Example(prompt=question)
        for place, (contender, weights) in enumerate(contenders):
            strategy = build(contender)
            prompt = strategy.render(example)
            request = decide.request(f"{i}-{place}", weights, contender, strategy, prompt, max_tokens=work.spec["max_tokens"], seed=_seed(work.id, i))
            yield Asked(i, str(contender), example, strategy, request)


def _seed(job: str, question: int) -> int:
    """Drawn once for ever: where a job is interrupted must not change what it answers."""
    return int.from_bytes(hashlib.sha256(f"{job} {question}".encode()).digest()[:4]) >> 1


def _say(work: Work, done: int) -> None:
    questions, contenders = len(work.spec["questions"]), len(work.spec["contenders"])
    work.progress.say(done, questions * contenders, f"question {min(done // contenders + 1, questions)} of {questions}")


def _publish(work: Work) -> None:
    rows = _in_order(work.spec, read(work.folder / ROWS))
    costs = ("prompt_tokens", "completion_tokens", "seconds")
    summary = []
    for contender in _spellings(work.spec):
        mine = [row for row in rows if row["contender"] == contender]
        totals = {cost: sum(row[cost] for row in mine) for cost in costs}
        summary.append({"contender": contender, "answers": len(mine), "errors": sum(bool(row["error"]) for row in mine), **totals})
    with artefacts.building(work.folder / RESULT) as folder:
        (folder / ANSWERS).write_text(json.dumps(rows, indent=1), encoding="utf-8")
        (folder / SUMMARY).write_text(json.dumps({"questions": len(work.spec["questions"]), "contenders": summary}, indent=1), encoding="utf-8")


def _in_order(spec: dict[str, Any], rows: list[Row]) -> list[Row]:
    places = {contender: i for i, contender in enumerate(_spellings(spec))}
    return sorted(rows, key=lambda row: (row["question"], places[row["contender"]]))


def _spellings(spec: dict[str, Any]) -> list[str]:
    return [one["spelling"] for one in spec["contenders"]]
