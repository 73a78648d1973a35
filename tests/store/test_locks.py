"""Locks between processes: one holder, named, and free again the moment it is dead."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from promptune.store import Lock

Start = Callable[..., "subprocess.Popen[str]"]

HOLD = """if True:
    import sys, pathlib
    from promptune.store import Lock
    lock = Lock(pathlib.Path(sys.argv[1]))
    print(lock.acquire({"address": "http://here"}), flush=True)
    sys.stdin.readline()
    lock.release()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "server.lock"


def test_one_of_two_gets_it_until_it_is_released(path: Path) -> None:
    first, second = Lock(path), Lock(path)
    assert first.holder() is None
    assert first.acquire({"address": "a"})
    assert not second.acquire({"address": "b"})
    assert not first.acquire({"address": "again"})
    assert second.holder() == {"address": "a", "pid": os.getpid()}
    first.release()
    first.release()
    assert second.holder() is None
    assert second.acquire({"address": "b"})
    second.release()


def test_another_process_is_named_and_its_death_frees_the_lock(path: Path, start: Start) -> None:
    """kill -9 leaves no time to tidy up: what it wrote stays in the file and must not be believed."""
    process = start(HOLD, path)
    assert process.stdout.readline() == "True\n"
    lock = Lock(path)
    assert not lock.acquire({})
    assert lock.holder() == {"address": "http://here", "pid": process.pid}
    process.kill()
    process.wait()
    assert path.read_text() != ""
    assert lock.holder() is None
    assert lock.acquire({})
    lock.release()


def test_a_child_does_not_inherit_the_lock(path: Path) -> None:
    """A worker that outlived its server would else keep the next server out."""
    lock = Lock(path)
    lock.acquire({})
    child = subprocess.Popen([sys.executable, "-c", "print('up', flush=True); input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False)
    try:
        assert child.stdout and child.stdout.readline() == b"up\n"  # until its exec is over, a child holds what its parent has open
        lock.release()
        assert Lock(path).holder() is None
    finally:
        child.communicate(b"\n")


@pytest.mark.parametrize("born", ["0", "", None])
def test_a_number_that_went_to_another_process_is_not_believed(path: Path, born: str | None) -> None:
    """Whoever kills the holder of a lock must never kill a stranger: here our own parent has the number that a dead holder wrote."""
    path.parent.mkdir()
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        json.dump({"pid": os.getppid(), "born": born}, file)
        file.flush()
        assert Lock(path).holder() == {}


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"pid": "x"}', '{"pid": -1, "born": ""}'])
def test_a_holder_who_has_not_said_who_it_is_still_holds(path: Path, content: str) -> None:
    path.parent.mkdir()
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(content)
        file.flush()
        assert Lock(path).holder() == {}
        assert not Lock(path).acquire({})


def test_a_lock_file_left_by_anybody_can_be_taken(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"pid": 1, "address": "long gone"}' * 100)
    lock = Lock(path)
    assert lock.holder() is None
    assert lock.acquire({"address": "new"})
    assert Lock(path).holder() == {"address": "new", "pid": os.getpid()}
    lock.release()
