"""The front door: what the page and the command line rely on, on the scripted engine in its own process."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from promptune.core.contender import Contender
from promptune.core.job import JobState
from promptune.errors import Busy, NotFound, Problems, UserError
from promptune.lab import Frame, Lab
from promptune.models import BUNDLED_FOLDER
from promptune.settings import Settings

THREE = ("tiny/zero-shot", "tiny/cot", "tiny/zero-shot?t=0.7&seed=1")


@pytest.fixture
def lab(settings: Settings) -> Iterator[Lab]:
    lab = Lab(settings)
    yield lab
    lab.close()


def last(frames: Iterator[Frame]) -> Frame:
    frame: Frame = ()
    for frame in frames:  # noqa: B007
        pass
    return frame


def kept(lab: Lab, owner: str = "local") -> Frame:
    talk = lab.talks.newest(owner)
    assert talk is not None
    return talk.turns[-1].panes


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


def test_three_contenders_answer_side_by_side_and_are_kept(lab: Lab) -> None:
    """Panes stand in the order asked, name the weights that answered, and the comparison is found again as it was."""
    frame = last(lab.compare("local", "How many apples?", THREE))
    assert [pane.contender for pane in frame] == list(THREE)
    assert all(pane.state == "done" and pane.weights == "tiny" and pane.answer and pane.prompt for pane in frame)
    ((info,), talk) = lab.talks.list("local"), lab.talks.newest("local")
    assert talk is not None and (turn := talk.turns[0]).question == "How many apples?" and turn.panes == frame and info.size > 0


def test_frames_only_grow_and_the_last_one_is_whole(lab: Lab) -> None:
    texts = [pane.text for (pane,) in lab.compare("local", "[delay=0.02] one two three four five", THREE[:1], poll=0.01)]
    assert len(texts) > 3 and texts[-1] == "You asked: one two three four five"
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))


def test_everything_wrong_is_said_at_once_and_nothing_is_asked(lab: Lab) -> None:
    with pytest.raises(Problems) as caught:
        lab.compare("local", "  ", ["tiny/zeroshot", "nope/cot", "tiny/", "tiny+x/cot"])
    assert [problem.field for problem in caught.value.problems] == ["question", "contender 1", "contender 2", "contender 3", "contender 4"]
    assert lab.talks.list("local") == [] and lab.status().pid is None


@pytest.mark.parametrize("question", ["a\0b", "half \ud800", "x" * 100_001])
def test_a_question_that_is_no_text_is_refused_in_words(lab: Lab, question: str) -> None:
    with pytest.raises(Problems, match="question"):
        lab.compare("local", question, THREE)


@pytest.mark.parametrize("question", ["emoji 👩‍👩‍👧", "שלום עולם", "é ≠ é", "{{ 7*7 }} ${1+1} <b>"])
def test_any_text_comes_back_byte_for_byte(lab: Lab, question: str) -> None:
    (pane,) = last(lab.compare("local", question, THREE[:1]))
    assert pane.text == f"You asked: {question}"
    (info,) = lab.talks.list("local")
    assert json.loads(lab.talks.export("local", info.id, "json"))["turns"][0]["question"] == question
    assert question in lab.talks.export("local", info.id, "md")


def test_one_failing_pane_says_why_and_the_others_go_on(lab: Lab, tmp_path: Path) -> None:
    """All panes get the same question, so the failing one is a model whose folder went away."""
    frame = last(lab.compare("local", "[fail] x", THREE[:2]))
    assert all(pane.state == "failed" and "failed on request" in pane.error and len(pane.text.split()) == 3 for pane in frame)
    assert kept(lab) == frame, "what was seen is kept, failures too"


def test_closing_the_frames_stops_the_work_and_keeps_what_there_is(lab: Lab) -> None:
    frames = lab.compare("local", "[long][delay=0.02] x", THREE[:1], poll=0.02)
    while not next(frames)[0].text:
        continue
    frames.close()
    (pane,) = kept(lab)
    assert pane.state == "cancelled" and 0 < pane.completion_tokens < 2000 and pane.text


def test_an_answer_that_takes_too_long_is_stopped_and_says_so(settings: Settings) -> None:
    lab = Lab(settings.model_copy(update={"answer_seconds": 0.5}))
    try:
        (pane,) = last(lab.compare("local", "[long][delay=0.05] x", ["tiny/zero-shot?max=2000"]))
        assert pane.state == "cancelled" and "0.5 seconds" in pane.error
    finally:
        lab.close()


def test_a_dead_device_process_is_a_failed_pane_and_the_next_question_works(lab: Lab) -> None:
    (pane,) = last(lab.compare("local", "[die] x", THREE[:1]))
    assert pane.state == "failed" and "SIGKILL" in pane.error
    (pane,) = last(lab.compare("local", "again", THREE[:1]))
    assert pane.state == "done" and pane.text == "You asked: again"


def test_another_owners_things_answer_like_things_that_do_not_exist(lab: Lab) -> None:
    """Talks: tests/test_talks_many.py."""
    job = lab.start_batch("anna", ["a"], THREE[:1])
    for call in (lab.job, lab.cancel_job, lab.resume_job, lab.delete_job, lab.batch_result):
        with pytest.raises(NotFound) as foreign:
            call("ben", job.id)
        with pytest.raises(NotFound) as missing:
            call("ben", "f" * 12)
        assert str(foreign.value).replace(job.id, "") == str(missing.value).replace("f" * 12, "")
    assert lab.jobs("ben") == []


def test_a_batch_runs_in_a_worker_and_its_result_is_exported(lab: Lab) -> None:
    job = lab.start_batch("local", ["=1+1", "two", "three"], THREE[:2])
    lab.wait([job.id])
    assert lab.job("local", job.id).state is JobState.DONE
    result = lab.batch_result("local", job.id)
    assert result.complete and len(result.answers) == 6 and result.answers[0]["text"] == "You asked: =1+1"
    csv = lab.export_job("local", job.id, "csv")
    assert "'=1+1," in csv, "a spreadsheet must not run a cell"
    assert json.loads(lab.export_job("local", job.id, "json"))["questions"][0] == "=1+1", "an export for programs is untouched"
    assert "## 3" in lab.export_job("local", job.id, "md")


def test_a_batch_says_everything_that_is_wrong_and_makes_no_job(lab: Lab) -> None:
    with pytest.raises(Problems) as caught:
        lab.start_batch("local", ["fine", "bad \0", ""], ["tiny/nope"])
    assert [problem.field for problem in caught.value.problems] == ["question 2", "contender 1"] and lab.jobs("local") == []


def test_a_second_server_on_the_same_folder_is_refused_and_a_command_is_not(settings: Settings) -> None:
    first = Lab(settings, serving=True, address="http://127.0.0.1:1")
    try:
        with pytest.raises(Busy, match=r"http://127\.0\.0\.1:1"):
            Lab(settings, serving=True, address="http://127.0.0.1:2")
        beside = Lab(settings)
        job = beside.start_batch("local", ["one"], THREE[:1])
        until(lambda: beside.job("local", job.id).state is JobState.DONE)
        assert beside.queue_runs()
        beside.close()
    finally:
        first.close()
    Lab(settings, serving=True).close()


def test_a_closed_lab_leaves_no_process(settings: Settings) -> None:
    before = psutil.Process().children(recursive=True)
    lab = Lab(settings, serving=True)
    lab.start_batch("local", ["[long][delay=0.05] x"], THREE[:1])
    until(lambda: lab.jobs("local")[0].state is JobState.RUNNING)
    last(lab.compare("local", "hello", THREE[:1]))
    lab.close()
    assert set(psutil.Process().children(recursive=True)) <= set(before)
    assert lab.jobs("local")[0].state is JobState.INTERRUPTED


def test_the_command_says_the_same_on_a_command_line(lab: Lab) -> None:
    question = 'what\'s "this" $(touch x); `ls` {{a}}'
    argv = shlex.split(lab.talks.command(THREE, question))
    assert argv == ["promptune", "ask", question, "-c", THREE[0], "-c", THREE[1], "-c", THREE[2]]


def test_the_bundled_model_stays_and_says_what_it_is(lab: Lab) -> None:
    (tiny,) = lab.models("local")
    assert (tiny.slug, tiny.origin, tiny.usable) == ("tiny", "bundled", True) and tiny.note and tiny.size
    with pytest.raises(UserError, match="comes with Promptune"):
        lab.delete_model("local", "tiny")


def test_a_model_whose_folder_is_gone_can_be_neither_asked_nor_taken_along(lab: Lab, tmp_path: Path) -> None:
    shutil.copytree(BUNDLED_FOLDER, tmp_path / "mine")
    list(lab.add_model("local", str(tmp_path / "mine")))
    with zipfile.ZipFile(lab.export_model("local", "mine")) as archive:
        assert {Path(name).name for name in archive.namelist()} == set(os.listdir(tmp_path / "mine"))
    shutil.rmtree(tmp_path / "mine")
    for call in (lambda: last(lab.compare("local", "Hello", ["mine/cot"])), lambda: lab.export_model("local", "mine")):
        with pytest.raises(UserError, match="no such folder"):
            call()


def test_a_model_that_is_nowhere_or_unfit_is_refused_with_a_way_out(lab: Lab, tmp_path: Path) -> None:
    for source, words in (("", "folder"), (str(tmp_path / "gone"), "no folder"), (str(tmp_path), "config.json"), ("; touch x", "no folder")):
        with pytest.raises(UserError, match=words) as caught:
            list(lab.add_model("local", source))
        assert caught.value.todo
    assert [model.slug for model in lab.models("local")] == ["tiny"]


def test_doctor_says_what_is_here(lab: Lab) -> None:
    found = lab.doctor()
    assert set(found) == {"version", "device", "memory", "offline", "models"}
    assert found["models"] == [{"name": "tiny", "usable": True, "why": found["models"][0]["why"]}] and found["device"]["state"] == "ready"


def test_every_strategy_form_is_a_contender(lab: Lab) -> None:
    for strategy in lab.strategies():
        assert str(Contender.parse(f"tiny/{strategy['form']}")).startswith(f"tiny/{strategy['name']}")
