"""A scorecard in this process: what it keeps, what it counts, and that where it is interrupted changes nothing."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from promptune.core.job import JobState
from promptune.engines import scripted
from promptune.errors import OutOfMemory, Problems, UserError
from promptune.jobs.kinds import Cancelled
from promptune.jobs.lines import read
from promptune.jobs.progress import Follower
from promptune.jobs.scheduler import Scheduler
from promptune.jobs.scorecard import CARD, PREDICTIONS, RESULT, ROWS, read_rows, read_scorecard, read_signatures
from promptune.settings import Settings
from promptune.store import Store
from tests.jobs.samples import OWNER, server, until, worker
from tests.jobs.scorecards import TRAIN, as_job, examples, queue, same_but_for_time, scored, spec, work, write


def test_every_contender_answers_every_row_and_the_scorecard_adds_up(settings: Settings, tmp_path: Path) -> None:
    contenders = ["tiny/zero-shot", "tiny/few-shot:2?max=5", "tiny/self-consistency:3"]
    asked = spec(settings, contenders)
    card = scored(tmp_path / "job", examples(5), asked)
    rows = read_rows(as_job(tmp_path / "job", asked), tmp_path / "job")
    assert (card.task, card.rows, card.skipped) == ("echoes", 5, 0)
    assert [one.contender for one in card.contenders] == contenders
    assert [(row["row"], row["contender"]) for row in rows] == [(i, name) for i in range(1, 6) for name in contenders]
    for one in card.contenders:
        mine = [row for row in rows if row["contender"] == one.contender]
        assert list(one.metrics) == ["accuracy", "rouge1"] and (one.dropped, one.errors) == (0, 0)
        assert one.metrics["accuracy"].value == sum(row["correct"] for row in mine) / 5
        assert one.cost.completion_tokens == sum(row["completion_tokens"] for row in mine) > 0
        assert one.cost.prompt_tokens == sum(part["tokens"] for row in mine for part in row["prompt"]), "each prompt once, however many samples"
        assert one.cost.seconds == pytest.approx(sum(row["worked"] for row in mine))
    assert set(read_signatures(as_job(tmp_path / "job", asked), tmp_path / "job")) == {"accuracy", "rouge1"}


def test_samples_are_voted_and_all_kept(settings: Settings, tmp_path: Path) -> None:
    asked = spec(settings, ["tiny/self-consistency:5"])
    scored(tmp_path / "job", examples(2), asked)
    for row in read_rows(as_job(tmp_path / "job", asked), tmp_path / "job"):
        assert len(row["samples"]) == 5 == len(set(row["samples"])), "each is a draw of its own"
        assert row["votes"][0]["value"] == row["answer"] and sum(vote["count"] for vote in row["votes"]) <= 5
        assert row["prediction"] in row["samples"]
        assert row["completion_tokens"] == 5 * len(scripted.words(f"You asked: say even or odd for {row['row']} Let's think step by step."))


def test_every_prediction_has_its_exact_prompt(settings: Settings, tmp_path: Path) -> None:
    asked = spec(settings, ["tiny/few-shot:2"])
    scored(tmp_path / "job", examples(1), asked)
    (row,) = read_rows(as_job(tmp_path / "job", asked), tmp_path / "job")
    assert [part["kind"] for part in row["prompt"] if part["kind"] != "template"] == ["examples", "question"]
    assert "say even or odd for 1" in "".join(part["text"] for part in row["prompt"])


def test_the_same_rows_give_the_same_scorecard_in_any_job_sampling_too(settings: Settings, tmp_path: Path) -> None:
    """Seeds are the rows' own: not the job's, and not the place that a row has in a sample."""
    asked = spec(settings, ["tiny/zero-shot?t=1", "tiny/self-consistency:3"])
    first, second = (same_but_for_time(scored(tmp_path / name, examples(12), asked)) for name in ("one", "two"))
    assert first == second
    scored(tmp_path / "half", examples(12)[6:], asked)
    texts = {name: {(row["row"], row["contender"]): row["prediction"] for row in read(tmp_path / name / ROWS)} for name in ("one", "half")}
    assert texts["half"] == {key: text for key, text in texts["one"].items() if key[0] > 6}
    assert len({text.replace(str(row), "") for (row, name), text in texts["one"].items() if name == "tiny/zero-shot?t=1"}) > 6


def test_it_goes_on_behind_what_is_there_to_the_same_scorecard(settings: Settings, tmp_path: Path) -> None:
    asked = spec(settings, ["tiny/zero-shot?t=1", "tiny/few-shot:2?t=1"])
    whole = scored(tmp_path / "whole", examples(20), asked)
    lines = (tmp_path / "whole" / ROWS).read_bytes().splitlines(keepends=True)
    for cut in (0, 3, 27, 40):  # 40: it was killed when only its scorecard was missing
        folder = tmp_path / f"cut {cut}"
        write(folder, examples(20))
        (folder / ROWS).write_bytes(b"".join(lines[:cut]) + b"".join(lines[cut : cut + 1])[:30])
        work(folder, asked)
        assert same_but_for_time(read_scorecard(as_job(folder, asked), folder)) == same_but_for_time(whole)
        assert (folder / ROWS).read_bytes().splitlines(keepends=True)[:cut] == lines[:cut], "nothing is asked twice"


def test_a_row_that_fails_is_kept_and_counts_as_wrong(settings: Settings, tmp_path: Path) -> None:
    rows = [*examples(3), replace(examples(1, "[fail] even {}")[0], row=9)]
    asked = spec(settings, ["tiny/zero-shot", "tiny/self-consistency:2"])
    card = scored(tmp_path / "job", rows, asked)
    for one in card.contenders:
        assert one.errors == 1 and card.rows == 4 and one.metrics["accuracy"].value <= 0.75
    failed = [row for row in read_rows(as_job(tmp_path / "job", asked), tmp_path / "job") if row["row"] == 9]
    assert [(row["prediction"], row["answer"], row["correct"], bool(row["error"])) for row in failed] == [("", None, False, True)] * 2


def test_out_of_memory_ends_it_by_name_and_costs_no_answer(settings: Settings, tmp_path: Path) -> None:
    write(tmp_path / "job", [*examples(1, "[tokens=2] even {}"), *examples(1, "[oom][tokens=40] even {}")])
    with pytest.raises(OutOfMemory):
        work(tmp_path / "job", spec(settings, ["tiny/zero-shot"]))
    assert len(read(tmp_path / "job" / ROWS)) == 1


# ---- the window ----

LONG = "even " * 3000  # words, of a window of 4096: it fits, but not with two examples of 700


MIXED = (*examples(2), replace(examples(1)[0], prompt=LONG, row=99))
LONG_TRAIN = tuple(replace(one, prompt="shot " * 700 + str(one.row)) for one in TRAIN)


def test_what_does_not_fit_ends_it_before_anything_is_asked(settings: Settings, tmp_path: Path) -> None:
    write(tmp_path / "job", MIXED, LONG_TRAIN)
    with pytest.raises(Problems, match=r"tiny/few-shot:2: 1 of 3 rows.*test row 99.*4096.*examples.*tiny/few-shot:3: 1 of 3") as caught:
        work(tmp_path / "job", spec(settings, ["tiny/zero-shot", "tiny/few-shot:2", "tiny/few-shot:3"]))
    assert len(caught.value.problems) == 2 and read(tmp_path / "job" / ROWS) == []


def test_a_row_that_is_skipped_is_skipped_for_everybody(settings: Settings, tmp_path: Path) -> None:
    asked = spec(settings, ["tiny/zero-shot", "tiny/few-shot:2"], "skip")
    write(tmp_path / "job", MIXED, LONG_TRAIN)
    follower = Follower(tmp_path / "job")
    work(tmp_path / "job", asked)
    card = read_scorecard(as_job(tmp_path / "job", asked), tmp_path / "job")
    assert (card.rows, card.skipped) == (2, 1)
    asked_of = sorted((row["contender"], row["row"]) for row in read(tmp_path / "job" / ROWS))
    assert asked_of == [(name, i) for name in ("tiny/few-shot:2", "tiny/zero-shot") for i in (1, 2)]
    step = follower.news()
    assert step is not None and step.done == 6, "what is skipped need not be waited for"


def test_examples_are_dropped_as_few_as_must_go(settings: Settings, tmp_path: Path) -> None:
    asked = spec(settings, ["tiny/few-shot:2", "tiny/zero-shot"], "drop")
    card = scored(tmp_path / "job", MIXED, asked, LONG_TRAIN)
    assert (card.rows, card.skipped) == (3, 0) and [one.dropped for one in card.contenders] == [1, 0]
    dropped = {row["row"]: row["dropped"] for row in read(tmp_path / "job" / ROWS) if row["contender"] == "tiny/few-shot:2"}
    assert dropped[1] == dropped[2] == 0 and dropped[99] in (1, 2)


@pytest.mark.parametrize("overflow", ["skip", "drop"])
def test_where_nothing_is_left_it_says_so(settings: Settings, tmp_path: Path, overflow: str) -> None:
    write(tmp_path / "job", [replace(examples(1)[0], prompt="even " * 5000)])
    with pytest.raises(UserError, match=r"5\d\d\d tokens"):
        work(tmp_path / "job", spec(settings, ["tiny/zero-shot"], overflow))


# ---- ends ----


def test_it_stops_soon_when_it_is_cancelled(settings: Settings, tmp_path: Path) -> None:
    write(tmp_path / "job", examples(2, "[long][delay=0.05] {}"))
    asked = spec(settings, ["tiny/zero-shot"])
    with pytest.raises(Cancelled):
        work(tmp_path / "job", asked, cancelled=True)
    with pytest.raises(UserError, match=r"not there yet.*resume"):
        read_scorecard(replace(as_job(tmp_path / "job", asked), state=JobState.CANCELLED), tmp_path / "job")


@pytest.mark.parametrize("name", [CARD, PREDICTIONS])
def test_a_damaged_scorecard_is_not_shown_as_if_it_were_whole(settings: Settings, tmp_path: Path, name: str) -> None:
    asked = spec(settings, ["tiny/zero-shot"])
    scored(tmp_path / "job", examples(1), asked)
    file = tmp_path / "job" / RESULT / name
    file.write_text(file.read_text().replace("0", "1"))
    with pytest.raises(UserError, match=name):
        read_scorecard(as_job(tmp_path / "job", asked), tmp_path / "job")


def test_the_same_contender_twice_is_refused_by_name(settings: Settings) -> None:
    with pytest.raises(Problems, match=r"contender 2.*given twice"):
        spec(settings, ["tiny/cot", "tiny/cot"])


def test_a_worker_makes_it_from_what_was_frozen(store: Store, settings: Settings, scheduler: Scheduler) -> None:
    job = queue(store, spec(settings, ["tiny/few-shot:2"]), examples(3))
    scheduler.run_until([job.id])
    done = store.jobs.find(job.id)
    assert (done.state, done.done, done.cause) == (JobState.DONE, 3, "")
    assert read_scorecard(done, store.job_folder(job.id)).rows == 3


def test_a_killed_worker_costs_nothing_but_time(store: Store, settings: Settings, scheduler: Scheduler, tmp_path: Path) -> None:
    """kill -9 in the middle; resumed, it ends with the scorecard of one that nothing happened to."""
    asked = spec(settings, ["tiny/zero-shot?t=1", "tiny/few-shot:2?t=1"])
    rows = [*examples(32), *(replace(one, prompt=f"[delay=0.1] {one.prompt}", row=32 + (one.row or 0)) for one in examples(4))]
    job = queue(store, asked, rows)
    with server(settings.home, tmp_path / "log"):
        until(lambda: len(read(store.job_folder(job.id) / ROWS)) >= 32)
        pid = worker(store, job)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until(lambda: store.jobs.find(job.id).state is JobState.KILLED)
    assert 32 <= len(read(store.job_folder(job.id) / ROWS)) < 72
    store.jobs.resume(OWNER, job.id)
    scheduler.run_until([job.id])
    done = store.jobs.find(job.id)
    assert done.state is JobState.DONE, done.cause
    hurried = [replace(one, prompt=one.prompt.replace("[delay=0.1]", "[delay=0]")) for one in rows]
    assert same_but_for_time(read_scorecard(done, store.job_folder(job.id))) == same_but_for_time(scored(tmp_path / "undisturbed", hurried, asked))
