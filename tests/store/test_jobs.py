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
from promptune.store.jobs import NewJob
from promptune.store.rows import new_id

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


# ---- families ----


def family(store: Store, *labels: str) -> tuple[Job, list[Job]]:
    children = [NewJob("score", label, {}, 10, {"rows": label}) for label in labels]
    return store.jobs.create_family("ada", NewJob("duel", "the duel", {"of": [child.id for child in children]}, 10 * len(labels) + 1), children)


def test_a_family_comes_to_be_at_once_and_its_specs_may_name_each_other(store: Store) -> None:
    first, second, head = NewJob("tune", "a", {}, 10, {"rows": "1"}), NewJob("score", "b", {}, 10), new_id()
    parent, children = store.jobs.create_family("ada", NewJob("duel", "d", {"of": [first.id, second.id]}, 21, id=head), [first, second])
    assert (parent.id, parent.parent, parent.spec) == (head, "", {"of": [child.id for child in children]})
    assert store.jobs.children(head) == children and [child.parent for child in children] == [head, head]
    assert (store.job_folder(first.id) / "rows").read_text() == "1"
    assert store.jobs.children(first.id) == []


def test_of_a_family_that_cannot_be_written_whole_nothing_is_there(store: Store) -> None:
    taken = new(store)
    with pytest.raises(Exception, match="UNIQUE"):
        store.jobs.create_family("ada", NewJob("duel", "d", {}, 2), [NewJob("score", "a", {}, 1), NewJob("score", "b", {}, 1, id=taken.id)])
    assert store.jobs.list("ada", top=False) == [taken]


def test_children_are_their_parents_in_lists_and_in_the_queue(store: Store) -> None:
    parent, children = family(store, "a", "b")
    alone = new(store)
    assert store.jobs.list("ada") == [alone, parent]
    assert store.jobs.list("ada", top=False) == [alone, *reversed(children), parent]
    assert store.jobs.list("ada", kind="score") == [] and store.jobs.list("ada", kind="batch") == [alone]
    store.jobs.move(parent.id, JobState.RUNNING)
    assert store.jobs.next_queued() == alone, "a child waits for its parent's turn, not for its own"


def test_the_position_counts_what_is_really_before_it(store: Store) -> None:
    first, (parent, children), last = new(store), family(store, "a", "b"), new(store)
    assert [store.jobs.position(job.id) for job in (first, parent, *children, last)] == [0, 1, 1, 1, 2]
    store.jobs.move(last.id, JobState.RUNNING)  # a command runs its own
    assert [store.jobs.position(job.id) for job in (first, parent, last)] == [1, 2, 0]
    store.jobs.move(last.id, JobState.DONE)
    store.jobs.ask_cancel("ada", first.id)
    assert [store.jobs.position(job.id) for job in (first, parent, last)] == [0, 0, 0]


def test_a_parent_tells_what_its_children_do_and_adds_what_it_does_itself(store: Store) -> None:
    parent, (a, b) = family(store, "a", "b")
    told = []

    def now(what: object) -> None:
        head = store.jobs.find(parent.id)
        told.append((head.done, head.note))

    now(store.jobs.move(parent.id, JobState.RUNNING))
    now(store.jobs.move(a.id, JobState.RUNNING))
    now(store.jobs.progress(a.id, 10, "asking"))
    store.jobs.move(a.id, JobState.DONE)
    now(store.jobs.move(b.id, JobState.RUNNING))
    now(store.jobs.progress(b.id, 4, "asking"))
    store.jobs.move(b.id, JobState.FAILED)
    now(store.jobs.progress(parent.id, 1, "judging"))
    assert told == [(0, ""), (0, "1 of 2: a"), (10, "1 of 2: a · asking"), (10, "2 of 2: b"), (14, "2 of 2: b · asking"), (15, "judging")]


def test_what_was_done_before_a_resumption_does_not_count_for_the_pace(store: Store) -> None:
    job = at(store, JobState.RUNNING)
    store.jobs.progress(job.id, 5, "")
    store.jobs.move(job.id, JobState.INTERRUPTED)
    store.jobs.resume("ada", job.id)
    assert store.jobs.move(job.id, JobState.RUNNING).begun == 5
    store.jobs.progress(job.id, 3, "")
    assert store.jobs.find(job.id).begun == 3, "its last checkpoint was earlier"


def test_cancelling_a_parent_that_waits_cancels_all_and_resuming_brings_them_all_back(store: Store) -> None:
    parent, children = family(store, "a", "b")
    store.jobs.ask_cancel("ada", parent.id)
    assert {store.jobs.find(job.id).state for job in (parent, *children)} == {JobState.CANCELLED}
    store.jobs.resume("ada", parent.id)
    assert {store.jobs.find(job.id).state for job in (parent, *children)} == {JobState.QUEUED}


def test_cancelling_a_parent_that_runs_reaches_each_child_as_it_is(store: Store) -> None:
    parent, (a, b, c) = family(store, "a", "b", "c")
    for job, state in [(parent, JobState.RUNNING), (a, JobState.RUNNING), (a, JobState.DONE), (b, JobState.RUNNING)]:
        store.jobs.move(job.id, state)
    store.jobs.ask_cancel("ada", parent.id)
    now = [store.jobs.find(job.id) for job in (parent, a, b, c)]
    assert [job.state for job in now] == [JobState.RUNNING, JobState.DONE, JobState.RUNNING, JobState.CANCELLED]
    assert [job.cancelling for job in now] == [True, False, True, False]


def test_resuming_a_parent_leaves_what_is_done_as_it_is(store: Store) -> None:
    parent, (a, b) = family(store, "a", "b")
    for job, state in [(parent, JobState.RUNNING), (a, JobState.RUNNING), (a, JobState.DONE), (b, JobState.RUNNING), (b, JobState.KILLED)]:
        store.jobs.move(job.id, state)
    store.jobs.move(parent.id, JobState.FAILED)
    store.jobs.resume("ada", parent.id)
    assert [child.state for child in store.jobs.children(parent.id)] == [JobState.DONE, JobState.QUEUED]


def test_a_child_is_neither_resumed_nor_deleted_without_its_family(store: Store) -> None:
    parent, (a, _) = family(store, "a", "b")
    store.jobs.ask_cancel("ada", a.id)
    assert store.jobs.find(parent.id).state is JobState.QUEUED, "skipping one is no reason to give up"
    with pytest.raises(UserError, match=f"belongs to the job {parent.id}: resume that"):
        store.jobs.resume("ada", a.id)
    with pytest.raises(UserError, match=f"belongs to the job {parent.id}: delete that"):
        store.jobs.delete("ada", a.id)


def test_a_parent_is_deleted_with_its_children_and_all_their_folders(store: Store) -> None:
    parent, children = family(store, "a", "b")
    with pytest.raises(UserError, match="Cancel it first"):
        store.jobs.delete("ada", parent.id)
    store.jobs.ask_cancel("ada", parent.id)
    folders = store.job_folder(parent.id).parent
    assert len(list(folders.iterdir())) == len(children)
    store.jobs.delete("ada", parent.id)
    assert store.jobs.list("ada", top=False) == [] and list(folders.iterdir()) == []
