"""A batch in this process: what it keeps, and that where it is interrupted changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promptune.errors import OutOfMemory, Problems, UserError
from promptune.jobs import batch
from promptune.jobs.answering import frozen_material
from promptune.jobs.kinds import Cancelled
from promptune.jobs.lines import read
from promptune.jobs.progress import Follower
from promptune.prompting.material import Material, Parts
from promptune.settings import Settings
from promptune.store import Store
from tests.jobs.samples import queue, run, spec, timeless

PAIR = ("tiny/zero-shot?t=1", "tiny/cot")


def test_every_question_is_answered_by_every_contender_in_order(store: Store, settings: Settings, tmp_path: Path) -> None:
    questions = [f"[tokens={20 - i}] question {i}" for i in range(10)]  # the last ones end first
    job = queue(store, settings, questions, PAIR)
    follower = Follower(tmp_path / job.id)
    run(tmp_path / job.id, job.spec)
    result = batch.read_result(job, tmp_path / job.id)
    assert result.complete and result.questions == questions and result.contenders == list(PAIR)
    assert [(row["question"], row["contender"]) for row in result.answers] == [(i, name) for i in range(10) for name in PAIR]
    assert all(row["completion_tokens"] == 20 - row["question"] and row["how"] and not row["error"] for row in result.answers)
    summary = json.loads((tmp_path / job.id / batch.RESULT / batch.SUMMARY).read_text())
    assert [one["completion_tokens"] for one in summary["contenders"]] == [sum(range(11, 21))] * 2
    step = follower.news()
    assert step is not None and (step.done, step.note) == (20, "question 10 of 10")


def test_one_answer_that_fails_is_kept_with_its_error_and_the_others_go_on(store: Store, settings: Settings, tmp_path: Path) -> None:
    job = queue(store, settings, ["one", "[fail] two", "three"])
    run(tmp_path / job.id, job.spec)
    result = batch.read_result(job, tmp_path / job.id)
    assert result.complete and [bool(row["error"]) for row in result.answers] == [False, True, False]
    assert result.answers[1]["finish_reason"] == "failed" and result.answers[1]["answer"] is None


def test_out_of_memory_ends_the_job_and_keeps_what_came_before(store: Store, settings: Settings, tmp_path: Path) -> None:
    """Nobody is helped by forty rows of the same error; after a change it goes on from here."""
    job = queue(store, settings, ["one", "[oom][tokens=30] two two two two", "[tokens=40] three"])
    with pytest.raises(OutOfMemory):
        run(tmp_path / job.id, job.spec)
    result = batch.read_result(job, tmp_path / job.id)
    assert not result.complete and [row["question"] for row in result.answers] == [0]


def test_it_goes_on_behind_what_is_there_and_answers_the_same(store: Store, settings: Settings, tmp_path: Path) -> None:
    """Sampled answers too: their seeds come from the job and the question, not from the attempt."""
    job = queue(store, settings, [f"pears plums figs dates {i}" for i in range(12)], PAIR)
    run(tmp_path / "undisturbed" / job.id, job.spec)
    lines = (tmp_path / "undisturbed" / job.id / batch.ROWS).read_bytes().splitlines(keepends=True)
    folder = tmp_path / "again" / job.id
    folder.mkdir(parents=True)
    (folder / batch.ROWS).write_bytes(b"".join(lines[:7]) + lines[7][:30])  # the eighth was being written
    run(folder, job.spec)
    assert (folder / batch.ROWS).read_bytes().splitlines(keepends=True)[:7] == lines[:7], "nothing is asked twice"
    again, whole = (batch.read_result(job, place).answers for place in (folder, tmp_path / "undisturbed" / job.id))
    assert timeless(again) == timeless(whole) and len(again) == 24


def test_each_job_draws_its_own_seeds_unless_the_contender_says(store: Store, settings: Settings, tmp_path: Path) -> None:
    """The same question twice in a job, or in another job, is another draw; a given seed is that seed everywhere."""
    question = "one two three four five six seven eight nine ten"
    texts = []
    for _ in range(2):
        job = queue(store, settings, [question, question], ("tiny/zero-shot?t=1", "tiny/zero-shot?t=1&seed=3"))
        run(tmp_path / job.id, job.spec)
        texts.append([row["text"] for row in batch.read_result(job, tmp_path / job.id).answers])
    (a, fixed, b, fixed_b), (c, fixed_c, d, fixed_d) = texts
    assert len({a, b, c, d}) == 4 and fixed == fixed_b == fixed_c == fixed_d


def test_it_stops_soon_when_it_is_cancelled(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        run(tmp_path / "job", spec(settings, ["[long][delay=0.05] x"]), cancelled=True)
    assert read(tmp_path / "job" / batch.ROWS) == [] and not (tmp_path / "job" / batch.RESULT).exists()


def test_a_damaged_result_is_not_shown_as_if_it_were_whole(store: Store, settings: Settings, tmp_path: Path) -> None:
    job = queue(store, settings, ["one"])
    run(tmp_path / job.id, job.spec)
    answers = tmp_path / job.id / batch.RESULT / batch.ANSWERS
    answers.write_text(answers.read_text().replace("one", "two"))
    with pytest.raises(UserError, match=r"answers\.json"):
        batch.read_result(job, tmp_path / job.id)


def test_the_same_contender_twice_is_refused_by_name(settings: Settings) -> None:
    with pytest.raises(Problems, match=r"contender 2.*given twice"):
        spec(settings, ["x"], ("tiny/cot", "tiny/cot"))


def test_there_are_fifty_sample_questions() -> None:
    questions = batch.sample_questions()
    assert len(questions) == 50 == len(set(questions)) and all(question.strip() for question in questions)


def test_samples_of_one_contender_are_voted(settings: Settings, tmp_path: Path) -> None:
    """And only where there are several: other rows look as they always did."""
    run(tmp_path / "job", spec(settings, ["one two three"], ("tiny/self-consistency:4", "tiny/cot")))
    voted, plain = sorted(read(tmp_path / "job" / batch.ROWS), key=lambda row: row["contender"], reverse=True)
    assert len(voted["samples"]) == 4 and voted["text"] in voted["samples"] and sum(vote["count"] for vote in voted["votes"]) <= 4
    assert voted["completion_tokens"] == 4 * plain["completion_tokens"] and voted["prompt_tokens"] == plain["prompt_tokens"]
    assert "samples" not in plain and "votes" not in plain


def test_what_its_strategies_draw_from_lies_in_its_folder(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    for name, text in frozen_material(Material(parts={"seller": Parts(role="You sell shoes.")}, passages={"notes": ("all about figs",)})).items():
        (folder / name).write_text(text, encoding="utf-8")
    run(folder, spec(settings, ["and figs?"], ("tiny/custom:seller", "tiny/retrieve:1,from=notes")))
    texts = [row["text"] for row in sorted(read(folder / batch.ROWS), key=lambda row: row["contender"])]
    assert "You sell shoes." in texts[0] and "all about figs" in texts[1]
