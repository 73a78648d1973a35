"""Who may serve a data folder or run its queue: a lock that dies with its process, however that ends."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path
from typing import IO, Any

import psutil

TRIES, PAUSE = 5, 0.01  # somebody who only looks holds the lock for an instant, which must not read as taken


class Lock:
    """The file stays for ever: two who lock a file of one name must lock the same file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def acquire(self, info: dict[str, Any]) -> bool:
        """Whether it is ours now. `info` is what others read of us, with our pid."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = self.path.open("a+", encoding="utf-8")
        if not _locked(file):
            file.close()
            return False
        file.truncate(0)
        file.write(json.dumps({**info, "pid": os.getpid(), "born": _born(os.getpid())}))
        file.flush()
        self._file = file
        return True

    def holder(self) -> dict[str, Any] | None:
        """What its holder says of itself; None when it is free, {} when it is held by nobody we can name.

        Only the process that wrote the pid may answer to it: what an earlier holder left, whose number went to a stranger, is not believed.
        """
        try:
            with self.path.open(encoding="utf-8") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    return None
                except BlockingIOError:
                    info = json.load(file)
        except FileNotFoundError:
            return None
        except ValueError:  # just taken, not yet written
            return {}
        return info if isinstance(info, dict) and _is(info.get("pid"), info.pop("born", None)) else {}

    def release(self) -> None:
        if self._file:
            self._file.truncate(0)
            self._file.close()
            self._file = None


def _locked(file: IO[str]) -> bool:
    for left in reversed(range(TRIES)):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(PAUSE if left else 0)
    return False


def _is(pid: object, born: object) -> bool:
    return isinstance(pid, int) and pid > 0 and _born(pid) == born != ""


def _born(pid: int) -> str:
    """What tells a process from a later one of the same number; empty when there is none. On Linux ticks since boot, which no clock moves."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    except OSError:
        return str(psutil.Process(pid).create_time()) if psutil.pid_exists(pid) else ""
