"""Jobs as the tests queue them, and what they wait for. Nothing here is faster than it must be: deadlines are generous."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from promptune.core.contender import Contender
from promptune.core.job import Job
from promptune.engines.protocol import Weights
from promptune.jobs import batch
from promptune.jobs.folder import LOCK
from promptune.jobs.kinds import Work
from promptune.jobs.lines import Row, read
from promptune.jobs.progress import Progress
from promptune.settings import Settings
from promptune.store import Lock, Store

OWNER = "local"
CONTENDER = "tiny/zero-shot?t=1"  # its words are shuffled by the seed: answers are equal only where seeds are
ENDLESS = ["[long][delay=0.05] an answer that takes 100 seconds"]
# Three chunks of a batch, the last of which takes three seconds: time enough to interrupt it there.
QUESTIONS = [f"question {i} about pears and plums" for i in range(16)] + [f"[delay=0.3] question {i} about figs and dates" for i in range(16, 24)]

SERVER = """
import logging, sys
from pathlib import Path
from promptune.jobs.scheduler import Scheduler
from promptune.settings import Settings
from promptune.store import Store
logging.basicConfig(level=logging.INFO)
settings = Settings(home=Path(sys.argv[1]), engine="scripted")
Scheduler(Store(settings.home), settings, before_start=lambda job: None).start()
sys.stdin.read()
"""


def until(true: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


def spec(settings: Settings, questions: Sequence[str], contenders: Sequence[str] = (CONTENDER,)) -> dict[str, Any]:
    return batch.batch_spec(settings, questions, [(Contender.parse(one), Weights("tiny", "/none")) for one in contenders])


def queue(store: Store, settings: Settings, questions: Sequence[str], contenders: Sequence[str] = (CONTENDER,)) -> Job:
    total = len(questions) * len(contenders)
    return store.jobs.create(OWNER, kind="batch", label="a batch", spec=spec(settings, questions, contenders), total=total)


def run(folder: Path, spec: dict[str, Any], *, cancelled: bool = False) -> None:
    """The job in this process; the folder's name is its id."""
    folder.mkdir(parents=True, exist_ok=True)
    event = threading.Event()
    if cancelled:
        event.set()
    with closing(Progress(folder)) as progress:
        batch.run(Work(folder, spec, progress, event))


def rows(store: Store, job: Job) -> list[Row]:
    return read(store.job_folder(job.id) / batch.ROWS)


def worker(store: Store, job: Job) -> int | None:
    """The pid of the job's worker, if it has one."""
    holder = Lock(store.job_folder(job.id) / LOCK).holder()
    return holder.get("pid") if holder else None


def timeless(answers: Sequence[Row]) -> list[Row]:
    return [{key: value for key, value in row.items() if "seconds" not in key} for row in answers]


def undisturbed(job: Job, place: Path) -> list[Row]:
    """What the job answers when nothing happens to it; the same words without the delays."""
    hurried = job.spec | {"questions": [question.replace("[delay=0.3]", "[delay=0]") for question in job.spec["questions"]]}
    run(place / job.id, hurried)
    return timeless(batch.read_result(job, place / job.id).answers)


@contextmanager
def server(home: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own that runs the queue."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with log.open("ab") as file, subprocess.Popen([sys.executable, "-c", SERVER, str(home)], stdin=subprocess.PIPE, stderr=file, env=env) as process:
        try:
            yield process
        finally:
            process.kill()
