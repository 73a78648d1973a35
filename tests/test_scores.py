"""Scorecards from the lab's side: everything wrong told at once, the rows that were meant, and predictions scored again."""

from __future__ import annotations

import html
import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from promptune.core.job import Job, JobState
from promptune.errors import NotFound, Problems, UserError
from promptune.jobs.answering import material_of
from promptune.jobs.lines import read
from promptune.jobs.scheduler import Scheduler
from promptune.jobs.score import TEST
from promptune.models import Models
from promptune.prompting.material import Parts
from promptune.ready import Contenders
from promptune.runs import Runs
from promptune.saved import Saved
from promptune.scores import Scores, rescore_file
from promptune.settings import Settings
from promptune.store import Store
from promptune.taskroom import TaskRoom
from promptune.tasks.definition import TaskFile
from tests.shared import data

OWNER = "local"
SPLITS = {"train": 12, "test": 40}
REVIEWS = {
    "name": "reviews",
    "template": "Is this good or bad? {{ text }} ||| {{ label }}",
    "answer_choices": "good ||| bad",
    "answer_type": "choice",
    "input": "text",
    "metrics": ["accuracy", "rouge1"],
    "rows": {
        split: [
            {"text": f"{split} text {i}", "label": "good" if i % 4 else "bad", "stars": i % 5, "place": "shop" if i % 2 else "web", "sure": i > 9}
            for i in range(size)
        ]
        for split, size in SPLITS.items()
    },
}


class Room:
    """What a Lab has around its scorecards."""

    def __init__(self, settings: Settings, place: Path) -> None:
        self.settings, self.place, self.store = settings, place, Store(settings.home)
        self.tasks, self.saved = TaskRoom(settings, self.store), Saved(self.store)
        self.scores = Scores(settings, self.store, self.tasks, Contenders(Models(settings, self.store), Runs(self.store), self.saved), self.saved)

    def task(self, **changes: object) -> str:
        file = self.place / "task.yaml"
        file.write_text(yaml.safe_dump({**REVIEWS, **changes}), encoding="utf-8")
        return self.tasks.keep(OWNER, self.tasks.draft([file], TaskFile())).slug

    def run(self, job: Job) -> Job:
        scheduler = Scheduler(self.store, self.settings, before_start=lambda job: None)
        scheduler.run_until([job.id])
        return self.store.jobs.find(job.id)

    def rows(self, job: Job) -> list[int]:
        return [row["row"] for row in read(self.store.job_folder(job.id) / TEST)]


@pytest.fixture
def room(settings: Settings, tmp_path: Path) -> Iterator[Room]:
    room = Room(settings, tmp_path)
    yield room
    room.tasks.close()


def test_a_scorecard_from_its_start_to_another_metric(room: Room) -> None:
    slug = room.task()
    job = room.scores.start(OWNER, slug, ["tiny/zero-shot", "tiny/few-shot:2"], limit=8)
    assert (job.kind, job.total, job.state) == ("score", 16, JobState.QUEUED) and "8 rows, 2 contenders" in job.label
    room.tasks.delete(OWNER, slug)  # what was queued needs it no more
    done = room.run(job)
    assert done.state is JobState.DONE, done.cause
    card = room.scores.card(OWNER, job.id)
    assert (card.rows, [one.contender for one in card.contenders]) == (8, ["tiny/zero-shot", "tiny/few-shot:2"])
    assert len(room.scores.predictions(OWNER, job.id)) == 16
    again = room.scores.rescore(OWNER, job.id, ["rouge1", "bleu"])
    assert [one.metrics["rouge1"] for one in again] == [one.metrics["rouge1"] for one in card.contenders]
    assert [one.signatures["rouge1"] for one in again] == [room.scores.signatures(OWNER, job.id)["rouge1"]] * 2
    (one,) = room.scores.rescore(OWNER, job.id, ["accuracy"], "tiny/few-shot:2")
    assert one.metrics["accuracy"] == card.contenders[1].metrics["accuracy"]
    with pytest.raises(NotFound, match="Did you mean 'tiny/few-shot:2'"):
        room.scores.rescore(OWNER, job.id, ["accuracy"], "tiny/few-shot:3")
    assert shlex.split(room.scores.command(OWNER, job.id)) == ["promptune", "score", slug, "-c", "tiny/zero-shot", "-c", "tiny/few-shot:2", "--limit", "8"]
    assert room.scores.command(OWNER, job.id) in html.unescape(room.scores.report(OWNER, job.id))
    for read_it in (room.scores.card, room.scores.predictions, room.scores.signatures, room.scores.report, room.scores.command):
        with pytest.raises(NotFound):
            read_it("somebody else", job.id)


def test_everything_wrong_is_told_at_once(room: Room) -> None:
    slug = room.task()
    with pytest.raises(Problems) as caught:
        room.scores.start(OWNER, slug, ["tiny/zero-shot", "tiny/zero-shot", "tyni/cot", "tiny/few-shot:99"], limit=0, where="plaice=web")
    assert sorted(problem.field for problem in caught.value.problems) == ["contender 2", "contender 3", "contender 4", "limit", "where"]
    for words in ("given twice", "Did you mean 'tiny'", "12 train rows", "at least one", "Did you mean 'place'"):
        assert words in str(caught.value)
    assert room.store.jobs.list(OWNER) == []


def test_an_unknown_task_is_told_beside_what_is_misspelled(room: Room) -> None:
    room.task()
    with pytest.raises(Problems) as caught:
        room.scores.start(OWNER, "reviws", ["tiny", "tiny/few-shot:2"], limit=-1)
    assert [problem.field for problem in caught.value.problems] == ["task", "contender 1", "limit"] and "Did you mean 'reviews'" in str(caught.value)


def test_no_contender_is_no_scorecard(room: Room) -> None:
    with pytest.raises(Problems, match="contenders: 0 are given"):
        room.scores.start(OWNER, room.task(), [])


@pytest.mark.parametrize(("where", "count"), [("place=web", 20), ("stars=3", 8), ("sure=true", 30), ("text=test text 7", 1), ("label=bad", 10)])
def test_only_the_rows_that_are_meant(room: Room, where: str, count: int) -> None:
    job = room.scores.start(OWNER, room.task(), ["tiny/zero-shot"], where=where)
    assert len(room.rows(job)) == count == job.total


@pytest.mark.parametrize(
    ("where", "words"), [("place", "no column=value"), ("place=wep", "It has shop, web"), ("stars=3.0", "It has 0, 1, 2, 3, 4"), ("=x", "no column ''")]
)
def test_rows_that_nobody_has(room: Room, where: str, words: str) -> None:
    with pytest.raises(Problems, match=words):
        room.scores.start(OWNER, room.task(), ["tiny/zero-shot"], where=where)


def test_a_limit_takes_the_same_rows_for_everybody_and_every_time(room: Room) -> None:
    slug = room.task()
    first, second = (room.scores.start(OWNER, slug, [name], limit=12) for name in ("tiny/zero-shot", "tiny/cot"))
    assert room.rows(first) == room.rows(second) and len(room.rows(first)) == 12
    assert [example["completion"] for example in read(room.store.job_folder(first.id) / TEST)].count("bad") == 3


def test_a_task_without_test_rows_or_without_answers(room: Room) -> None:
    with pytest.raises(Problems, match="no test rows"):
        room.scores.start(OWNER, room.task(name="trained", rows={"train": REVIEWS["rows"]["train"]}), ["tiny/zero-shot"])  # type: ignore[index]
    with pytest.raises(Problems, match=r"nothing says what is right in test rows 1, 2, .* and 30 more"):
        room.scores.start(OWNER, room.task(name="asked", template="Is this good? {{ text }}", answer_choices="", answer_type="text"), ["tiny/zero-shot"])


def test_what_the_strategies_draw_from_is_frozen(room: Room) -> None:
    room.saved.save_prompt(OWNER, Parts(role="You sell shoes."), "seller")
    job = room.scores.start(OWNER, room.task(), ["tiny/instruct:seller", "tiny/few-shot:2"])
    material = material_of(room.store.job_folder(job.id))
    assert material.parts["seller"].role == "You sell shoes." and [shot.split for shot in material.shots] == ["train"] * 12


def test_a_job_that_is_no_scorecard_or_not_over_says_so(room: Room) -> None:
    batch = room.store.jobs.create(OWNER, kind="batch", label="x", spec={}, total=1)
    waiting = room.scores.start(OWNER, room.task(), ["tiny/zero-shot"], limit=1)
    for job, words in ((batch, "it is a batch"), (waiting, "not there yet: the job is queued")):
        with pytest.raises(UserError, match=words):
            room.scores.rescore(OWNER, job.id, ["accuracy"])


# ---- predictions of other programs ----


def test_the_published_summaries_score_what_was_published(tmp_path: Path) -> None:
    """BART on DialogSum, as its authors report it: 45.9 / 21.3 / 38.7."""
    theirs = [json.loads(line) for line in (data("metric_vectors") / "dialogsum_bart_baseline.jsonl").read_text(encoding="utf-8").splitlines()]
    file = tmp_path / "bart.jsonl"
    file.write_text("".join(json.dumps({"prediction": row["hypothesis"], "reference": row["summary1"]}) + "\n" for row in theirs), encoding="utf-8")
    (found,) = rescore_file(file, ["rouge1", "rouge2", "rougeL"])
    assert [100 * found.metrics[name].value for name in ("rouge1", "rouge2", "rougeL")] == pytest.approx([45.91, 21.32, 38.71], abs=0.06)


def test_unknown_metrics_are_told_before_a_file_is_read(tmp_path: Path) -> None:
    with pytest.raises(Problems, match="Did you mean 'rouge1'"):
        rescore_file(tmp_path / "none.jsonl", ["rouge1", "rogue1"])


def test_a_metric_that_is_unknown_makes_no_task(room: Room) -> None:
    with pytest.raises(Problems, match="Did you mean 'rouge1'"):
        room.task(metrics=["accuracy", "rogue1"])


def test_a_file_that_names_no_contender_says_so(tmp_path: Path) -> None:
    file = tmp_path / "theirs.jsonl"
    file.write_text('{"prediction": "a", "reference": "a"}\n')
    with pytest.raises(NotFound, match="leave -c out"):
        rescore_file(file, ["accuracy"], "tiny/cot")
