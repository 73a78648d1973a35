"""kill -9 while a model is trained: named, resumed, and in the end the same weights. `make soak` kills oftener."""

# ruff: noqa: F811  # fixtures of the engines' tests are imported, and asked for by name

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from promptune import children
from promptune.core.job import Job, JobState
from promptune.engines.local import LocalEngine
from promptune.jobs import tune
from promptune.jobs.folder import SPEC
from promptune.jobs.lines import read
from promptune.jobs.scheduler import Scheduler
from promptune.runs import RUN
from promptune.tuning import MADE
from promptune.tuning.checkpoints import newest
from tests.engines.conftest import engine  # noqa: F401  # fixture
from tests.jobs.samples import until, worker
from tests.tunings import OWNER, Room, drained, opened, weights

KILLS = int(os.environ.get("SOAK", "2"))
STEPS = 12 * KILLS  # three an epoch
SETTINGS = {"rate": 0.003, "batch": 8, "epochs": STEPS // 3, "checks": 1, "patience": 1000}
# A worker that is killed where a checkpoint is half on the disk: its tensors are there, what names them is not.
DIES = """
import os, signal, sys
from pathlib import Path
from promptune.tuning import checkpoints
from promptune.jobs.worker import main
kept = checkpoints.save_file
def save_file(tensors, path):
    kept(tensors, path)
    if "optimizer.0.step" in tensors and int(tensors["optimizer.0.step"]) == int(sys.argv[2]):
        path.write_bytes(path.read_bytes()[:1000])
        os.kill(os.getpid(), signal.SIGKILL)
checkpoints.save_file = save_file
main(Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, engine: LocalEngine) -> Iterator[Room]:
    with opened(tmp_path_factory.mktemp("room"), engine) as room:
        room.task()
        yield room


@pytest.fixture(scope="module")
def undisturbed(room: Room) -> dict[str, Any]:
    job = start(room)
    room.run(job)
    return ended(room, job)


def start(room: Room) -> Job:
    return drained(room.tunes.start(OWNER, "moods", "tiny", "lora", SETTINGS, limit=2))


def ended(room: Room, job: Job) -> dict[str, Any]:
    """All that must not depend on what happened on the way."""
    done = room.store.jobs.find(job.id)
    assert done.state is JobState.DONE, done.cause
    made = json.loads((room.folder(job) / RUN / MADE).read_text())
    curve = {row["step"]: row for row in read(room.folder(job) / tune.CURVE)}
    scored = [one.metrics for one in room.scores.card(OWNER, job.id).contenders]
    last = [curve[max(curve)][key] for key in ("step", "loss", "rate")]
    return {"loss": made["loss"], "best": made["best"], "done": made["done"], "last": last, "scores": scored, "weights": weights(room.folder(job) / RUN)}


def reached(room: Room, job: Job, step: int) -> bool:
    return any(row["step"] >= step for name in (tune.CURVE, tune.CHECKS) for row in read(room.folder(job) / name))


def test_killed_at_random_moments_it_ends_as_if_nothing_had_been(room: Room, undisturbed: dict[str, Any]) -> None:
    draw = random.Random(KILLS)
    moments = sorted(draw.sample(range(1, STEPS - 3), KILLS))  # steps; the worker is hit somewhere in or behind them
    job = start(room)
    scheduler = Scheduler(room.store, room.settings, before_start=lambda job: None)
    scheduler.start()
    try:
        for moment in moments:
            until(lambda moment=moment: reached(room, job, moment) and worker(room.store, job), seconds=120)
            pid = worker(room.store, job)
            assert pid is not None and room.store.jobs.find(job.id).state is JobState.RUNNING, "it trains still"
            time.sleep(draw.uniform(0, 0.2))
            os.kill(pid, signal.SIGKILL)
            until(lambda: room.store.jobs.find(job.id).state is JobState.KILLED)
            assert "SIGKILL" in room.store.jobs.find(job.id).cause and not (room.folder(job) / RUN).exists()
            room.store.jobs.resume(OWNER, job.id)
        until(lambda: not room.store.jobs.find(job.id).state.active, seconds=120)
    finally:
        scheduler.close()
    assert ended(room, job) == undisturbed


def test_killed_in_the_middle_of_a_checkpoint_it_goes_on_from_the_one_before(room: Room, undisturbed: dict[str, Any]) -> None:
    job, folder, step = start(room), room.store.job_folder, 9
    (folder(job.id) / SPEC).write_text(json.dumps(job.spec))
    argv, environ = [sys.executable, "-c", DIES, str(folder(job.id)), str(step)], children.environment()
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ) as process:
        assert process.wait(120) == -signal.SIGKILL
    assert newest(folder(job.id)) == step - 3 and list((folder(job.id) / "checkpoints").glob(".building-*"))
    room.run(job)
    assert ended(room, job) == undisturbed
