"""What is wrong with a tuning is told at once and costs nothing: no job, no name, no second of training."""

# ruff: noqa: F811  # fixtures of the engines' tests are imported, and asked for by name

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from promptune.core.job import JobState
from promptune.engines.local import LocalEngine
from promptune.engines.protocol import Weights
from promptune.errors import NotFound, Problems, UserError
from promptune.jobs import probing, tune
from promptune.jobs.lines import read
from promptune.jobs.score import TEST
from promptune.settings import Settings
from tests.engines.conftest import engine, tiny  # noqa: F401  # fixtures
from tests.tunings import MOODS, OWNER, QUICK, SIZES, Room, drained, opened

NOBODY = "somebody else"


@pytest.fixture
def room(tmp_path: Path, engine: LocalEngine) -> Iterator[Room]:
    with opened(tmp_path, engine) as room:
        yield room


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory, engine: LocalEngine) -> Iterator[Room]:
    """For what is refused: nothing ever happens in it."""
    with opened(tmp_path_factory.mktemp("still"), engine) as room:
        room.task()
        yield room


def refused(room: Room, task: str, model: str = "tiny", recipe: str = "lora", settings: dict[str, Any] | None = None, **how: Any) -> Problems:
    """And nothing came of it."""
    with pytest.raises(Problems) as caught:
        drained(room.tunes.start(OWNER, task, model, recipe, QUICK if settings is None else settings, **how))
    assert room.store.jobs.list(OWNER, top=False) == [] and room.runs.list(OWNER) == []
    assert not room.runs.was(OWNER, f"{task}-{recipe}"), "its name is still to be had"
    return caught.value


def fields(error: Problems) -> list[str]:
    return [problem.field for problem in error.problems]


def rows(**changes: list[dict[str, str]]) -> dict[str, Any]:
    return MOODS["rows"] | changes


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({"rate": "nan"}, ["rate"]),
        ({"rate": "inf"}, ["rate"]),
        ({"rate": -1}, ["rate"]),
        ({"rate": 0}, ["rate"]),
        ({"rate": float("nan")}, ["rate"]),
        ({"batch": 0, "rank": 0, "epochs": 1e9}, ["batch", "rank", "epochs"]),
        ({"epochs": "1.5", "patience": "", "seed": None, "rat": 1}, ["epochs", "patience", "seed", "rat"]),
    ],
)
def test_a_setting_that_cannot_be(still: Room, settings: dict[str, Any], wrong: list[str]) -> None:
    assert fields(refused(still, "moods", settings=settings)) == wrong


def test_everything_wrong_is_told_together(still: Room) -> None:
    error = refused(still, "mods", "tyni", "lora", {"rate": "nan", "ranc": 8}, name="No name", limit=0)
    assert fields(error) == ["limit", "task", "model", "rate", "ranc", "name"]
    for words in ("at least one", "'mods'", "Did you mean 'tiny'", "no number", "Did you mean 'rank'", "lower-case"):
        assert words in str(error)
    assert "Did you mean 'lora'" in str(refused(still, "moods", recipe="lorra", settings={}))
    assert "no setting of full" in str(refused(still, "moods", recipe="full", settings={"rank": 4}))


def test_too_few_rows_to_learn_or_to_choose(still: Room) -> None:
    one = {"text": "The lamp is great.", "label": "positive"}
    for changes, has in (
        ({"train": [one]}, "1 train, 6"),
        ({"validation": [one, one]}, "24 train, 2 validation"),
        ({"train": MOODS["rows"]["train"][:7]}, "7 train"),
    ):
        error = refused(still, still.task(name="small", rows=rows(**changes)))
        assert fields(error) == ["task"] and "at least 8 train, 4 validation, 1 test rows" in str(error) and has in str(error)
    without = {split: MOODS["rows"][split] for split in ("train", "validation")}
    assert "0 test" in str(refused(still, still.task(name="untested", rows=without)))


def test_a_row_without_an_answer_makes_no_task_and_a_task_without_answers_no_job(still: Room) -> None:
    """What has no answer teaches silence, or can only be wrong."""
    open_ended = {"answer_choices": "", "answer_type": "text", "metrics": ["exact_match"]}
    for split in SIZES:
        given = [dict(row) for row in MOODS["rows"][split]]
        given[1]["label"] = given[3]["label"] = " "
        with pytest.raises(UserError, match=f"{split}, row 2: its completion is empty; {split}, row 4"):
            still.task(name="blank", **open_ended, rows=rows(**{split: given}))
    error = refused(still, still.task(name="asked", template="Is this good? {{ text }}", **open_ended))
    assert [problem.what.partition("rows")[0] for problem in error.problems] == [f"nothing says what is right in {split} " for split in SIZES]
    assert "train rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 14 more: the completion is blank" in str(error)


def test_a_template_that_overflows_the_window_alone_is_told_with_its_tokens(still: Room) -> None:
    slug = still.task(name="wordy", template="word " * 600 + MOODS["template"])
    for overflow in ("fail", "skip"):
        error = refused(still, slug, overflow=overflow)
        assert "40 of 40 rows do not fit" in error.where and "35 more" in fields(error)
        assert "the window is 512: question 6" in error.problems[0].what
    assert "there are 0 train, 0 validation, 0 test" in str(error), "to skip them all is no way out"


def test_a_few_rows_that_are_too_long_stop_it_or_are_left_out(room: Room) -> None:
    long = {"text": "so " * 600, "label": "negative"}
    slug = room.task(rows=rows(train=[long, *MOODS["rows"]["train"]], test=[*MOODS["rows"]["test"], long]))
    error = refused(room, slug)
    assert fields(error) == ["train row 1", "test row 11"] and "2 of 42" in error.where and "skip" in error.todo
    job = drained(room.tunes.start(OWNER, slug, "tiny", "lora", QUICK, overflow="skip"))
    counts = [len(read(room.folder(job) / name)) for name in (tune.TRAIN, tune.VALIDATION, TEST)]
    assert counts == [SIZES["train"], SIZES["validation"], SIZES["test"]]
    assert job.spec["skipped"] == {"train": 1, "validation": 0, "test": 1}


def test_a_name_that_is_or_was_anothers(room: Room) -> None:
    slug = room.task()
    job = drained(room.tunes.start(OWNER, slug, "tiny", "lora", QUICK, name="mine"))
    with pytest.raises(Problems, match="'mine' is the name of another run"):
        drained(room.tunes.start(OWNER, slug, "tiny", "lora", QUICK, name="mine"))
    assert drained(room.tunes.start(NOBODY, "reviews", "tiny", "lora", QUICK, name="mine")).spec["run"] == "mine", "names are an owner's own"
    room.store.jobs.ask_cancel(OWNER, job.id)
    room.runs.delete(OWNER, "mine")
    with pytest.raises(Problems, match="or was once"):
        drained(room.tunes.start(OWNER, slug, "tiny", "lora", QUICK, name="mine"))
    assert room.store.jobs.list(OWNER) == []


def test_an_engine_that_cannot_tune_says_so(settings: Settings, engine: LocalEngine) -> None:
    with closing(Room(settings, engine)) as room:
        slug = room.task()
        room.tunes._settings = settings
        assert fields(refused(room, slug)) == ["engine"]


def test_a_model_that_is_gone_is_told(room: Room, tiny: Weights, tmp_path: Path) -> None:
    shutil.copytree(tiny.folder, tmp_path / "mine")
    drained(room.models.add(OWNER, str(tmp_path / "mine"), "mine"))
    slug = room.task()
    shutil.rmtree(tmp_path / "mine")
    assert fields(refused(room, slug, "mine")) == ["model"]


def test_what_is_frozen_is_all_that_it_needs(room: Room) -> None:
    """The task may be changed or deleted meanwhile; the probes leave out what is taught."""
    slug = room.task()
    job = drained(room.tunes.start(OWNER, slug, "tiny", "lora", {**QUICK, "rate": "0.001"}, limit=5))
    assert (job.kind, job.state, job.spec["run"], job.spec["recipe"]["rate"]) == ("tune", JobState.QUEUED, f"{slug}-lora", 0.001)
    assert len(read(room.folder(job) / TEST)) == 5
    asked = [one.probe.name for one in probing.frozen_in(room.folder(job)).probes]
    assert job.total == 6 + 2 * 5 + 2 * 6 * len(asked) and asked == ["facts", "harmful", "harmless"]
    facts = drained(room.tunes.start(OWNER, "facts", "tiny", "lora", QUICK, limit=5))
    assert "facts" not in [one.probe.name for one in probing.frozen_in(room.folder(facts)).probes]
    again = drained(room.tunes.start(OWNER, slug, "tiny", "lora", QUICK))
    assert again.spec["run"] == f"{slug}-lora-2"


def test_another_owners_things_are_not_there(room: Room) -> None:
    slug = room.task()
    job = drained(room.tunes.start(OWNER, slug, "tiny", "lora", QUICK))
    for call in (room.tunes.live, room.tunes.run, room.tunes.probes_of):
        with pytest.raises(NotFound):
            call(NOBODY, job.id)
    with pytest.raises(Problems, match="no task"):
        drained(room.tunes.start(NOBODY, slug, "tiny", "lora", QUICK))
    with pytest.raises(NotFound):
        drained(room.tunes.start(OWNER, slug, "tiny", "full", QUICK, before="0123456789ab"))
    theirs = drained(room.tunes.start(NOBODY, "reviews", "tiny", "lora", QUICK))
    with pytest.raises(NotFound):
        drained(room.tunes.start(OWNER, slug, "tiny", "full", QUICK, before=theirs.id))
    assert not room.runs.was(OWNER, f"{slug}-full")


def test_a_job_that_is_no_tuning_made_no_run(room: Room) -> None:
    job = room.scores.start(OWNER, room.task(), ["tiny/zero-shot"])
    with pytest.raises(UserError, match="no run"):
        room.tunes.run(OWNER, job.id)
