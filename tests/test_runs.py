"""Runs in the catalogue: how they are asked, by whom, for which model, and what goes with them."""

# ruff: noqa: F811  # fixtures of the engines' tests are imported, and asked for by name

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptune.core.job import Job, JobState
from promptune.engines.local import LocalEngine
from promptune.engines.protocol import Weights
from promptune.errors import NotFound, UserError
from promptune.store import artefacts
from tests.engines.conftest import engine, tiny  # noqa: F401  # fixtures
from tests.tunings import OWNER, QUICK, Reached, Room, drained, opened

NOBODY = "somebody else"
RECORD = {"label": "x", "model": "tiny", "task": "moods", "recipe": "lora"}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, engine: LocalEngine, tiny: Weights) -> Iterator[Room]:
    place = tmp_path_factory.mktemp("room")
    with opened(place, engine) as room:
        room.task()
        shutil.copytree(tiny.folder, place / "mine")
        drained(room.models.add(OWNER, str(place / "mine"), "mine"))
        assert tune(room, "mood").state is JobState.DONE
        yield room


def start(room: Room, name: str) -> Job:
    return drained(room.tunes.start(OWNER, "moods", "tiny", "lora", QUICK, name=name, limit=2))


def tune(room: Room, name: str) -> Job:
    return room.run(start(room, name))


def test_a_run_is_asked_by_its_name_at_any_strength(room: Room) -> None:
    run = room.runs.get(OWNER, "mood")
    whole, half = (room.contenders.one(OWNER, spelled).weights for spelled in (run.contender, "tiny+mood@0.5/cot"))
    base = room.models.weights(OWNER, "tiny")
    assert whole == Weights("tiny+mood", base.folder, run.folder) and half == Weights("tiny+mood@0.5", base.folder, run.folder, 0.5)
    assert run in room.runs.list(OWNER) and run.size > 0 and run.contender == "tiny+mood/zero-shot"


def test_a_run_of_another_model_is_refused_with_its_own(room: Room) -> None:
    """The same weights under another name are another model: nobody has looked whether they are the same."""
    with pytest.raises(UserError, match=r"tuned from 'tiny', not from 'mine'.*tiny\+mood/zero-shot"):
        room.contenders.one(OWNER, "mine+mood/zero-shot")


def test_a_run_that_is_not_there_has_a_near_name_or_a_way_to_make_one(room: Room) -> None:
    with pytest.raises(NotFound, match="Did you mean 'mood'"):
        room.contenders.one(OWNER, "tiny+mod/zero-shot")
    with pytest.raises(NotFound, match="promptune tune TASK"):
        room.contenders.one(NOBODY, "tiny+mood/zero-shot")


def test_a_run_without_weights_says_what_it_waits_for(room: Room) -> None:
    job = start(room, "waiting")
    with pytest.raises(UserError, match=f"no weights yet: its job is queued. promptune jobs show {job.id} --follow"):
        room.contenders.one(OWNER, "tiny+waiting/zero-shot")
    with pytest.raises(UserError, match="no weights yet: its job is queued"):
        room.runs.export(OWNER, "waiting", room.settings.home / "x.zip")
    with pytest.raises(UserError, match="Cancel it first"):
        room.runs.delete(OWNER, "waiting")
    room.store.jobs.ask_cancel(OWNER, job.id)
    with pytest.raises(UserError, match=r"cancelled: cancelled before it started"):
        room.contenders.one(OWNER, "tiny+waiting/zero-shot")
    room.runs.delete(OWNER, "waiting")


def test_a_deleted_run_takes_its_job_and_weights_and_leaves_its_name_to_nobody(room: Room) -> None:
    job = tune(room, "gone")
    run = room.runs.get(OWNER, "gone")
    room.runs.delete(OWNER, "gone")
    assert not Path(run.folder).exists() and not room.folder(job).exists() and run.slug not in [one.slug for one in room.runs.list(OWNER)]
    for look in (lambda: room.runs.get(OWNER, "gone"), lambda: room.store.jobs.get(OWNER, job.id)):
        with pytest.raises(NotFound):
            look()
    assert room.runs.was(OWNER, "gone")
    assert room.runs.claim(OWNER, slug="gone", exact=False, job="0123456789ab", **RECORD) == "gone-2", "a link to it must not lead elsewhere"
    with pytest.raises(UserError, match="taken, or was once"):
        room.runs.claim(OWNER, slug="gone", exact=True, job="0123456789ac", **RECORD)


def test_a_run_whose_job_was_deleted_says_so_and_can_go_too(room: Room) -> None:
    job = start(room, "orphan")
    room.store.jobs.ask_cancel(OWNER, job.id)
    room.store.jobs.delete(OWNER, job.id)
    run = room.runs.get(OWNER, "orphan")
    assert not run.usable and run.cause == "its job was deleted."
    with pytest.raises(UserError, match="its job was deleted") as caught:
        room.contenders.one(OWNER, "tiny+orphan/zero-shot")
    assert job.id not in caught.value.todo, "there is nothing to be shown of it"
    room.runs.delete(OWNER, "orphan")
    assert "orphan" not in [one.slug for one in room.runs.list(OWNER)]


def test_one_that_was_interrupted_in_the_middle_has_no_weights(room: Room) -> None:
    job = start(room, "half")
    room.run(job, Reached(room.folder(job) / "checks.jsonl", 2))
    run = room.runs.get(OWNER, "half")
    assert (run.state, run.usable, run.tuning) == (JobState.CANCELLED, False, None)


def test_a_label_is_a_persons_and_the_name_stays(room: Room) -> None:
    room.runs.rename(OWNER, "mood", "  My best  one ")
    assert (room.runs.get(OWNER, "mood").label, room.runs.get(OWNER, "mood").slug) == ("My best one", "mood")


def test_it_leaves_the_house_as_a_folder_that_peft_loads(room: Room, tmp_path: Path) -> None:
    with zipfile.ZipFile(room.runs.export(OWNER, "mood", tmp_path / "out" / "mood.zip")) as archive:
        names = {name.removeprefix("mood/") for name in archive.namelist()}
    assert {"adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "chat_template.jinja", "README.md", "promptune.json"} <= names
    assert artefacts.MANIFEST not in names
    adapter = Path(room.runs.get(OWNER, "mood").folder) / "adapter_model.safetensors"
    whole = adapter.read_bytes()
    adapter.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(UserError, match="adapter_model"):
        room.runs.export(OWNER, "mood", tmp_path / "damaged.zip")
    adapter.write_bytes(whole)


def test_another_owners_run_is_not_there(room: Room) -> None:
    assert room.runs.list(NOBODY) == [] and not room.runs.was(NOBODY, "mood") and room.runs.of_job(NOBODY, room.runs.get(OWNER, "mood").job) is None
    for call in (
        room.runs.get,
        room.runs.delete,
        lambda owner, slug: room.runs.rename(owner, slug, "x"),
        lambda owner, slug: room.runs.export(owner, slug, Path("x")),
    ):
        with pytest.raises(NotFound):
            call(NOBODY, "mood")
