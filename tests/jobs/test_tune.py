"""A tuning from its start to its scorecard, in this process: what it keeps, what it says, and that an interruption changes nothing."""

# ruff: noqa: F811  # fixtures of the engines' tests are imported, and asked for by name

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from promptune.core.job import Job, JobState
from promptune.engines.local import LocalEngine
from promptune.engines.protocol import Weights
from promptune.jobs import probing, tune
from promptune.jobs.folder import SPEC
from promptune.jobs.kinds import Work
from promptune.jobs.lines import Row, read
from promptune.jobs.progress import Progress
from promptune.jobs.score import TEST
from promptune.jobs.scorecard import ROWS
from promptune.runs import RUN
from promptune.store import artefacts
from promptune.tuning import MADE
from promptune.tuning.checkpoints import newest
from tests.engines.conftest import base, engine, seq2seq, tiny  # noqa: F401  # fixtures
from tests.tunings import OWNER, QUICK, SIZES, Reached, Room, drained, opened, weights

STEPS, LENGTH = 6, SIZES["test"]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, engine: LocalEngine) -> Iterator[Room]:
    with opened(tmp_path_factory.mktemp("room"), engine) as room:
        room.task()
        yield room


@pytest.fixture(scope="module")
def lora(room: Room) -> Job:
    return tuned(room, "lora", name="moods-lora")


@pytest.fixture(scope="module")
def full(room: Room, lora: Job) -> Job:
    return tuned(room, "full", name="moods-full", before=lora.id)


def start(room: Room, recipe: str, model: str = "tiny", **how: Any) -> Job:
    return drained(room.tunes.start(OWNER, "moods", model, recipe, QUICK, **how))


def tuned(room: Room, recipe: str, model: str = "tiny", **how: Any) -> Job:
    job = room.run(start(room, recipe, model, **how))
    assert job.state is JobState.DONE, job.cause
    return job


def told(room: Room, job: Job) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((room.folder(job) / RUN / MADE).read_text())
    return found


def of(rows: list[Row], key: str, name: str) -> list[Row]:
    return [row for row in rows if row[key] == name]


@pytest.mark.parametrize("recipe", ["lora", "full"])
def test_it_ends_with_weights_and_their_scorecard(room: Room, lora: Job, full: Job, recipe: str) -> None:
    job = {"lora": lora, "full": full}[recipe]
    assert job.done == job.total, "what was said it would do is what it did"
    run, card = room.tunes.run(OWNER, job.id), room.scores.card(OWNER, job.id)
    artefacts.verify(Path(run.folder))
    made = told(room, job)
    assert (run.usable, run.recipe, run.model, made["steps"], made["done"], made["kind"]) == (True, recipe, "tiny", STEPS, STEPS, "causal")
    assert run.tuning and run.tuning.trainable == made["trainable"]["parameters"] > 0 and (run.tuning.share == 1) == (recipe == "full")
    assert made["peak_memory_mb"] > 0 and made["seconds"] > 0 and 0 < made["best"]["step"] <= STEPS
    assert [one.contender for one in card.contenders] == ["tiny/zero-shot", run.contender] and card.rows == LENGTH
    before, after = card.contenders
    assert (before.tuning, before.retention) == (None, None) and after.tuning == run.tuning
    assert after.retention and [skill.probe for skill in after.retention.skills] == ["facts"] and (after.retention.drift or 0) > 0
    scores = room.tunes.probes_of(OWNER, job.id)
    assert scores["before"] == {"facts": after.retention.skills[0].before} and scores["after"] == {"facts": after.retention.skills[0].after}
    assert not (room.folder(job) / "checkpoints").exists() and not (room.folder(job) / "best").exists(), "what is published needs no room twice"


def test_its_making_can_be_followed(room: Room, lora: Job) -> None:
    live = room.tunes.live(OWNER, lora.id)
    assert [check["step"] for check in live.checks] == [0, 2, 4, 6] and live.points[-1]["step"] == STEPS
    assert all(0 <= check["score"] <= 1 and check["loss"] > 0 for check in live.checks) and live.made == told(room, lora)
    assert [sorted(one) for one in live.checks[-1]["said"]] == [["answer", "question", "right", "wanted"]] * SIZES["validation"]
    assert live.checks[-1]["loss"] < live.checks[0]["loss"], "it learned something"


def test_a_scorecard_of_the_run_says_what_its_own_says_and_at_no_strength_it_is_its_base(room: Room, lora: Job) -> None:
    run = room.tunes.run(OWNER, lora.id)
    asked = ["tiny/zero-shot", run.contender, f"tiny+{run.slug}@0.5/zero-shot", f"tiny+{run.slug}@0/zero-shot"]
    job = room.run(room.scores.start(OWNER, "moods", asked))
    card, own = room.scores.card(OWNER, job.id), room.scores.card(OWNER, lora.id)
    assert [one.metrics for one in card.contenders[:2]] == [one.metrics for one in own.contenders]
    assert card.contenders[1].tuning == own.contenders[1].tuning
    texts = {name: [row["prediction"] for row in room.scores.predictions(OWNER, job.id) if row["contender"] == name] for name in asked}
    assert texts[asked[3]] == texts[asked[0]] != texts[asked[1]]
    assert texts[asked[1]] == [row["prediction"] for row in room.scores.predictions(OWNER, lora.id) if row["contender"] == run.contender]


def test_what_the_base_answered_elsewhere_is_taken_over_and_not_asked_again(room: Room, lora: Job, full: Job) -> None:
    """The seconds of each answer are in its line: one that was asked again would have others."""
    mine, theirs = room.folder(full), room.folder(lora)
    answered = of(read(mine / ROWS), "contender", "tiny/zero-shot")
    assert answered == of(read(theirs / ROWS), "contender", "tiny/zero-shot") and len(answered) == LENGTH
    probed = of(read(mine / probing.ROWS), "weights", "tiny")
    assert probed == of(read(theirs / probing.ROWS), "weights", "tiny") and len(probed) == 18
    assert {row["weights"] for row in read(mine / probing.ROWS)} == {"tiny", "tiny+moods-full"}


def test_of_other_rows_nothing_is_taken_over(room: Room, lora: Job) -> None:
    job = tuned(room, "lora", before=lora.id, limit=4)
    assert len(read(room.folder(job) / ROWS)) == 8 and room.scores.card(OWNER, job.id).rows == 4


def test_cancelled_while_it_trains_it_keeps_its_last_step_and_ends_as_if_nothing_had_been(room: Room, lora: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tune, "PACE", 0.0)  # every step is told
    job = start(room, "lora")
    folder, done = room.folder(job), []
    for step in (1, 4, 5):  # two of them lie between two checks
        cancelled = room.run(job, Reached(folder / tune.CURVE, step))
        assert cancelled.state is JobState.CANCELLED and newest(folder) == step
        live = room.tunes.live(OWNER, job.id)
        assert live.made is None and live.points[-1]["step"] == step
        done.append(cancelled.done)
        assert not room.tunes.run(OWNER, job.id).usable
        room.store.jobs.resume(OWNER, job.id)
    ended = room.run(job)
    assert ended.state is JobState.DONE and done == [1, 4, 5]
    first, second = told(room, lora), told(room, job)
    assert (second["loss"], second["best"]) == (first["loss"], first["best"])
    assert weights(folder / RUN) == weights(room.folder(lora) / RUN)
    steps = [row["step"] for row in read(folder / tune.CURVE)]
    assert steps == [*range(1, STEPS + 1)], "no step was made twice"
    assert room.scores.card(OWNER, job.id).contenders[1].metrics == room.scores.card(OWNER, lora.id).contenders[1].metrics


def test_resumed_behind_its_training_it_only_scores(room: Room, lora: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody cancelled it when there were weights and no scorecard: they can be asked already, and are not made again."""
    job, probed = start(room, "lora"), []

    class Published(Reached):
        def is_set(self) -> bool:
            return (room.folder(job) / RUN).exists()

    cancelled = room.run(job, Published(room.folder(job), 0))
    run = room.tunes.run(OWNER, job.id)
    assert cancelled.state is JobState.CANCELLED and run.usable
    assert room.contenders.one(OWNER, run.contender).weights.adapter == run.folder
    written = (Path(run.folder) / MADE).stat().st_mtime_ns
    room.store.jobs.resume(OWNER, job.id)
    monkeypatch.setattr(probing, "ask", lambda *given, ask=probing.ask: probed.append(ask(*given)))
    assert room.run(job).state is JobState.DONE and probed == [None] and (Path(run.folder) / MADE).stat().st_mtime_ns == written


def test_a_base_model_without_a_chat_template_simply_works(room: Room, base: Weights) -> None:
    drained(room.models.add(OWNER, base.folder))
    job = tuned(room, "lora", "base", limit=3)
    card = room.scores.card(OWNER, job.id)
    assert card.rows == 3 and all(one.errors == 0 for one in card.contenders)
    assert not (room.folder(job) / RUN / "chat_template.jinja").exists(), "a run is asked as its base is"
    checks = room.tunes.live(OWNER, job.id).checks
    assert checks[-1]["loss"] < checks[0]["loss"]


@pytest.mark.parametrize("recipe", ["lora", "full"])
def test_an_encoder_decoder_is_tuned_by_the_same_recipe(room: Room, seq2seq: Weights, recipe: str) -> None:
    """Its weights are random: it learns hardly anything, and the scorecard says so without a stumble."""
    if "t5" not in [model.slug for model in room.models.list(OWNER)]:
        drained(room.models.add(OWNER, seq2seq.folder, "t5"))
    job = tuned(room, recipe, "t5", limit=3)
    card = room.scores.card(OWNER, job.id)
    assert (told(room, job)["kind"], told(room, job)["layout"]) == ("seq2seq", "seq2seq")
    assert card.rows == 3 and card.weak == ("Facts",), "what its base cannot do it cannot forget"
    after = card.contenders[1]
    assert after.errors == 0 and after.retention and (after.retention.skills, after.retention.drift) == ((), None)
    assert room.tunes.probes_of(OWNER, job.id) == {"before": {}, "after": {}}


def test_answers_to_other_questions_than_the_very_same_are_not_taken_over(room: Room, lora: Job, full: Job, tmp_path: Path) -> None:
    """Another length of answers, another base, or an answer that failed: the base is asked again."""
    theirs, mine = tmp_path / "theirs", tmp_path / "mine"
    changes: tuple[dict[str, Any], ...] = ({}, {"max_tokens": 7}, {"contenders": []}, {"device": "cuda"})
    for changed in changes:
        for place in (theirs, mine):
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            shutil.copy(room.folder(lora) / TEST, place / TEST)
        answered = of(read(room.folder(lora) / ROWS), "contender", "tiny/zero-shot")
        lines = [*answered[1:], answered[0] | {"error": "it failed"}]
        (theirs / ROWS).write_text("".join(f"{json.dumps(row)}\n" for row in lines), encoding="utf-8")
        (theirs / SPEC).write_text(json.dumps(lora.spec | changed), encoding="utf-8")
        with closing(Progress(mine)) as progress:
            tune._adopt(Work(mine, full.spec, progress, threading.Event()), theirs)
        assert len(read(mine / ROWS)) == (0 if changed else len(answered) - 1)
