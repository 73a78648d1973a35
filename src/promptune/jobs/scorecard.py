"""A scorecard as it lies in its job's folder: the predictions, which can be scored again, and what they were scored."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter

from promptune.core.job import Job
from promptune.core.score import Cost, Scorecard, Scored
from promptune.errors import UserError
from promptune.jobs.answering import in_order, spellings
from promptune.jobs.kinds import Work
from promptune.jobs.lines import Row, read
from promptune.scoring.metrics import measure
from promptune.scoring.predictions import prediction
from promptune.store import artefacts

ROWS, RESULT, CARD, PREDICTIONS = "rows.jsonl", "result", "scorecard.json", "predictions.jsonl"
_CARD: TypeAdapter[Scorecard] = TypeAdapter(Scorecard)


def read_scorecard(job: Job, folder: Path) -> Scorecard:
    return _CARD.validate_json((_result(job, folder) / CARD).read_bytes())


def read_signatures(job: Job, folder: Path) -> dict[str, str]:
    """By metric: how exactly it was computed."""
    found: dict[str, str] = json.loads((_result(job, folder) / CARD).read_bytes())["signatures"]
    return found


def read_rows(job: Job, folder: Path) -> list[Row]:
    """Every prediction by now: row by row, and in each contender by contender."""
    if artefacts.is_complete(folder / RESULT):
        return read(predictions_file(job, folder))
    return in_order(job.spec, read(folder / ROWS), "place")


def predictions_file(job: Job, folder: Path) -> Path:
    return _result(job, folder) / PREDICTIONS


def write_scorecard(work: Work, skipped: int) -> None:
    rows = in_order(work.spec, read(work.folder / ROWS), "place")
    scored: list[Scored] = []
    signatures: dict[str, str] = {}
    for contender in spellings(work.spec):
        mine = [row for row in rows if row["contender"] == contender]
        measured = measure(work.spec["metrics"], [prediction(row) for row in mine])
        signatures = {name: one.signature for name, one in measured.items()}  # they tell of the references, which all contenders share
        cost = Cost(sum(row["prompt_tokens"] for row in mine), sum(row["completion_tokens"] for row in mine), sum(row["worked"] for row in mine))
        dropped, errors = sum(row["dropped"] > 0 for row in mine), sum(bool(row["error"]) for row in mine)
        scored.append(Scored(contender, {name: one.score for name, one in measured.items()}, cost, dropped, errors))
    card = Scorecard(work.spec["task"], len(rows) // len(scored), skipped, tuple(scored))
    with artefacts.building(work.folder / RESULT) as folder:
        (folder / PREDICTIONS).write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        (folder / CARD).write_text(json.dumps(asdict(card) | {"signatures": signatures}, indent=1), encoding="utf-8")


def _result(job: Job, folder: Path) -> Path:
    if job.kind != "score":
        raise UserError(f"it is a {job.kind} and has no scorecard.", where=f"job {job.id}", todo="promptune jobs lists the others.")
    if not artefacts.is_complete(folder / RESULT):
        todo = "Wait until it is done." if job.state.active else f"promptune jobs resume {job.id} --wait goes on with it."
        raise UserError(f"its scorecard is not there yet: the job is {job.state}.", where=f"job {job.id}", todo=todo)
    artefacts.verify(folder / RESULT)
    return folder / RESULT
