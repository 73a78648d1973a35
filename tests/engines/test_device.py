"""The device process: an engine that can die without taking anything with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from promptune.engines import wire
from promptune.engines.device import Device
from promptune.engines.protocol import Delta, Event, Failed, Finished, Sent, Weights
from promptune.engines.scripted import Scripted
from promptune.errors import EngineDied
from tests.engines.samples import prompt, request

HERE = Weights("tiny", "/none")


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    device = Device(kind="scripted", device="cpu", log=tmp_path / "device.log")
    yield device
    device.close()
    assert device.status().state == "stopped" and device.status().pid is None


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


def last(events: list[Event]) -> Event:
    return events[-1]


def test_it_gives_what_the_engine_in_it_gives(device: Device) -> None:
    """The pipe changes nothing: same events, same scores, any character."""
    asked = [request(HERE, "tiny/zero-shot", "emoji 👩‍👩‍👧 שלום"), request(HERE, "tiny/cot?t=1", 'a "quoted" {{x}}')]
    there = [event for event in device.stream(asked) if not isinstance(event, Finished)]
    here = [event for event in Scripted().stream(asked) if not isinstance(event, Finished)]
    assert there == here
    assert device.logprobs(HERE, prompt("a b"), ["a", "c d"]) == Scripted().logprobs(HERE, prompt("a b"), ["a", "c d"])
    assert device.divergence(HERE, Weights("other", ""), ["x y"]) == Scripted().divergence(HERE, Weights("other", ""), ["x y"])
    assert device.count_tokens(HERE, ["one two", ""]) == [2, 0]
    assert device.capabilities(HERE) == Scripted().capabilities(HERE)
    assert device.measure(HERE, [one.prompt for one in asked]) == Scripted().measure(HERE, [one.prompt for one in asked])
    long = request(HERE, "tiny/zero-shot", "word " * 5000)
    assert list(device.stream([long])) == list(Scripted().stream([long])), "what does not fit comes back with its parts"
    assert device.wait(60).state == "ready"


def test_killed_in_a_stream_it_fails_by_name_and_the_next_question_works(device: Device) -> None:
    events = device.stream([request(HERE, "tiny/zero-shot", "[long][delay=0.02] a", id="a"), request(HERE, "tiny/zero-shot", "[long][delay=0.02] b", id="b")])
    seen = [next(events) for _ in range(6)]
    pid = device.status().pid
    assert pid is not None and any(isinstance(event, Delta) for event in seen)
    os.kill(pid, signal.SIGKILL)
    failed = [event for event in events if isinstance(event, Failed)]
    assert {event.id for event in failed} == {"a", "b"} and all(event.name == "KILLED" and "SIGKILL" in event.what and event.todo for event in failed)
    answered = last(list(device.stream([request(HERE, "tiny/zero-shot", "again")])))
    assert isinstance(answered, Finished) and answered.generation.text == "You asked: again"
    assert device.status().pid != pid and device.wait(60).state == "ready"


def test_a_call_under_way_fails_when_it_dies(device: Device) -> None:
    """An engine that kills its own process, as the kernel does when memory ends."""
    ends = list(device.stream([request(HERE, "tiny/zero-shot", "[die] now")]))
    assert isinstance(last(ends), Failed) and last(ends).name == "KILLED"  # type: ignore[union-attr]
    assert device.count_tokens(HERE, ["back again"]) == [2]


def test_out_of_memory_is_named_and_the_others_go_on(device: Device) -> None:
    ends = {event.id: event for event in device.stream([request(HERE, "tiny/zero-shot", "[oom] x", id="x"), request(HERE, "tiny/zero-shot", "y", id="y")])}
    assert isinstance(ends["x"], Failed) and ends["x"].name == "OUT_OF_MEMORY" and isinstance(ends["y"], Finished)


def test_cancel_and_close_free_the_process(device: Device) -> None:
    events = device.stream([request(HERE, "tiny/zero-shot", "[long][delay=0.05] x", id="x")])
    assert isinstance(next(events), Sent)
    device.cancel(["x"])
    end = last(list(events))
    assert isinstance(end, Finished) and end.generation.finish_reason == "cancelled"


def test_a_process_that_cannot_start_says_so_and_is_not_tried_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    device = Device(kind="scripted", device="cpu", log=tmp_path / "device.log")
    status = device.wait(60)
    assert status.state == "failed" and "exit code 1" in status.detail and "device.log" in status.detail
    with pytest.raises(EngineDied):
        device.count_tokens(HERE, ["x"])
    device.close()


def test_it_ends_when_its_owner_is_killed(tmp_path: Path) -> None:
    """No orphan: the pipe closes with the process that held it, also in the middle of a generation."""
    script = textwrap.dedent(f"""
        from pathlib import Path
        from promptune.engines.device import Device
        from promptune.engines.protocol import Weights
        from tests.engines.samples import request
        device = Device(kind="scripted", device="cpu", log=Path({str(tmp_path / "device.log")!r}))
        events = device.stream([request(Weights("tiny", ""), "tiny/zero-shot", "[long][delay=0.05] x")])
        next(events), next(events)
        print(device.status().pid, flush=True)
        for event in events: pass
    """)
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=env)
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    assert psutil.pid_exists(pid)
    owner.kill()
    owner.communicate()
    until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_a_process_that_hangs_holds_up_nobody(device: Device) -> None:
    """Stopped, it reads nothing: to ask, to cancel and to look must not wait for it."""
    status = device.wait(60)
    assert status.pid is not None
    os.kill(status.pid, signal.SIGSTOP)
    try:
        for i in range(6):
            device.stream([request(HERE, "tiny/zero-shot", "x" * 100_000, id=str(i))])
            device._begin(lambda number: wire.AskCounts(number, HERE, ("x" * 100_000,)))
        device.cancel(["0"])
        assert device.status().state == "ready"
    finally:
        os.kill(status.pid, signal.SIGCONT)
    assert device.count_tokens(HERE, ["a b"]) == [2]


def test_a_signal_without_a_name_is_survived_too(device: Device) -> None:
    events = device.stream([request(HERE, "tiny/zero-shot", "[long][delay=0.02] a")])
    next(events)
    os.kill(int(device.status().pid or 0), signal.SIGRTMIN + 1)
    *_, end = events
    assert isinstance(end, Failed) and "signal" in end.what


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where a folder should be")
    device = Device(kind="scripted", device="cpu", log=tmp_path / "logs" / "device.log")
    with pytest.raises(EngineDied, match="cannot be started"):
        device.count_tokens(HERE, ["x"])
    assert device.status().state == "failed"
    device.close()
