"""kill -9 while the store is written: what was acknowledged is there, and the file is whole."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from promptune.core.job import JobState
from promptune.store import Store

SOURCE = Path(__file__).resolve().parents[2] / "src"
ROUNDS, WRITERS = 6, 2
# A line is printed once the store has said that the row is kept. The rows are large: their pages outgrow one write.
WRITE = """if True:
    import pathlib, sys
    from promptune.core.job import JobState
    from promptune.store import Store
    store = Store(pathlib.Path(sys.argv[1]))
    while True:
        print("comparison", store.comparisons.save("ada", question="why?", answers=[{"text": "x" * 20_000}]).id, flush=True)
        print("model", store.models.add("ada", slug="gemma", label="G", origin="folder", source="x", folder=pathlib.Path("x")).slug, flush=True)
        job = store.jobs.create("ada", kind="batch", label="nightly", spec={}, total=1)
        print("queued", job.id, flush=True)
        store.jobs.move(job.id, JobState.RUNNING)
        print("running", job.id, flush=True)
"""


def lines_of_a_killed_writer(process: subprocess.Popen[bytes], acknowledged: int, more: float) -> list[list[str]]:
    """What it said until it was killed, that many lines and `more` seconds after its start: where in a write it is then, chance decides."""
    assert process.stdout is not None
    said = b"".join(process.stdout.readline() for _ in range(acknowledged))
    time.sleep(more)
    process.send_signal(signal.SIGKILL)
    said += process.communicate()[0]
    assert process.returncode == -signal.SIGKILL
    return [line.split() for line in said.decode().splitlines() if len(line.split()) == 2]


def test_kills_during_writes_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """Two writers at a time: the one left alive recovers what the other broke off, as the next server would."""
    draw = random.Random(9)
    kept: list[list[str]] = []
    for _ in range(ROUNDS):
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        command = [sys.executable, "-c", WRITE, str(tmp_path)]
        writers = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) for _ in range(WRITERS)]
        for writer in writers:
            kept += lines_of_a_killed_writer(writer, draw.randint(1, 12), draw.uniform(0, 0.03))

    store = Store(tmp_path)
    comparisons = {record.id: record for record in store.comparisons.list("ada", limit=10**6)}
    models = [model.slug for model in store.models.list("ada")]
    jobs = {job.id: job.state for job in store.jobs.list("ada", limit=10**6)}
    assert len(kept) >= ROUNDS * WRITERS
    for kind, id in kept:
        assert id in {"comparison": comparisons, "model": models, "queued": jobs, "running": jobs}[kind], f"{kind} {id} was acknowledged and is lost"
        assert kind != "running" or jobs[id] is JobState.RUNNING
    assert all(record.answers == [{"text": "x" * 20_000}] for record in comparisons.values())

    with closing(sqlite3.connect(tmp_path / "promptune.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        claimed = [slug for (slug,) in db.execute("SELECT slug FROM slugs ORDER BY rowid")]
    assert claimed == models  # a name and its model come to be together or not at all
    store.comparisons.save("ada", question="and the next one succeeds", answers=[])
