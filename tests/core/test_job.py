"""The states of a job: what the store may write and what a person may ask for rest on these transitions."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from promptune.core.job import Job, JobState, left

ENDED = set(JobState) - {JobState.QUEUED, JobState.RUNNING}
RUNNING = Job("ab", "local", "batch", "x", JobState.RUNNING, "", {}, 40, 100, "", 0.0, 1000.0, None, False)


def test_the_whole_table_of_transitions() -> None:
    """Written out, so that a new state or a looser rule is a decision, not an accident."""
    allowed = {(JobState.QUEUED, JobState.RUNNING), (JobState.QUEUED, JobState.CANCELLED)}
    allowed |= {(JobState.RUNNING, ended) for ended in ENDED}
    allowed |= {(ended, JobState.QUEUED) for ended in ENDED - {JobState.DONE}}
    assert {(old, new) for old, new in itertools.product(JobState, repeat=2) if old.may_become(new)} == allowed


def test_done_is_final() -> None:
    """A finished result is never run over again."""
    assert not any(JobState.DONE.may_become(new) for new in JobState)
    assert not JobState.DONE.resumable


def test_a_job_is_active_or_over_and_resumable_only_when_over() -> None:
    assert {state for state in JobState if state.active} == {JobState.QUEUED, JobState.RUNNING}
    assert {state for state in JobState if state.resumable} == ENDED - {JobState.DONE}


def test_every_end_leads_back_to_the_queue_or_nowhere() -> None:
    """Nothing can be stuck: from every state the queue or `done` can be reached."""
    for state in JobState:
        assert state.active or state is JobState.DONE or state.may_become(JobState.QUEUED)


@pytest.mark.parametrize(
    ("change", "seconds"),
    [
        ({}, 30.0),
        ({"begun": 20}, 60.0),  # those 20 were done before it was resumed, and say nothing of the pace
        ({"begun": 40}, None),
        ({"done": 0}, None),
        ({"done": 100}, 0.0),
        ({"done": 130}, 0.0),
        ({"state": JobState.QUEUED, "started": None}, None),
        ({"state": JobState.INTERRUPTED}, None),
    ],
)
def test_the_time_left_is_at_the_pace_since_it_started_and_unknown_before_there_is_one(change: dict[str, object], seconds: float | None) -> None:
    """20 seconds in: no number is better than one that a resumed job makes up."""
    assert left(replace(RUNNING, **change), 1020.0) == seconds


def test_a_clock_that_went_back_makes_no_negative_time() -> None:
    assert left(RUNNING, 900.0) == 0.0
