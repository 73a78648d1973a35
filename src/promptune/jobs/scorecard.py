"""A scorecard as it lies in its job's folder: the predictions, which can be scored again, and what they were scored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from promptune.core.job import Job
from promptune.core.score import Cost, Retention, Scorecard, Scored, Tuning
from promptune.errors import UserError
from promptune.jobs.answering import in_order, spellings
from promptune.jobs.lines import Row, read
from promptune.scoring.metrics import Measured, measure
from promptune.scoring.predictions import prediction
from promptune.scoring.verdict import commonest, judge
from promptune.store import artefacts

ROWS, RESULT, CARD, PREDICTIONS = "rows.jsonl", "result", "scorecard.json", "predictions.jsonl"
KINDS_WITH_ONE = ("score", "tune", "duel")
NOTHING: Mapping[str, Any] = {}
_CARD: TypeAdapter[Scorecard] = TypeAdapter(Scorecard)


@dataclass(frozen=True)
class Made:
    """A scorecard, and by metric how exactly it was computed."""

    card: Scorecard
    signatures: dict[str, str]


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
    rows = read(folder / ROWS)
    return in_order(job.spec, rows, "place") if rows else []


def predictions_file(job: Job, folder: Path) -> Path:
    return _result(job, folder) / PREDICTIONS


def build_card(
    spec: dict[str, Any],
    rows: Sequence[Row],
    skipped: int,
    *,
    tuning: Mapping[str, Tuning] = NOTHING,
    retention: Mapping[str, Retention] = NOTHING,
    weak: Sequence[str] = (),
    missing: Sequence[str] = (),
) -> Made:
    """From the predictions of every contender of `spec`, all on the same rows. Of it `task`, `metrics` and the contenders' spellings count."""
    scored: list[Scored] = []
    counting: dict[str, Measured] = {}  # each contender's first metric
    signatures: dict[str, str] = {}
    for contender in spellings(spec):
        mine = [row for row in rows if row["contender"] == contender]
        measured = measure(spec["metrics"], [prediction(row) for row in mine])
        counting[contender] = measured[spec["metrics"][0]]
        signatures = {name: one.signature for name, one in measured.items()}  # they tell of the references, which all contenders share
        cost = Cost(sum(row["prompt_tokens"] for row in mine), sum(row["completion_tokens"] for row in mine), sum(row["worked"] for row in mine))
        dropped, errors = sum(row["dropped"] > 0 for row in mine), sum(bool(row["error"]) for row in mine)
        scores = {name: one.score for name, one in measured.items()}
        scored.append(Scored(contender, scores, cost, dropped, errors, tuning.get(contender), retention.get(contender)))
    card = Scorecard(spec["task"], len(rows) // len(scored), skipped, tuple(scored), weak=tuple(weak), missing=tuple(missing))
    floor = commonest([prediction(row) for row in rows if row["contender"] == scored[0].contender])
    return Made(replace(card, verdict=judge(card, counting, floor=floor)), signatures)


def write_card(folder: Path, made: Made, rows: Sequence[Row]) -> None:
    """`folder` is the job's."""
    with artefacts.building(folder / RESULT) as result:
        (result / PREDICTIONS).write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        (result / CARD).write_text(json.dumps(asdict(made.card) | {"signatures": made.signatures}, indent=1), encoding="utf-8")


def _result(job: Job, folder: Path) -> Path:
    if job.kind not in KINDS_WITH_ONE:
        raise UserError(f"it is a {job.kind} and has no scorecard.", where=f"job {job.id}", todo="promptune jobs lists the others.")
    if not artefacts.is_complete(folder / RESULT):
        todo = "Wait until it is done." if job.state.active else f"promptune jobs resume {job.id} --wait goes on with it."
        raise UserError(f"its scorecard is not there yet: the job is {job.state}.", where=f"job {job.id}", todo=todo)
    artefacts.verify(folder / RESULT)
    return folder / RESULT
