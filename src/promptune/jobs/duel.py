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
from promptune.jobs.kinds import KINDS, Work
from promptune.jobs.lines import Row, read
from promptune.jobs.scorecard import RESULT, ROWS, Made, build_card, write_card
from promptune.settings import Settings
from promptune.store import artefacts


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
    """What it found before a lost part was made good is of no use any more."""
    found = gather(work.spec, work.folder.parent, why=work.spec.get("ends", {}))
    if found is None:
        raise UserError("none of its contenders was finished.", todo="Look at its jobs, then resume it.")
    artefacts.remove(work.folder / RESULT)
    write_card(work.folder, found.made, found.rows)
    work.progress.say(1, 1, "")  # its own part of the total


def gather(spec: dict[str, Any], jobs: Path, *, why: Mapping[str, str]) -> Found | None:
    """None while no contender is finished: one is when it has answered every test row. Tuning asks its base too, so a lost part loses no answer
    that another one has. `jobs` holds the jobs' folders; `why`: by job, what is said of a contender that it has not finished."""
    parts = [_part(jobs / id, tuple(names)) for id, names in spec["parts"].items()]
    answered: dict[str, dict[int, Row]] = {}
    for part in parts:
        for name, rows_ in part.rows.items():
            if len(rows_) > len(answered.get(name, {})):
                answered[name] = rows_
    wanted = spec["rows"]["test"]
    finished = [one for one in spec["contenders"] if len(answered.get(one["spelling"], {})) == wanted]
    if not finished:
        return None
    names = [one["spelling"] for one in finished]
    part_spec = spec | {"contenders": finished}
    rows = in_order(part_spec, [row for name in names for row in answered[name].values()], "place")
    base = str(spec["model"])
    made = build_card(
        part_spec,
        rows,
        spec["rows"]["skipped"],
        tuning=tuning_of(part_spec),
        retention=_retentions(parts, finished, base),
        weak=next((weak for part in parts if (weak := probing.weak(part.folder, base))), ()),
        missing=[*_missing(spec, parts, answered, names, why), *spec.get("left_out", ())],
    )
    return Found(made, rows)


def _missing(
    spec: dict[str, Any], parts: Sequence[Part], answered: Mapping[str, Mapping[int, Row]], finished: Sequence[str], why: Mapping[str, str]
) -> list[str]:
    """Each contender that is not finished: why, and how far it came."""
    told = []
    for one in spec["contenders"]:
        name = one["spelling"]
        if name not in finished:
            part = next(part for part in parts if name in part.contenders)
            there = f" ({len(answered[name])} of {spec['rows']['test']} rows are there)" if answered.get(name) else ""
            told.append(f"{name}: {why.get(part.folder.name, 'it is not finished').rstrip('.')}{there}")
    return told


def _part(folder: Path, contenders: tuple[str, ...]) -> Part:
    """What is there by now, by contender and row."""
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
