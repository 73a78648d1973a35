"""kill -9 on the worker and on whoever runs the queue: named ends, no orphan, nothing lost, no stranger harmed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from promptune import children
from promptune.core.job import Job, JobState
from promptune.jobs import batch, leftovers
from promptune.jobs.ends import end_of
from promptune.jobs.folder import DISK_IS_FULL, LOCK, PROGRESS, SPEC
from promptune.jobs.progress import Follower
from promptune.jobs.scheduler import Scheduler, reconcile
from promptune.settings import Settings
from promptune.store import Lock, Store
from tests.jobs.families import family
from tests.jobs.samples import ENDLESS, OWNER, QUESTIONS, queue, rows, run, server, timeless, undisturbed, until, worker


@pytest.fixture
def store(settings: Settings) -> Store:
    return Store(settings.home)


def gone(pid: int) -> Callable[[], bool]:
    return lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def finished_like_undisturbed(store: Store, settings: Settings, job: Job, place: Path) -> bool:
    store.jobs.resume(OWNER, job.id)
    Scheduler(store, settings, before_start=lambda job: None).run_until([job.id])
    result = batch.read_result(job, store.job_folder(job.id))
    return result.complete and timeless(result.answers) == undisturbed(job, place)


def test_a_killed_worker_is_named_and_its_job_goes_on_as_if_nothing_had_been(store: Store, settings: Settings, tmp_path: Path) -> None:
    job = queue(store, settings, QUESTIONS)
    with server(settings.home, tmp_path / "log"):
        until(lambda: len(rows(store, job)) >= 16)
        pid = worker(store, job)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until(lambda: store.jobs.find(job.id).state is JobState.KILLED, seconds=10)
        killed = store.jobs.find(job.id)
        assert "signal 9, SIGKILL" in killed.cause and killed.done == 16
        assert not batch.read_result(killed, store.job_folder(job.id)).complete
    assert finished_like_undisturbed(store, settings, job, tmp_path)


@pytest.mark.parametrize("blocks", [1, 16])
def test_a_full_disk_is_named_and_costs_no_answer(store: Store, settings: Settings, tmp_path: Path, blocks: int) -> None:
    """Also where it is so full that the worker cannot write down why it ends."""
    job = queue(store, settings, [f"[tokens=400] question {i}" for i in range(12)])
    folder = store.job_folder(job.id)
    folder.mkdir(parents=True)
    (folder / SPEC).write_text(json.dumps(job.spec))
    (folder / PROGRESS).write_text(" " * 250 + "\n")  # room for the first steps, not for a last word
    follower = Follower(folder)
    limited = ["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", *children.argv("promptune.jobs.worker", str(folder))]  # blocks of 512 bytes
    with subprocess.Popen(limited, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env=children.environment()) as process:
        code = process.wait(60)
    assert follower.news() is not None
    assert (code == DISK_IS_FULL) == (follower.last_word is None) == (blocks == 1)
    assert end_of(code, follower.last_word, None).state is JobState.DISK_FULL
    assert (len(rows(store, job)) == 0) == (blocks == 1)
    run(folder, job.spec)
    assert timeless(batch.read_result(job, folder).answers) == undisturbed(job, tmp_path)


def test_no_worker_outlives_a_killed_scheduler(store: Store, settings: Settings, tmp_path: Path) -> None:
    job = queue(store, settings, QUESTIONS)
    with server(settings.home, tmp_path / "log") as process:
        until(lambda: len(rows(store, job)) >= 16)
        pid = worker(store, job)
        assert pid is not None
        process.kill()
        until(gone(pid))
    assert len(rows(store, job)) == 16, "it ended in the middle of its work, not behind it"
    assert store.jobs.find(job.id).state is JobState.RUNNING, "nobody was left to say otherwise"
    reconcile(store)
    assert store.jobs.find(job.id).state is JobState.INTERRUPTED
    assert finished_like_undisturbed(store, settings, job, tmp_path)


def test_a_worker_killed_with_its_scheduler_before_it_began_leaves_nothing_running(store: Store, settings: Settings) -> None:
    """Between the row that says `running` and the worker's first breath."""
    job = queue(store, settings, ["one"])
    store.jobs.move(job.id, JobState.RUNNING)
    reconcile(store)
    assert store.jobs.find(job.id).state is JobState.INTERRUPTED


def test_of_two_schedulers_one_runs_and_the_other_takes_over(store: Store, settings: Settings, tmp_path: Path) -> None:
    job = queue(store, settings, ENDLESS)
    with server(settings.home, tmp_path / "one.log") as first:
        until(lambda: worker(store, job))
        pid = worker(store, job)
        assert pid is not None
        with server(settings.home, tmp_path / "two.log"):
            until(lambda: f"process {first.pid}" in (tmp_path / "two.log").read_text())
            assert worker(store, job) == pid and store.jobs.find(job.id).state is JobState.RUNNING
            first.kill()
            until(lambda: store.jobs.find(job.id).state is JobState.INTERRUPTED)
            assert gone(pid)(), "the new one begins only when the old worker is gone"
            after = queue(store, settings, ["one"])
            until(lambda: store.jobs.find(after.id).state is JobState.DONE)
            assert "took over the queue" in (tmp_path / "two.log").read_text()


def test_a_worker_that_hangs_is_ended_by_whoever_comes_next(store: Store, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stopped process cannot see that its pipe closed."""
    monkeypatch.setattr(leftovers, "PATIENCE", 0.5)
    job = queue(store, settings, ENDLESS)
    with server(settings.home, tmp_path / "log") as process:
        until(lambda: worker(store, job))
        pid = worker(store, job)
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        process.kill()
        process.wait()
    reconcile(store)
    assert store.jobs.find(job.id).state is JobState.INTERRUPTED
    until(gone(pid))


def test_a_stranger_that_got_the_workers_number_is_not_killed(store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock's file names a process that lives and is no worker, whether or not somebody holds the lock."""
    monkeypatch.setattr(leftovers, "PATIENCE", 0.1)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        for held in (False, True):
            job = queue(store, settings, ["one"])
            store.jobs.move(job.id, JobState.RUNNING)
            path = store.job_folder(job.id) / LOCK
            lock = Lock(path)
            path.parent.mkdir(parents=True)
            assert not held or lock.acquire({})
            path.write_text(json.dumps({"pid": stranger.pid, "born": "another time"}))
            reconcile(store)
            lock.release()
            assert store.jobs.find(job.id).state is JobState.INTERRUPTED
            assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("when", ["its first child runs", "its second child runs", "its own worker runs"])
def test_a_parent_whose_scheduler_is_killed_is_interrupted_with_its_child_and_repeats_nothing(
    store: Store, settings: Settings, tmp_path: Path, when: str
) -> None:
    """kill -9 wherever it is: both are named, nothing stays `running`, and what was done stays done."""
    parent, children = family(store, settings, ["one", *QUESTIONS[16:20]], ["two", *QUESTIONS[16:20]], own=["three", *QUESTIONS[16:20]])
    order = [*children, parent]
    number = ["its first child runs", "its second child runs", "its own worker runs"].index(when)
    with server(settings.home, tmp_path / "log") as process:
        until(lambda: worker(store, order[number]))
        pid = worker(store, order[number])
        assert pid is not None
        process.kill()
        until(gone(pid))
    assert {job.id for job in store.jobs.running()} == {order[number].id, parent.id}
    reconcile(store)
    done = [store.jobs.find(job.id) for job in order[:number]]
    assert all(job.state is JobState.DONE for job in done) and not store.jobs.running()
    assert {store.jobs.find(job.id).state for job in (order[number], parent)} == {JobState.INTERRUPTED}
    store.jobs.resume(OWNER, parent.id)
    Scheduler(store, settings, before_start=lambda job: None).run_until([parent.id])
    assert [store.jobs.find(job.id).state for job in order] == [JobState.DONE] * 3
    assert [store.jobs.find(job.id) for job in order[:number]] == done, "not run again"
    for job in order:
        assert timeless(batch.read_result(job, store.job_folder(job.id)).answers) == undisturbed(job, tmp_path)
