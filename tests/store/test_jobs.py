"""The job table is the truth: only legal moves, and of two who race exactly one wins."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from threading import Barrier

import pytest

from promptune.core.job import Job, JobState
from promptune.errors import NotFound, UserError
from promptune.store import Store

Start = Callable[..., "subprocess.Popen[str]"]

WAYS = {  # how a job comes to each state
    JobState.QUEUED: (),
    JobState.RUNNING: (JobState.RUNNING,),
    **{state: (JobState.RUNNING, state) for state in JobState if not state.active},
}


def new(store: Store, label: str = "nightly") -> Job:
    return store.jobs.create("ada", kind="batch", label=label, spec={"questions": ["é"], "limit": None}, total=8)


def at(store: Store, state: JobState) -> Job:
    job = new(store)
    for step in WAYS[state]:
        job = store.jobs.move(job.id, step)
    return job


def test_a_new_job_waits_with_all_it_needs(store: Store) -> None:
    job = new(store)
    assert (job.state, job.cause, job.spec, job.done, job.total) == (JobState.QUEUED, "", {"questions": ["é"], "limit": None}, 0, 8)
    assert (job.started, job.ended, job.cancelling) == (None, None, False)
    assert store.jobs.get("ada", job.id) == store.jobs.find(job.id) == job


@pytest.mark.parametrize(("old", "new"), list(product(JobState, repeat=2)))
def test_exactly_the_legal_moves_are_made(store: Store, old: JobState, new: JobState) -> None:
    job = at(store, old)
    if old.may_become(new):
        assert store.jobs.move(job.id, new).state is new
    else:
        with pytest.raises(UserError, match=f"is {old} and cannot become {new}"):
            store.jobs.move(job.id, new)
        assert store.jobs.find(job.id) == job


def test_times_and_causes_follow_the_state(store: Store) -> None:
    """A resumed job must not show the end and the cause of its first try."""
    job = at(store, JobState.RUNNING)
    assert job.started is not None
    assert job.ended is None
    store.jobs.progress(job.id, 3, "asking")
    assert (store.jobs.find(job.id).done, store.jobs.find(job.id).note) == (3, "asking")
    ended = store.jobs.move(job.id, JobState.KILLED, cause="signal 9")
    assert ended.ended is not None
    assert (ended.cause, ended.started, ended.note, ended.done) == ("signal 9", job.started, "", 3)
    again = store.jobs.resume("ada", job.id)
    assert (again.state, again.cause, again.started, again.ended, again.done) == (JobState.QUEUED, "", None, None, 3)


def test_of_many_threads_that_start_one_job_one_does(store: Store) -> None:
    """Two workers on one job would write into one folder."""
    job, together = new(store), Barrier(8)

    def start(_: int) -> bool:
        together.wait()
        try:
            store.jobs.move(job.id, JobState.RUNNING)
        except UserError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(start, range(8))) == 1


def test_of_two_processes_that_end_a_job_one_does(store: Store, home: Path, start: Start) -> None:
    """A job that was cancelled and done at once would be neither. The same five jobs, the same moment, two different ends."""
    script = """if True:
        import sys, pathlib
        from promptune.core.job import JobState
        from promptune.errors import UserError
        from promptune.store import Store
        store, mine = Store(pathlib.Path(sys.argv[1])), JobState(sys.argv[2])
        print("ready", flush=True)
        sys.stdin.readline()
        for id in sys.argv[3:]:
            try:
                print(store.jobs.move(id, mine).id)
            except UserError:
                pass
    """
    ids = [at(store, JobState.RUNNING).id for _ in range(5)]
    racers = {state: start(script, home, state, *ids) for state in (JobState.DONE, JobState.CANCELLED)}
    for racer in racers.values():
        assert racer.stdout.readline() == "ready\n"
    for racer in racers.values():
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = {state: racer.communicate()[0].split() for state, racer in racers.items()}
    assert sorted(won[JobState.DONE] + won[JobState.CANCELLED]) == sorted(ids)
    assert all(store.jobs.find(id).state is state for state in won for id in won[state])


def test_the_queue_is_oldest_first_and_the_list_newest_first(store: Store) -> None:
    first, second, third = (new(store, label) for label in "abc")
    assert [job.label for job in store.jobs.list("ada")] == ["c", "b", "a"]
    assert [job.label for job in store.jobs.list("ada", limit=1)] == ["c"]
    assert store.jobs.next_queued() == first
    running = store.jobs.move(first.id, JobState.RUNNING)
    assert store.jobs.running() == [running]
    assert store.jobs.next_queued() == second
    for job in (second, third):
        store.jobs.ask_cancel("ada", job.id)
    assert store.jobs.next_queued() is None


def test_cancelling_what_waits_is_done_at_once(store: Store) -> None:
    job = new(store)
    store.jobs.ask_cancel("ada", job.id)
    assert store.jobs.find(job.id).state is JobState.CANCELLED


def test_cancelling_what_runs_is_a_wish_until_it_ended(store: Store) -> None:
    job = at(store, JobState.RUNNING)
    store.jobs.ask_cancel("ada", job.id)
    store.jobs.ask_cancel("ada", job.id)  # a second click changes nothing
    assert (store.jobs.find(job.id).state, store.jobs.find(job.id).cancelling) == (JobState.RUNNING, True)
    assert store.jobs.move(job.id, JobState.CANCELLED).cancelling is False


def test_what_is_over_cannot_be_cancelled_and_what_is_done_cannot_be_resumed(store: Store) -> None:
    job = at(store, JobState.DONE)
    with pytest.raises(UserError, match="nothing to cancel"):
        store.jobs.ask_cancel("ada", job.id)
    with pytest.raises(UserError, match="nothing to resume"):
        store.jobs.resume("ada", job.id)


def test_late_progress_does_not_change_a_job_that_ended(store: Store) -> None:
    """A worker's last line may be read after it was found dead."""
    job = at(store, JobState.KILLED)
    store.jobs.progress(job.id, 7, "asking")
    assert store.jobs.find(job.id) == job


def test_a_job_is_deleted_with_its_folder_but_not_while_it_is_active(store: Store) -> None:
    job = at(store, JobState.RUNNING)
    folder = store.job_folder(job.id)
    (folder / "result").mkdir(parents=True)
    with pytest.raises(UserError, match="Cancel it first"):
        store.jobs.delete("ada", job.id)
    assert folder.is_dir()
    store.jobs.move(job.id, JobState.DONE)
    store.jobs.delete("ada", job.id)
    assert list(folder.parent.iterdir()) == []
    with pytest.raises(NotFound):
        store.jobs.find(job.id)


@pytest.mark.parametrize("id", ["", "..", "../../etc", "/etc", "a" * 300, "0" * 11, "0" * 12 + "\n", "0" * 11 + "\0"])
def test_only_an_id_of_ours_has_a_folder(store: Store, id: str) -> None:
    """An id comes from outside too: it must not lead out of the data folder."""
    with pytest.raises(NotFound):
        store.job_folder(id)
