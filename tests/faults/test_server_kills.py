"""The server is killed in the middle of everything: nothing it started outlives it, and nothing reads `running`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from promptune import children

ROOT = Path(__file__).resolve().parents[2]


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


class Server:
    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environ = children.environment() | {"PROMPTUNE_HOME": str(home), "PROMPTUNE_ENGINE": "scripted", "PROMPTUNE_PORT": str(self.port)}
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> subprocess.Popen[str]:
        self.process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        assert "Promptune is at" in self.process.stdout.readline()
        return self.process

    def promptune(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "promptune", *arguments], capture_output=True, text=True, env=self.environ, timeout=120)

    def json(self, *arguments: str) -> Any:
        return json.loads(self.promptune(*arguments, "--json").stdout)

    def end(self) -> None:
        if self.process:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "data")
    yield server
    server.end()


def gone(pids: list[int]) -> bool:
    return not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids)


def test_a_killed_server_takes_everything_with_it_and_its_job_can_be_resumed(server: Server, tmp_path: Path) -> None:
    """kill -9 in the middle of a job: no orphan, INTERRUPTED, no half result; the next server finishes it."""
    running = server.start()
    questions = tmp_path / "questions.txt"
    questions.write_text("".join(f"[delay=0.1] question {i}\n" for i in range(36)))
    job = server.json("ask", "--file", str(questions), "-c", "tiny/zero-shot", "-c", "tiny/cot")["job"]
    until(lambda: server.json("jobs", job)["done"] > 0)
    family = [child.pid for child in psutil.Process(running.pid).children(recursive=True)]
    assert len(family) >= 2, "a device process and a worker"
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    until(lambda: gone(family))
    found = server.json("jobs", job)
    assert found["state"] == "interrupted" and found["cause"] and found["done"] < 72

    server.start()
    assert server.promptune("jobs", "resume", job).returncode == 0
    until(lambda: server.json("jobs", job)["state"] == "done")
    assert server.json("jobs", job)["done"] == 72


def test_a_second_server_exits_soon_naming_the_first(server: Server, tmp_path: Path) -> None:
    server.start()
    other = Server(tmp_path)
    environ = server.environ | {"PROMPTUNE_PORT": str(other.port)}
    second = subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120)
    assert second.returncode != 0 and f":{server.port}" in second.stderr and len(second.stderr.strip().splitlines()) == 1


def test_a_taken_port_is_one_clear_line(server: Server) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", server.port))
        taken.listen()
        done = subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=server.environ, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0 and str(server.port) in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_a_server_told_to_end_ends_all_it_started(server: Server) -> None:
    running = server.start()
    family = [child.pid for child in psutil.Process(running.pid).children(recursive=True)]
    running.terminate()
    running.communicate(timeout=60)
    assert running.returncode == 0 and gone(family)
