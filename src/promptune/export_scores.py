"""Scorecards as they leave the house: JSON with every score from 0 to 1, tables for people × 100."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from promptune.core.score import Retention, Score, Scorecard, Scored, Skill
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
        "verdict": asdict(scorecard.verdict) if scorecard.verdict else None,
        **{noun: list(found) for noun in ("weak", "missing") if (found := getattr(scorecard, noun))},
        "scorecard": id,
    }


def metrics(found: dict[str, Score]) -> dict[str, Any]:
    return {name: asdict(score) for name, score in found.items()}


def score(found: Score) -> str:
    """62.0 (48.2 to 74.1), of a hundred."""
    return f"{100 * found.value:.1f} ({100 * found.low:.1f} to {100 * found.high:.1f})"


def table(scorecard: Scorecard) -> list[list[str]]:
    """The heading, then a line for each contender; the last column says which one is best and which are tied with it."""
    names = list(scorecard.contenders[0].metrics)
    notes = [noun for noun in ("dropped", "errors") if any(getattr(one, noun) for one in scorecard.contenders)]
    marks = _marks(scorecard)
    heading = ["contender", *names, *COSTS, *notes, *["verdict"] * bool(marks)]
    return [heading, *([*_cells(one), *(str(getattr(one, noun)) for noun in notes), *marks.get(one.contender, [])] for one in scorecard.contenders)]


def told(scorecard: Scorecard) -> str:
    """The verdict as people read it: its headline, then a line for each sentence. Nothing where there is none."""
    return "\n".join([scorecard.verdict.headline, "", *scorecard.verdict.sentences]) + "\n" if scorecard.verdict else ""


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
    verdict = [f"## {card_.verdict.headline}", "", *(f"- {one}" for one in card_.verdict.sentences), ""] if card_.verdict else []
    return "\n".join([f"# {' '.join(label.split())}", "", *verdict, f"{summary(card_)}. Scores × 100, with 95% intervals.", "", *bars]) + "\n"


def _scored(one: Scored) -> dict[str, Any]:
    """What was tuned says how, and what it kept where that was asked."""
    more = ({"tuning": asdict(one.tuning)} if one.tuning else {}) | ({"retention": retention(one.retention)} if one.retention else {})
    return {"contender": one.contender, "metrics": metrics(one.metrics), "cost": asdict(one.cost), "dropped": one.dropped, "errors": one.errors, **more}


def retention(found: Retention) -> dict[str, Any]:
    return {
        "overall": asdict(found.overall) if found.overall else None,
        "skills": {one.probe: _skill(one) for one in found.skills},
        "refusals": {one.kind: _skill(one) for one in found.refusals},
        "drift": found.drift,
    }


def _skill(one: Skill) -> dict[str, Any]:
    scores = {name: asdict(each) for name, each in (("before", one.before), ("after", one.after), ("kept", one.kept))}
    return {"title": one.title, **scores, "lost": one.lost, "gained": one.gained}


def _marks(scorecard: Scorecard) -> dict[str, list[str]]:
    """By contender, where there is a verdict."""
    if scorecard.verdict is None:
        return {}
    best, tied = scorecard.verdict.best, scorecard.verdict.tied
    return {one.contender: ["best" if one.contender == best else "tied" if one.contender in tied else ""] for one in scorecard.contenders}


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
