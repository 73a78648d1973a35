"""What a duel makes of its jobs' folders, finished or not: only what is whole counts, on rows that everybody answered, and the rest is named."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from promptune.core.contender import Contender
from promptune.core.score import Probe
from promptune.core.task import Example, Task
from promptune.engines.protocol import Weights
from promptune.errors import UserError
from promptune.jobs import duel, probing
from promptune.jobs.duel import Counts, duel_spec, gather
from promptune.jobs.kinds import Work
from promptune.jobs.progress import Progress
from promptune.jobs.scorecard import CARD, RESULT, ROWS
from promptune.settings import Settings
from promptune.tuning import MADE

TASK = Task("echoes", "Echoes", "{{ q }} ||| {{ a }}", "q", answer_type="choice", metrics=("accuracy",))
ZERO, FEW, LORA, FULL = "tiny/zero-shot", "tiny/few-shot:1", "tiny+e-lora/zero-shot", "tiny+e-full/zero-shot"
PARTS = {"a" * 12: [ZERO, FEW], "b" * 12: [LORA], "c" * 12: [FULL]}
SKILL = Probe("facts", "Facts", "facts", "zero-shot", "accuracy")
LENGTH = 8


def spec(settings: Settings, jobs: Path) -> dict[str, Any]:
    folders = {name: jobs / id for id, names in PARTS.items() for name in names}
    named = [Contender.parse(name) for name in folders]
    weights = [Weights(one.weights, "/none", str(folders[str(one)] / "run") if one.run else "") for one in named]
    found: dict[str, Any] = json.loads(json.dumps(duel_spec(settings, TASK, "tiny", list(zip(named, weights, strict=True)), PARTS, Counts(LENGTH, 2, 24, 24))))
    return found


def answer(folder: Path, contender: str, places: Sequence[int], right: bool = True, *, half: bool = False) -> None:
    """`half`: its last line is one that a killed worker left unfinished."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ROWS).open("a") as file:
        for place in places:
            text = "yes" if right else "no"
            row = {"place": place, "row": place + 1, "split": "test", "contender": contender, "prediction": text, "answer": text, "references": ["yes"]}
            row |= {"answer_type": "choice", "correct": right, "prompt_tokens": 10, "completion_tokens": 1, "worked": 0.1, "dropped": 0, "error": ""}
            line = json.dumps(row)
            file.write(line[: len(line) // 2] if half and place == places[-1] else line + "\n")


def probe(folder: Path, weights: str, rights: Sequence[bool]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = tuple(Example("?", "yes", split="test", row=i) for i in range(1, LENGTH + 1))
    frozen = probing.Frozen((probing.FrozenProbe(SKILL, rows, ()),))
    (folder / probing.PROBES).write_text(json.dumps(asdict(frozen)))
    with (folder / probing.ROWS).open("a") as file:
        for place, right in enumerate(rights):
            file.write(json.dumps({"probe": "facts", "place": place, "weights": weights, "fits": True, "right": right}) + "\n")


def made(folder: Path, recipe: str, seconds: float) -> None:
    (folder / "run").mkdir(parents=True)
    told = {"recipe": {"name": recipe}, "seconds": seconds, "trainable": {"parameters": 10, "share": 0.1}}
    (folder / "run" / MADE).write_text(json.dumps(told))


@pytest.fixture
def jobs(tmp_path: Path) -> Path:
    """Prompting is over; lora has answered all and its probes; full is in the middle."""
    asked, lora, full = (tmp_path / id for id in PARTS)
    answer(asked, ZERO, range(LENGTH), right=False)
    answer(asked, FEW, range(LENGTH))
    probe(asked, "tiny", [True] * LENGTH)
    made(lora, "lora", 12.0)
    answer(lora, ZERO, range(LENGTH), right=False)
    answer(lora, LORA, range(LENGTH))
    probe(lora, "tiny", [True] * LENGTH)
    probe(lora, "tiny+e-lora", [True] * 6 + [False] * 2)
    answer(full, ZERO, range(LENGTH), right=False)
    answer(full, FULL, range(LENGTH), half=True)
    return tmp_path


def test_only_contenders_with_every_row_are_on_it_and_the_others_are_named(settings: Settings, jobs: Path) -> None:
    found = gather(spec(settings, jobs), jobs, why={"c" * 12: "it is being made"})
    assert found is not None
    card = found.made.card
    assert [one.contender for one in card.contenders] == [ZERO, FEW, LORA] and (card.rows, card.skipped) == (LENGTH, 2)
    assert card.missing == (f"{FULL}: it is being made (7 of 8 rows are there)",)
    assert [one.metrics["accuracy"].value for one in card.contenders] == [0.0, 1.0, 1.0]
    assert card.verdict and card.verdict.best in (FEW, LORA)
    assert [row["contender"] for row in found.rows[:3]] == [ZERO, FEW, LORA], "the base's answers in a tuning's folder are not counted twice"
    assert len(found.rows) == 3 * LENGTH
    assert card.contenders[2].tuning and card.contenders[2].tuning.seconds == 12.0


def test_what_was_kept_of_other_skills_is_told_once_all_of_it_is_known(settings: Settings, jobs: Path) -> None:
    lora = jobs / ("b" * 12)
    asked = spec(settings, jobs)
    whole = gather(asked, jobs, why={})
    assert whole and (kept := whole.made.card.contenders[2].retention) and kept.skills[0].lost == 2
    lines = (lora / probing.ROWS).read_text().splitlines(keepends=True)
    (lora / probing.ROWS).write_text("".join(lines[:-1]))
    early = gather(asked, jobs, why={})
    assert early and early.made.card.contenders[2].retention is None, "half of a probe says nothing yet"


def test_a_damaged_row_is_not_counted(settings: Settings, jobs: Path) -> None:
    """Its contender is not finished, and so is named."""
    rows = jobs / ("b" * 12) / ROWS
    lines = rows.read_bytes().splitlines(keepends=True)
    rows.write_bytes(b"".join(lines[:-1]) + b'{"contender": broken\n')
    found = gather(spec(settings, jobs), jobs, why={})
    assert found and [one.contender for one in found.made.card.contenders] == [ZERO, FEW]
    assert [said.partition(":")[0] for said in found.made.card.missing] == [LORA, FULL]


def test_of_nothing_there_is_no_card(settings: Settings, tmp_path: Path) -> None:
    assert gather(spec(settings, tmp_path), tmp_path, why={}) is None


def work(folder: Path, asked: dict[str, Any]) -> None:
    folder.mkdir()
    with closing(Progress(folder)) as progress:
        duel.run(Work(folder, asked, progress, threading.Event()))


def test_its_worker_says_of_each_that_is_missing_how_its_job_ended(settings: Settings, jobs: Path) -> None:
    """As the scheduler knows it: a worker that was killed could not say so."""
    work(jobs / ("d" * 12), spec(settings, jobs) | {"ends": {"c" * 12: "its worker was killed (signal 9, SIGKILL)."}})
    card = json.loads((jobs / ("d" * 12) / RESULT / CARD).read_text())
    assert card["missing"] == [f"{FULL}: its worker was killed (signal 9, SIGKILL) (7 of 8 rows are there)"]


def test_where_nothing_was_finished_it_fails_by_name(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none of its contenders was finished"):
        work(tmp_path / ("d" * 12), spec(settings, tmp_path))


def test_a_stump_gets_no_verdict(settings: Settings, jobs: Path) -> None:
    """While none has answered every row nobody is ahead, however few rows the others have."""
    short = spec(settings, jobs) | {"rows": {**spec(settings, jobs)["rows"], "test": LENGTH + 1}}
    assert gather(short, jobs, why={}) is None
