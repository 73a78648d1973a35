"""A duel, a scorecard and a run as HTML: what was written stays text, and what goes on is said."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from promptune.core.job import Job, JobState
from promptune.lab import RunInfo
from promptune.web import estimate, present_duel, present_score, present_tune
from tests.markup.samples import card

EVIL = """<img src=x onerror=alert(1)> {{7*7}} ${1+1} <script>alert(2)</script> "quoted' """
NOW = 1e9 + 75


def job(kind: str = "duel", state: JobState = JobState.RUNNING, text: str = "word", **more: Any) -> Job:
    spec = {"title": text, "task": text, "model": text, "run": text, "recipe": {"name": text}, "contenders": [{"spelling": "tiny/few-shot:6"}]}
    made = Job("0" * 12, "local", kind, text, state, text, spec, 5, 10, text, 1e9, 1e9, None if state.active else NOW, False)
    return replace(made, **more)


def steps(text: str = "word") -> list[Job]:
    return [job("score", JobState.DONE, text), job("tune", JobState.RUNNING, text), job("tune", JobState.QUEUED, text)]


def run(text: str) -> RunInfo:
    return RunInfo(text, text, "0" * 12, JobState.DONE, text, text, text, text, text, True, 10, 1e9, None)


def checks(text: str) -> list[dict[str, Any]]:
    said = [{"question": text, "answer": text, "wanted": text, "right": right} for right in (True, False)]
    return [{"step": 1, "loss": 1.0, "score": 0.5, "said": said}]


def everything(text: str) -> list[str]:
    failed = job("duel", JobState.FAILED, text)
    return [
        present_duel.going(job(text=text), NOW),
        present_duel.head(job(text=text), 18),
        present_duel.progress(job(text=text), steps(text), 1, NOW),
        present_duel.progress(failed, [failed, job("tune", JobState.KILLED, text)], 0, NOW),
        present_score.whole(card(), over=True),
        present_score.whole(card(), over=False),
        present_score.training(job("tune", text=text), [], checks(text)),
        present_score.links(job(text=text), made=True, rows=True),
        present_tune.head(run(text)),
        present_tune.going(job("tune", text=text), [], checks(text)),
        present_tune.result(card(), None, 10),
    ]


def test_nothing_that_was_written_becomes_markup() -> None:
    """gr.HTML does not sanitise: this is the only wall."""
    for markup in everything(EVIL):
        assert "<img" not in markup and "<script" not in markup
        assert not re.search(r"""=\s*["'][^"']*"quoted""", markup)


def test_a_duel_that_runs_says_what_is_tried_now() -> None:
    told = present_duel.progress(job(), steps(), 0, NOW)
    assert told.count("<li") == 4 and told.count('aria-current="step"') == 1  # two kinds of tuning, prompting, the verdict
    assert told.index('class="done"') < told.index('class="now"') < told.index('class="wait"')
    assert "few-shot 6" in told and "1\N{NO-BREAK SPACE}min 15\N{NO-BREAK SPACE}s left" in told and 'aria-valuenow="5"' in told


def test_a_duel_that_went_well_says_no_more_of_it() -> None:
    assert present_duel.progress(job(state=JobState.DONE), steps(), 0, NOW) == ""


def test_a_duel_that_ended_ill_names_its_cause_and_what_is_left() -> None:
    told = present_duel.progress(job(state=JobState.OUT_OF_MEMORY, cause="too little memory."), steps(), 0, NOW)
    assert "out of memory" in told and 'role="alert"' in told and "Too little memory." in told and "is kept" in told


def test_the_verdict_stands_first_and_only_once_all_is_scored() -> None:
    over, before = present_score.whole(card(), over=True), present_score.whole(card(), over=False)
    assert over.index("Tune it, gently.") < over.index("Standings") < over.index("Quality against cost")
    assert "Tune it, gently." not in before and "so far" in before and "pill" not in before  # nobody is best yet


def test_the_list_tells_the_task_the_kind_and_the_state() -> None:
    first, second = present_duel.row(job(label="Reviews: sentiment: prompt it or tune it?")).splitlines()
    assert first == "Reviews: sentiment" and second.startswith("Duel · ") and second.endswith("running")


@pytest.mark.parametrize(
    ("seconds", "words"), [(20, "less than a minute"), (80, "about 1 minute"), (121, "about 2 minutes"), (7300, "about 2 hours"), (9e6, "days")]
)
def test_an_estimate_is_no_more_exact_than_it_can_be(seconds: float, words: str) -> None:
    assert estimate.rounded(seconds) == words


def test_the_estimate_grows_with_rows_and_model_and_shrinks_with_cores() -> None:
    """On the bundled model and reviews it says about two minutes on two cores."""
    reviews = estimate.stated(1700, estimate.SIZE, 2)
    assert estimate.rounded(reviews) == "about 2 minutes"
    assert estimate.stated(3400, estimate.SIZE, 2) > reviews < estimate.stated(1700, 10 * estimate.SIZE, 2)
    assert estimate.stated(1700, estimate.SIZE, 8) < reviews == estimate.stated(1700, 1, 2)


def test_what_a_duel_took_is_believed_before_any_estimate() -> None:
    """But for one that was resumed, which tells of its last part alone, and for another task."""
    done = job(state=JobState.DONE)
    assert estimate.measured([job(), replace(done, begun=3), done], "word", "word") == 75
    assert estimate.measured([done], "other", "word") is None
    assert "about 1 minute" in present_duel.how_long(500, 75) and present_duel.how_long(None, None) == ""
