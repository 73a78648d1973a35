"""The worker process: `python -m promptune.jobs.worker FOLDER`. One job, from its folder, into its folder.

Its standard input is a pipe from the scheduler. The line `cancel` asks it to end soon; when the pipe closes the scheduler
is gone, and it ends at once, whatever it is doing. So there is never a worker without a scheduler.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

from promptune.errors import DiskFull, OutOfMemory, UserError
from promptune.jobs import batch, duel, score, tune  # noqa: F401  # registers their kinds
from promptune.jobs.folder import DISK_IS_FULL, LOCK, SPEC
from promptune.jobs.kinds import KINDS, Cancelled, Work
from promptune.jobs.progress import LastWord, Progress
from promptune.store import Lock, naming_full_disk

PATIENCE = 5.0  # seconds for an earlier worker of this job, whose scheduler died, to be gone
log = logging.getLogger(__name__)


def main(folder: Path) -> int:
    cancelled = threading.Event()
    threading.Thread(target=_listen, args=(cancelled,), daemon=True).start()
    lock = Lock(folder / LOCK)  # held until this process ends
    if not _taken(lock):
        log.error("another worker is still at work in %s", folder)
        return 1
    try:
        with naming_full_disk(folder):
            spec = json.loads((folder / SPEC).read_text(encoding="utf-8"))
            with closing(Progress(folder)) as progress:
                word = _work(Work(folder, spec, progress, cancelled))
                progress.end(word)
    except DiskFull as error:
        log.error("%s", error)
        return DISK_IS_FULL
    return 0 if word.state == "done" else 1


def _work(work: Work) -> LastWord:
    try:
        with naming_full_disk(work.folder):
            KINDS.get(work.spec["kind"])(work)
        return LastWord("done")
    except Cancelled:
        return LastWord("cancelled")
    except UserError as error:
        log.error("%s %s", error.name, error)
        return LastWord("failed", error.name, str(error))
    except MemoryError:
        return LastWord("failed", OutOfMemory.name, "The machine ran out of memory. Use a smaller model, or end what else is running.")
    except Exception as error:
        log.exception("the job failed")
        return LastWord("failed", "FAILED", f"{type(error).__name__}: {error}")


def _listen(cancelled: threading.Event) -> None:
    heard = b""
    while said := os.read(0, 64):  # not sys.stdin: its lock would be held when the interpreter ends
        heard += said
        if b"cancel\n" in heard:
            cancelled.set()
    os._exit(1)


def _taken(lock: Lock) -> bool:
    end = time.monotonic() + PATIENCE
    while not lock.acquire({}):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    code = main(Path(sys.argv[1]))
    sys.stderr.flush()
    os._exit(code)  # an engine's threads are not waited for
