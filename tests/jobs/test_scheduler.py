"""The queue with real worker processes: what a person sees of a job from queued to its end."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from promptune.core.job import Job, JobState
from promptune.errors import UserError
from promptune.jobs import backend, batch
from promptune.jobs.backend import LocalProcess
from promptune.jobs.folder import LOG
from promptune.jobs.scheduler import LOCK, Scheduler, reconcile
from promptune.settings import Settings
from promptune.store import Lock, Store
from tests.jobs.samples import ENDLESS, OWNER, QUESTIONS, queue, rows, timeless, undisturbed, until, worker


def state(store: Store, job: Job) -> JobState:
    return store.jobs.find(job.id).state


def held(settings: Settings) -> bool:
    """Whether somebody runs the queue."""
    return Lock(settings.home / LOCK).holder() is not None


def test_jobs_run_in_turn_to_their_ends(store: Store, settings: Settings, scheduler: Scheduler) -> None:
    """A job that fails, by name, is no reason for the next not to run."""
    jobs = [queue(store, settings, questions) for questions in (["one", "two"], ["[oom] three"], ["[die] four"], ["five"])]
    scheduler.start()
    until(lambda: not any(state(store, job).active for job in jobs))
    assert [state(store, job) for job in jobs] == [JobState.DONE, JobState.OUT_OF_MEMORY, JobState.KILLED, JobState.DONE]
    done, oom, killed, last = (store.jobs.find(job.id) for job in jobs)
    assert (done.done, done.total, done.cause) == (2, 2, "") and "out of memory" in oom.cause and "signal 9" in killed.cause
    assert done.ended is not None and last.started is not None and done.ended <= last.started
    assert batch.read_result(done, store.job_folder(done.id)).complete
    assert not batch.read_result(oom, store.job_folder(oom.id)).complete


def test_a_cancelled_job_ends_soon_and_keeps_what_it_has(store: Store, settings: Settings, scheduler: Scheduler) -> None:
    job = queue(store, settings, ["one", *ENDLESS])
    scheduler.start()
    until(lambda: rows(store, job))
    store.jobs.ask_cancel(OWNER, job.id)
    until(lambda: not state(store, job).active, seconds=20)  # the whole answer takes 100
    ended = store.jobs.find(job.id)
    assert ended.state is JobState.CANCELLED and not ended.cancelling and worker(store, job) is None
    result = batch.read_result(ended, store.job_folder(job.id))
    assert not result.complete and [row["question"] for row in result.answers] == [0]
    assert not list(store.job_folder(job.id).glob("*result")), "half a result is no result"


def test_a_server_that_closes_interrupts_its_job_and_the_next_one_resumes_it(store: Store, settings: Settings, scheduler: Scheduler, tmp_path: Path) -> None:
    job = queue(store, settings, QUESTIONS)
    scheduler.start()
    until(lambda: len(rows(store, job)) >= 16)
    scheduler.close()
    assert state(store, job) is JobState.INTERRUPTED and worker(store, job) is None and not held(settings)
    store.jobs.resume(OWNER, job.id)
    scheduler.run_until([job.id])
    assert state(store, job) is JobState.DONE
    assert timeless(batch.read_result(job, store.job_folder(job.id)).answers) == undisturbed(job, tmp_path)


def test_a_command_runs_its_own_jobs_and_no_other(store: Store, settings: Settings, scheduler: Scheduler) -> None:
    """It goes home when its jobs are over: whatever else it ran just then would be interrupted."""
    first, mine, later, also_mine = (queue(store, settings, [text]) for text in ("one", "two", "three", "four"))
    scheduler.run_until([mine.id, also_mine.id])
    states = [state(store, job) for job in (first, mine, later, also_mine)]
    assert states == [JobState.QUEUED, JobState.DONE, JobState.QUEUED, JobState.DONE] and not held(settings)


def test_a_command_whose_job_is_cancelled_harms_no_older_one(store: Store, settings: Settings, scheduler: Scheduler) -> None:
    older, mine = queue(store, settings, ["one"]), queue(store, settings, ENDLESS)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(scheduler.run_until, [mine.id])
        until(lambda: worker(store, mine))
        store.jobs.ask_cancel(OWNER, mine.id)
        waiting.result(30)
    assert (state(store, older), state(store, mine)) == (JobState.QUEUED, JobState.CANCELLED)


def test_a_command_watches_while_a_server_runs_the_queue(store: Store, settings: Settings, scheduler: Scheduler) -> None:
    """In the server's order: the command overtakes nobody."""
    started: list[str] = []
    server = Scheduler(store, settings, before_start=lambda job: started.append(job.id))
    server.start()
    until(lambda: held(settings))
    older, mine = queue(store, settings, ["one"]), queue(store, settings, ["two"])
    scheduler.run_until([mine.id])
    assert started == [older.id, mine.id] and held(settings)
    server.close()


def test_what_goes_wrong_before_the_worker_starts_ends_the_job_and_not_the_queue(store: Store, settings: Settings) -> None:
    def refuse(job: Job) -> None:
        if job.id == bad.id:
            raise UserError("no room for it.", todo="Use a smaller model.")

    scheduler = Scheduler(store, settings, before_start=refuse)
    bad, good = queue(store, settings, ["one"]), queue(store, settings, ["two"])
    scheduler.run_until([bad.id, good.id])
    assert state(store, bad) is JobState.FAILED and "smaller model" in store.jobs.find(bad.id).cause
    assert state(store, good) is JobState.DONE


def test_a_kind_that_nobody_knows_fails_by_that_name(store: Store, settings: Settings, scheduler: Scheduler) -> None:
    job = store.jobs.create(OWNER, kind="btach", label="x", spec={"kind": "btach"}, total=1)
    scheduler.run_until([job.id])
    assert state(store, job) is JobState.FAILED and "Did you mean 'batch'" in store.jobs.find(job.id).cause


def test_reconcile_leaves_a_job_alone_that_somebody_runs(store: Store, settings: Settings, scheduler: Scheduler) -> None:
    job = queue(store, settings, ENDLESS)
    scheduler.start()
    until(lambda: worker(store, job))
    reconcile(store)
    assert state(store, job) is JobState.RUNNING


@pytest.mark.parametrize("times", [1, 2])
def test_closing_is_safe_at_any_time(scheduler: Scheduler, times: int) -> None:
    for _ in range(times):
        scheduler.close()


def test_a_worker_stands_back_behind_a_chat_on_the_same_cores(store: Store, settings: Settings, scheduler: Scheduler) -> None:
    job = queue(store, settings, ENDLESS)
    scheduler.start()
    until(lambda: worker(store, job))
    assert psutil.Process(worker(store, job)).nice() == min(psutil.Process().nice() + backend.NICER, 19)


# It hears `cancel` and then writes for a while, as one does that keeps a last checkpoint.
SLOW = (
    "import sys, time; print('ready', flush=True); sys.stdin.readline(); print('heard', flush=True); time.sleep(float(sys.argv[1])); print('kept', flush=True)"
)


def slow(folder: Path, monkeypatch: pytest.MonkeyPatch, seconds: float) -> LocalProcess:
    monkeypatch.setattr("promptune.children.argv", lambda *_: [sys.executable, "-c", SLOW, str(seconds)])
    process = LocalProcess(folder)
    until(lambda: "ready" in (folder / LOG).read_text())
    return process


def test_a_worker_that_is_cancelled_has_time_to_write_down_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "GRACE", 0.0)
    assert slow(tmp_path, monkeypatch, 0.5).cancel(hurry=threading.Event()) == 0
    assert "kept" in (tmp_path / LOG).read_text()


@pytest.mark.parametrize("hurried", [False, True])
def test_but_not_for_ever_and_not_while_the_server_closes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hurried: bool) -> None:
    """Ctrl-C must not wait for a worker that does not listen."""
    hurry, process = threading.Event(), slow(tmp_path, monkeypatch, 600)
    if hurried:
        threading.Timer(0.2, hurry.set).start()
    else:
        monkeypatch.setattr(backend, "POLITE", 0.2)
    began = time.monotonic()
    assert process.cancel(hurry) < 0
    assert time.monotonic() - began < 15
