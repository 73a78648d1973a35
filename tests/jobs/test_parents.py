"""A job with children, with real worker processes: each child as any job, then the parent, whatever became of them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from promptune.core.job import Job, JobState
from promptune.errors import Busy
from promptune.jobs import scheduler as queue
from promptune.jobs.folder import PROGRESS
from promptune.jobs.scheduler import Scheduler
from promptune.settings import Settings
from promptune.store import Store
from tests.jobs.families import family
from tests.jobs.samples import ENDLESS, OWNER, rows, until, worker

DONE, CANCELLED, INTERRUPTED = JobState.DONE, JobState.CANCELLED, JobState.INTERRUPTED


def states(store: Store, jobs: Sequence[Job]) -> list[JobState]:
    return [store.jobs.find(job.id).state for job in jobs]


def test_the_children_run_in_order_then_their_parent_then_the_next_in_the_queue(store: Store, settings: Settings) -> None:
    ran: list[str] = []
    scheduler = Scheduler(store, settings, before_start=lambda job: ran.append(job.id))
    parent, children = family(store, settings, ["one", "two"], ["three"])
    after, _ = family(store, settings)
    scheduler.start()
    until(lambda: not store.jobs.find(after.id).state.active)
    scheduler.close()
    assert ran == [*(child.id for child in children), parent.id, after.id]
    assert states(store, [parent, *children, after]) == [DONE] * 4
    ended = store.jobs.find(parent.id)
    assert (ended.done, ended.total) == (4, 4), "three answers of its children and one of its own"


def test_a_child_that_ends_badly_keeps_nobody_from_running(store: Store, settings: Settings, scheduler: Scheduler) -> None:
    """What can be made of the rest is for the parent to say."""
    parent, children = family(store, settings, ["[oom] one"], ["[die] two"], ["three"])
    scheduler.run_until([parent.id])
    assert states(store, [*children, parent]) == [JobState.OUT_OF_MEMORY, JobState.KILLED, DONE, DONE]


def test_a_cancelled_child_is_skipped_whether_it_runs_or_waits(store: Store, settings: Settings, scheduler: Scheduler) -> None:
    parent, children = family(store, settings, ENDLESS, ["two"], ["three"])
    store.jobs.ask_cancel(OWNER, children[1].id)
    scheduler.start()
    until(lambda: worker(store, children[0]))
    assert store.jobs.find(parent.id).note.startswith("1 of 3: a child")
    store.jobs.ask_cancel(OWNER, children[0].id)
    until(lambda: not store.jobs.find(parent.id).state.active)
    assert states(store, [*children, parent]) == [CANCELLED, CANCELLED, DONE, DONE]
    assert not store.job_folder(children[1].id).exists()


def test_a_cancelled_parent_takes_all_with_it_and_never_starts(store: Store, settings: Settings, scheduler: Scheduler) -> None:
    parent, children = family(store, settings, ["one"], ["two", *ENDLESS], ["three"])
    scheduler.start()
    until(lambda: rows(store, children[1]))
    store.jobs.ask_cancel(OWNER, parent.id)
    until(lambda: not store.jobs.find(parent.id).state.active)
    assert states(store, [*children, parent]) == [DONE, CANCELLED, CANCELLED, CANCELLED]
    assert not (store.job_folder(parent.id) / PROGRESS).exists() and not (store.job_folder(children[2].id) / PROGRESS).exists()
    assert len(rows(store, children[1])) == 1, "what there is is kept"


def test_a_cancelled_parent_whose_children_are_over_ends_its_own_worker(store: Store, settings: Settings, scheduler: Scheduler) -> None:
    parent, children = family(store, settings, ["one"], own=ENDLESS)
    scheduler.start()
    until(lambda: worker(store, parent))
    store.jobs.ask_cancel(OWNER, parent.id)
    until(lambda: not store.jobs.find(parent.id).state.active)
    assert states(store, [*children, parent]) == [DONE, CANCELLED]


def test_a_server_that_closes_interrupts_both_and_what_is_done_is_not_done_again(store: Store, settings: Settings, scheduler: Scheduler) -> None:
    parent, children = family(store, settings, ["one"], ["two", "[delay=0.3] three"], ["four"])
    scheduler.start()
    until(lambda: worker(store, children[1]))
    scheduler.close()
    assert states(store, [*children, parent]) == [DONE, INTERRUPTED, JobState.QUEUED, INTERRUPTED]
    first = store.jobs.find(children[0].id)
    store.jobs.resume(OWNER, parent.id)
    scheduler.run_until([parent.id])
    assert states(store, [*children, parent]) == [DONE] * 4 and store.jobs.find(children[0].id) == first
    assert store.jobs.find(parent.id).done == 5


def test_a_child_that_ended_badly_has_another_try_when_its_parent_is_resumed(store: Store, settings: Settings, scheduler: Scheduler) -> None:
    parent, children = family(store, settings, ["[die] one"], ["two"], own=["[oom] three"])
    scheduler.run_until([parent.id])
    second = store.jobs.find(children[1].id)
    assert states(store, [*children, parent]) == [JobState.KILLED, DONE, JobState.OUT_OF_MEMORY]
    before = store.jobs.find(children[0].id).ended
    store.jobs.resume(OWNER, parent.id)
    scheduler.run_until([parent.id])
    assert store.jobs.find(children[0].id).ended != before and store.jobs.find(children[1].id) == second


def test_a_command_that_is_given_a_child_does_not_run_it_before_its_turn(store: Store, settings: Settings) -> None:
    ran: list[str] = []
    parent, [first, second] = family(store, settings, ["one"], ["two"])
    Scheduler(store, settings, before_start=lambda job: ran.append(job.id)).run_until([second.id, parent.id])
    assert ran == [first.id, second.id, parent.id]


def test_a_database_that_is_busy_for_a_moment_costs_no_child_its_turn(
    store: Store, settings: Settings, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be written now is written later: a duel of an hour must not break off for a lock of seconds."""
    monkeypatch.setattr(queue, "AFTER_TROUBLE", 0.01)
    parent, children = family(store, settings, ["one"], ["two"])
    move, refused = store.jobs.move, set[tuple[str, JobState]]()

    def busy(id: str, new: JobState, *, cause: str = "") -> Job:
        if (id, new) not in refused:
            refused.add((id, new))
            raise Busy("somebody else writes.")
        return move(id, new, cause=cause)

    monkeypatch.setattr(store.jobs, "move", busy)
    scheduler.run_until([parent.id])
    assert states(store, [*children, parent]) == [DONE] * 3 and len(refused) == 6
