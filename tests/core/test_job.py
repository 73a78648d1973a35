"""The states of a job: what the store may write and what a person may ask for rest on these transitions."""

from __future__ import annotations

import itertools

from promptune.core.job import JobState

ENDED = set(JobState) - {JobState.QUEUED, JobState.RUNNING}


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
