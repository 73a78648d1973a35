"""A duel from the lab's side: what is tried, on which rows, what there is of it at any time, and whose it is."""

# ruff: noqa: F811  # fixtures of the engines' tests are imported, and asked for by name

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from promptune.cli_score import write_report
from promptune.core.job import Job, JobState
from promptune.core.score import Scorecard
from promptune.engines.local import LocalEngine
from promptune.errors import DiskFull, NotFound, Problems, UserError
from promptune.jobs import probing, tune
from promptune.jobs.lines import Row, read
from promptune.jobs.score import TEST
from promptune.jobs.scorecard import ROWS
from promptune.scoring import sample
from promptune.store import artefacts
from tests.engines.conftest import engine, tiny  # noqa: F401  # fixtures
from tests.tunings import MOODS, OWNER, SIZES, Reached, Room, drained, opened

NOBODY = "somebody else"
PROMPTED = ["tiny/zero-shot", "tiny/few-shot:1", "tiny/few-shot:6"]
TUNED = ["tiny+moods-lora/zero-shot", "tiny+moods-full/zero-shot"]
LENGTH = SIZES["test"]
SUMS: dict[str, Any] = {
    "name": "sums",
    "template": "{{ q }} ||| {{ a }}",
    "answer_choices": "",
    "answer_type": "number",
    "input": "q",
    "metrics": ["numeric_match"],
    "rows": {
        split: [{"q": f"What is {i} plus {i + start}?", "a": str(2 * i + start)} for i in range(size)]
        for (split, size), start in zip(SIZES.items(), (3, 40, 70), strict=True)
    },
}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, engine: LocalEngine) -> Iterator[Room]:
    with opened(tmp_path_factory.mktemp("room"), engine) as room:
        room.task()
        yield room


@pytest.fixture(scope="module")
def duel(room: Room) -> Job:
    done = room.run(start(room))
    assert done.state is JobState.DONE, done.cause
    return done


@pytest.fixture
def other(tmp_path: Path, engine: LocalEngine) -> Iterator[Room]:
    with opened(tmp_path, engine) as room:
        yield room


def start(room: Room, task: str = "moods", **how: Any) -> Job:
    return drained(room.duels.start(OWNER, task, "tiny", **how))


def names(card: Scorecard | None) -> list[str]:
    return [one.contender for one in card.contenders] if card else []


def of_base(folder: Path) -> list[Row]:
    return [row for row in read(folder / ROWS) if row["contender"] == PROMPTED[0]]


def timeless(card: Scorecard) -> Any:
    """Without what the machine's speed decides."""
    assert card.verdict
    kept = [(one.contender, one.metrics, one.dropped, one.errors, one.retention) for one in card.contenders]
    return kept, card.verdict.differences, card.weak, card.rows


# ---- a whole one ----


def test_one_scorecard_one_verdict_and_the_runs(room: Room, duel: Job) -> None:
    view = room.duels.view(OWNER, duel.id)
    assert [step.kind for step in view.steps] == ["score", "tune", "tune"] and {step.state for step in view.steps} == {JobState.DONE}
    began = [step.started or 0 for step in view.steps]
    assert began == sorted(began) and all((first.ended or 0) <= second for first, second in zip(view.steps, began[1:], strict=False)), "one after the other"
    assert (duel.done, view.runs) == (duel.total, {"lora": "moods-lora", "full": "moods-full"})
    card = view.card
    assert names(card) == [*PROMPTED, *TUNED] and card and (card.rows, card.skipped, card.missing) == (LENGTH, 0, ())
    assert card.verdict and card.verdict.best in names(card) and {card.verdict.best, *card.verdict.tied} <= set(names(card))
    assert [bool(one.tuning) for one in card.contenders] == [bool(one.retention) for one in card.contenders] == [False] * 3 + [True] * 2
    assert len(view.rows) == LENGTH * 5 and [row["contender"] for row in view.rows[:5]] == names(card)
    assert room.scores.card(OWNER, duel.id) == card, "it is read like any scorecard"
    for step, recipe in zip(view.steps[1:], ("lora", "full"), strict=True):
        own = room.scores.card(OWNER, step.id)
        assert own.contenders[1].metrics == next(one for one in card.contenders if recipe in one.contender).metrics


def test_the_base_is_asked_once(room: Room, duel: Job) -> None:
    """The seconds of each answer are in its line: one that was asked again would have others."""
    first, *tunings = (room.folder(step) for step in room.duels.steps(OWNER, duel.id))
    probed = [row for row in read(first / probing.ROWS) if row["weights"] == "tiny"]
    assert len(of_base(first)) == LENGTH and len(probed) == 18
    for folder in tunings:
        assert (folder / TEST).read_bytes() == (first / TEST).read_bytes(), "every contender has the same rows"
        assert of_base(folder) == of_base(first)
        assert [row for row in read(folder / probing.ROWS) if row["weights"] == "tiny"] == probed


def test_the_report_stands_alone(room: Room, duel: Job) -> None:
    page = room.duels.report(OWNER, duel.id)
    assert not any(mark in page for mark in (" src=", 'href="http', "url(", "@import", "<script"))
    card = room.duels.view(OWNER, duel.id).card
    assert card and card.verdict and "moods" in page and "this is what there was" not in page
    assert shlex.split(room.duels.command(duel)) == ["promptune", "duel", "moods", "--model", "tiny", "--limit", str(LENGTH)]


def test_what_belongs_to_it_goes_with_it_only(room: Room, duel: Job) -> None:
    with pytest.raises(UserError, match=f"belongs to the job {duel.id}"):
        room.runs.delete(OWNER, "moods-lora")
    assert room.runs.get(OWNER, "moods-lora").usable


def test_another_owner_has_no_such_duel_and_no_such_run(room: Room, duel: Job) -> None:
    for call in (room.duels.view, room.duels.steps, room.duels.report, room.scores.card, room.scores.predictions, room.store.jobs.resume):
        with pytest.raises(NotFound):
            call(NOBODY, duel.id)
    for step in room.duels.steps(OWNER, duel.id):
        with pytest.raises(NotFound):
            room.scores.card(NOBODY, step.id)
    for spelled in TUNED:
        with pytest.raises(NotFound):
            room.contenders.one(NOBODY, spelled)
    assert room.runs.list(NOBODY) == [] and room.store.jobs.list(NOBODY) == []


def test_a_job_that_is_no_duel_says_what_it_is(room: Room, duel: Job) -> None:
    with pytest.raises(UserError, match="it is a score, not a duel"):
        room.duels.view(OWNER, room.duels.steps(OWNER, duel.id)[0].id)


# ---- what is tried ----


def test_a_task_of_numbers_is_tried_step_by_step_too(room: Room) -> None:
    job = start(room, room.task(**SUMS))
    assert [one["spelling"].partition("/")[2] for one in job.spec["contenders"][:4]] == ["zero-shot", "few-shot:1", "few-shot:6", "cot"]
    room.store.jobs.ask_cancel(OWNER, job.id)


def test_as_many_examples_as_fit_every_row(room: Room) -> None:
    """Six of a hundred words do not; three do."""
    slug = room.task(name="longer", template="{{ text }} Well. " + "It came on a Monday. " * 12 + MOODS["template"])
    job = start(room, slug)
    found = [one["spelling"] for one in job.spec["contenders"][:3]]
    assert found == ["tiny/zero-shot", "tiny/few-shot:1", "tiny/few-shot:3"]
    room.store.jobs.ask_cancel(OWNER, job.id)


def test_rows_that_do_not_fit_are_left_out_for_all_and_counted(room: Room) -> None:
    long = {"text": "so " * 600, "label": "negative"}
    slug = room.task(name="some-long", rows=MOODS["rows"] | {"test": [long, *MOODS["rows"]["test"], long], "train": [*MOODS["rows"]["train"], long]})
    job = start(room, slug)
    steps = room.duels.steps(OWNER, job.id)
    assert job.spec["rows"] == {"test": LENGTH, "skipped": 2, "train": SIZES["train"], "there": SIZES["train"] + 1}
    assert {len(read(room.folder(step) / TEST)) for step in steps} == {LENGTH}
    assert {len(read(room.folder(step) / tune.TRAIN)) for step in steps[1:]} == {SIZES["train"]}
    room.store.jobs.ask_cancel(OWNER, job.id)


def test_what_is_wrong_is_told_before_there_is_anything(other: Room) -> None:
    slug = other.task()
    one = {"text": "The lamp is great.", "label": "positive"}
    cases = [(slug, "tyni", 500), ("mods", "tiny", 500), (slug, "tiny", 0), (other.task(name="one", rows=MOODS["rows"] | {"train": [one]}), "tiny", 500)]
    cases.append((other.task(name="wordy", template="word " * 600 + MOODS["template"]), "tiny", 500))
    for task, model, limit in cases:
        with pytest.raises(Problems):
            drained(other.duels.start(OWNER, task, model, limit=limit))
    assert other.store.jobs.list(OWNER, top=False) == [] and other.runs.list(OWNER) == []
    assert not other.runs.was(OWNER, f"{slug}-lora")


def test_a_limit_is_the_same_sample_for_everybody(room: Room) -> None:
    job = start(room, limit=4)
    frozen = {(room.folder(step) / TEST).read_text() for step in room.duels.steps(OWNER, job.id)}
    meant = sample.sample(room.tasks.load(OWNER, "moods").examples["test"], 4)
    assert len(frozen) == 1 and [row["row"] for row in read(room.folder(room.duels.steps(OWNER, job.id)[0]) / TEST)] == [one.row for one in meant]
    assert shlex.split(room.duels.command(job))[-2:] == ["--limit", "4"]
    room.store.jobs.ask_cancel(OWNER, job.id)


# ---- what becomes of it when something happens ----


def test_a_cancelled_one_keeps_and_shows_what_it_has_and_resumed_it_ends_with_the_scores_of_any_other(room: Room, duel: Job, other: Room) -> None:
    other.task()
    job = start(other)
    view = other.duels.view(OWNER, job.id)
    assert (view.card, view.rows) == (None, [])
    with pytest.raises(UserError, match="none of its contenders is finished yet"):
        other.duels.report(OWNER, job.id)
    asked, lora, _ = other.duels.steps(OWNER, job.id)

    class Cancelled(Reached):
        """Somebody cancels the duel when the first run has trained two steps."""

        def is_set(self) -> bool:
            if super().is_set() and not other.store.jobs.find(job.id).cancelling and other.store.jobs.find(job.id).state.active:
                other.store.jobs.ask_cancel(OWNER, job.id)
            return super().is_set()

    ended = other.run(job, Cancelled(other.folder(lora) / tune.CHECKS, 2))
    view = other.duels.view(OWNER, job.id)
    assert ended.state is JobState.CANCELLED and [step.state for step in view.steps] == [JobState.DONE, JobState.CANCELLED, JobState.CANCELLED]
    assert names(view.card) == PROMPTED and view.card and view.card.verdict
    assert [said.partition(":")[0] for said in view.card.missing] == [TUNED[0], "tiny+moods-full/zero-shot"]
    assert all("cancelled" in said for said in view.card.missing)
    assert "this is what there was when the report was made" in other.duels.report(OWNER, job.id)
    before = other.store.jobs.find(asked.id)
    other.store.jobs.resume(OWNER, job.id)
    assert other.run(job).state is JobState.DONE and other.store.jobs.find(asked.id) == before, "what is done is not done again"
    whole, elsewhere = other.duels.view(OWNER, job.id), room.duels.view(OWNER, duel.id)
    assert whole.card and elsewhere.card and whole.card.missing == () and timeless(whole.card) == timeless(elsewhere.card)
    assert [row["prediction"] for row in whole.rows] == [row["prediction"] for row in elsewhere.rows]


def test_one_part_that_fails_loses_none_of_the_others(other: Room) -> None:
    other.task()
    job = start(other)
    _, lora, _ = other.duels.steps(OWNER, job.id)
    train = other.folder(lora) / tune.TRAIN
    good = train.read_text()
    train.write_text('{"no": "example"}\n')
    ended = other.run(job)
    view = other.duels.view(OWNER, job.id)
    assert ended.state is JobState.DONE and [step.state for step in view.steps] == [JobState.DONE, JobState.FAILED, JobState.DONE]
    assert names(view.card) == [*PROMPTED, TUNED[1]] and view.card
    [said] = view.card.missing
    assert said.startswith(f"{TUNED[0]}: ") and len(said) > len(TUNED[0]) + 10, "with why"
    assert TUNED[0] in other.duels.report(OWNER, job.id)
    assert artefacts.is_complete(other.folder(job) / "result")
    train.write_text(good)
    other.store.jobs.resume(OWNER, job.id)  # though it is done: a part of it can still be made good
    again = other.run(other.store.jobs.find(job.id))
    view = other.duels.view(OWNER, job.id)
    assert again.state is JobState.DONE and view.card and view.card.missing == ()
    assert names(view.card) == [*PROMPTED, *TUNED]
    with pytest.raises(UserError, match="nothing to resume"):
        other.store.jobs.resume(OWNER, job.id)


def test_a_deleted_one_takes_its_parts_and_their_weights(other: Room) -> None:
    other.task()
    job = start(other)
    steps = other.duels.steps(OWNER, job.id)
    other.store.jobs.ask_cancel(OWNER, job.id)
    other.store.jobs.delete(OWNER, job.id)
    assert not any(other.folder(one).exists() for one in (job, *steps))
    assert [run.usable for run in other.runs.list(OWNER)] == [False, False]
    for run in other.runs.list(OWNER):
        other.runs.delete(OWNER, run.slug)
    assert other.runs.list(OWNER) == [] and other.runs.was(OWNER, "moods-lora")


def test_one_that_cannot_be_kept_leaves_nothing_behind(other: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a run without a job nor a folder that nobody knows."""
    other.task()

    def full(*_: Any) -> Any:
        raise DiskFull("the disk is full.")

    monkeypatch.setattr(other.store.jobs, "create_family", full)
    with pytest.raises(DiskFull):
        start(other)
    assert other.runs.list(OWNER) == [] and other.store.jobs.list(OWNER, top=False) == []
    assert [*(other.settings.home / "jobs").glob("*")] == []


def test_a_report_is_written_whole_also_where_its_job_never_ran(tmp_path: Path) -> None:
    """A duel that was cancelled in its first part has no folder of its own yet."""
    place = tmp_path / "jobs" / "none" / "report.html"
    write_report(place, "<!doctype html>")
    assert place.read_text() == "<!doctype html>" and [file.name for file in place.parent.iterdir()] == ["report.html"]
