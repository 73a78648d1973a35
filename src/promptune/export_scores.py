"""Scorecards as they leave the house: JSON with every score from 0 to 1, tables for people × 100."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from promptune.core.score import Score, Scorecard, Scored
from promptune.errors import NotFound
from promptune.export import cell
from promptune.jobs.lines import Row
from promptune.registry import did_you_mean

COLUMNS = ("split", "row", "contender", "prediction", "answer", "how", "correct", "prompt_tokens", "completion_tokens", "seconds", "finish_reason", "error")
COSTS = ("prompt tokens", "answer tokens", "seconds")


def card(scorecard: Scorecard, id: str) -> dict[str, Any]:
    """As `promptune score --json` prints it."""
    return {
        "rows": scorecard.rows,
        "skipped": scorecard.skipped,
        "contenders": [_scored(one) for one in scorecard.contenders],
        "verdict": None,
        "scorecard": id,
    }


def metrics(found: dict[str, Score]) -> dict[str, Any]:
    return {name: asdict(score) for name, score in found.items()}


def score(found: Score) -> str:
    """62.0 (48.2 to 74.1), of a hundred."""
    return f"{100 * found.value:.1f} ({100 * found.low:.1f} to {100 * found.high:.1f})"


def table(scorecard: Scorecard) -> list[list[str]]:
    """The heading, then a line for each contender."""
    names = list(scorecard.contenders[0].metrics)
    notes = [noun for noun in ("dropped", "errors") if any(getattr(one, noun) for one in scorecard.contenders)]
    return [["contender", *names, *COSTS, *notes], *([*_cells(one), *(str(getattr(one, noun)) for noun in notes)] for one in scorecard.contenders)]


def plain(lines: Sequence[Sequence[str]]) -> str:
    """In columns: what is first to the left, numbers to the right."""
    first, *widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join([name.ljust(first), *map(str.rjust, cells, widths)]) for name, *cells in lines)


def summary(scorecard: Scorecard) -> str:
    """What the table is about, in one line."""
    rows = f"{scorecard.rows} test row{'' if scorecard.rows == 1 else 's'} of {scorecard.task}"
    return rows + (f", and {scorecard.skipped} skipped because a prompt did not fit" if scorecard.skipped else "")


def scorecard(card_: Scorecard, id: str, label: str, rows: Sequence[Row], form: str) -> str:
    """A whole scorecard as a file: json and md hold the scores, jsonl and csv every prediction."""
    if form == "json":
        return json.dumps({"label": label, "task": card_.task, **card(card_, id)}, ensure_ascii=False, indent=2) + "\n"
    if form == "jsonl":
        return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    if form == "csv":
        return _csv(rows)
    if form != "md":
        raise NotFound(f"no export form {form!r}.", todo=did_you_mean(form, ("json", "jsonl", "csv", "md")))
    heading, *lines = table(card_)
    bars = [_bars(heading), _bars(["---"] * len(heading)), *map(_bars, lines)]
    return "\n".join([f"# {' '.join(label.split())}", "", f"{summary(card_)}. Scores × 100, with 95% intervals.", "", *bars]) + "\n"


def _scored(one: Scored) -> dict[str, Any]:
    return {"contender": one.contender, "metrics": metrics(one.metrics), "cost": asdict(one.cost), "dropped": one.dropped, "errors": one.errors}


def _cells(one: Scored) -> list[str]:
    cost = one.cost
    return [one.contender, *map(score, one.metrics.values()), f"{cost.prompt_tokens:,}", f"{cost.completion_tokens:,}", f"{cost.seconds:.1f}"]


def _bars(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _csv(rows: Sequence[Row]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*COLUMNS, "reference"])
    for row in rows:
        writer.writerow([*(cell(row.get(column)) for column in COLUMNS), cell(row["references"][0])])
    return out.getvalue()
