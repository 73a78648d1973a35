"""The job that a duel ends with: what its score and tune jobs found, put onto one scorecard with one verdict and one report.

The same is shown while they still work: of contenders that are finished, on the rows that all of them answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from promptune.core.contender import Contender
from promptune.core.score import Retention
from promptune.core.task import Task
from promptune.engines.protocol import Weights
from promptune.errors import UserError
from promptune.jobs import probing
from promptune.jobs.answering import contenders_spec, in_order, tuning_of
from promptune.jobs.folder import PROGRESS
from promptune.jobs.kinds import KINDS, Work
from promptune.jobs.lines import Row, read
from promptune.jobs.scorecard import ROWS, Made, build_card, write_card
from promptune.settings import Settings


@dataclass(frozen=True)
class Found:
    """Of the contenders that are finished."""

    made: Made
    rows: list[Row]


@dataclass(frozen=True)
class Part:
    """One job of a duel, as its folder shows it."""

    folder: Path
    contenders: tuple[str, ...]  # of the duel's, those that it answers for
    rows: Mapping[str, dict[int, Row]] = field(default_factory=dict)  # by contender and place


@dataclass(frozen=True)
class Counts:
    """Of a duel's rows."""

    test: int
    skipped: int  # test rows that do not fit even without examples
    train: int  # that it learns from and takes examples from
    there: int  # train rows that the task has


def duel_spec(
    settings: Settings, task: Task, model: str, contenders: Sequence[tuple[Contender, Weights]], parts: Mapping[str, Sequence[str]], counts: Counts
) -> dict[str, Any]:
    """`parts`: by the id of each of its jobs the contenders that it answers for."""
    asked = {"kind": "duel", "task": task.name, "title": task.title, "model": model, "metrics": list(task.metrics), "rows": asdict(counts)}
    return asked | contenders_spec(settings, contenders) | {"parts": {id: list(names) for id, names in parts.items()}}


@KINDS.register("duel")
def run(work: Work) -> None:
    found = gather(work.spec, work.folder.parent, why=_last_words(work.spec, work.folder.parent))
    if found is None:
        raise UserError("none of its contenders was finished.", todo="Look at its jobs, then resume it.")
    write_card(work.folder, found.made, found.rows)
    work.progress.say(1, 1, "")  # its own part of the total


def gather(spec: dict[str, Any], jobs: Path, *, why: Mapping[str, str]) -> Found | None:
    """None while no contender is finished. `jobs` holds the jobs' folders; `why`: by job, what is said of a contender that it has not finished."""
    parts = [_part(jobs / id, tuple(names)) for id, names in spec["parts"].items()]
    answered = {name: part.rows.get(name, {}) for part in parts for name in part.contenders}
    most = max(map(len, answered.values()), default=0)
    finished = [one for one in spec["contenders"] if most and len(answered[one["spelling"]]) == most]
    names = [one["spelling"] for one in finished]
    places = set.intersection(*(set(answered[name]) for name in names)) if names else set()
    if not places:
        return None
    part_spec = spec | {"contenders": finished}
    rows = in_order(part_spec, [answered[name][place] for name in names for place in places], "place")
    missing = [f"{name}: {why.get(part.folder.name, 'it is not finished')}" for part in parts for name in part.contenders if name not in names]
    missing += spec.get("left_out", ())
    base = str(spec["model"])
    made = build_card(
        part_spec,
        rows,
        spec["rows"]["skipped"],
        tuning=tuning_of(part_spec),
        retention=_retentions(parts, finished, base),
        weak=next((weak for part in parts if (weak := probing.weak(part.folder, base))), ()),
        missing=missing,
    )
    return Found(made, rows)


def _part(folder: Path, contenders: tuple[str, ...]) -> Part:
    """Only what is whole counts: a contender is finished when each of its rows is there."""
    rows: dict[str, dict[int, Row]] = {}
    for row in read(folder / ROWS):
        if row["contender"] in contenders:
            rows.setdefault(row["contender"], {})[row["place"]] = row
    return Part(folder, contenders, rows)


def _retentions(parts: Sequence[Part], finished: Sequence[dict[str, Any]], base: str) -> dict[str, Retention]:
    """Of tuned contenders whose probes are all answered."""
    found = {}
    for one in finished:
        if one["weights"].get("adapter"):
            part = next(part for part in parts if one["spelling"] in part.contenders)
            if probing.frozen_in(part.folder).probes and probing.complete(part.folder, base, one["weights"]["name"]):
                found[one["spelling"]] = probing.retention(part.folder, base, one["weights"]["name"])
    return found


def _last_words(spec: dict[str, Any], jobs: Path) -> dict[str, str]:
    """By job, what its worker said last of why it ended."""
    said = {}
    for id in spec["parts"]:
        ends = [line for line in read(jobs / id / PROGRESS) if "state" in line]
        cause = ends[-1]["cause"] if ends else ""
        said[id] = cause or ("it was cancelled" if ends and ends[-1]["state"] == "cancelled" else "its job did not end well")
    return said
