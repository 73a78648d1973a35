"""How a worker is started and ended: here, a process of this machine."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from promptune import children
from promptune.jobs.folder import LOG

POLITE = 20.0  # seconds for a worker that is asked to end to write down what it has
GRACE = 2.0  # seconds for each firmer way
LOOK = 0.1  # seconds between two looks at whether there is a hurry meanwhile
NICER = 5  # how much a worker stands back behind a chat on the same cores


class LocalProcess:
    """It lives on a pipe of ours: when that closes, for whatever reason, the worker ends at once."""

    def __init__(self, folder: Path) -> None:
        argv = children.argv("promptune.jobs.worker", str(folder))
        with (folder / LOG).open("ab") as log:
            # A session of its own: Ctrl-C in a terminal is for the command, which then ends its worker in good order.
            self._process = subprocess.Popen(argv, env=children.environment(), stdin=subprocess.PIPE, stdout=log, stderr=log, bufsize=0, start_new_session=True)
        with suppress(OSError):  # it is over already, or the system does not let us
            os.setpriority(os.PRIO_PROCESS, self._process.pid, os.getpriority(os.PRIO_PROCESS, 0) + NICER)  # its threads, which come later, inherit it

    def wait(self, seconds: float) -> int | None:
        """Its exit code, as subprocess gives it; None while it works."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def cancel(self, hurry: threading.Event) -> int:
        """Asks it to end, more firmly each time; the first time without haste, unless there comes a hurry."""
        self._say_cancel()
        end = time.monotonic() + POLITE
        while self.wait(LOOK) is None and time.monotonic() < end and not hurry.is_set():
            pass
        return self._until_gone(self._process.terminate, self._process.kill)

    def close(self) -> int:
        return self._until_gone(self._hang_up, self._process.kill)

    def _until_gone(self, *ways: Callable[[], None]) -> int:
        for way in ways:
            way()
            if (code := self.wait(GRACE)) is not None:
                break
        code = self._process.wait()
        self._hang_up()
        return code

    def _say_cancel(self) -> None:
        if (pipe := self._process.stdin) and not pipe.closed:
            with suppress(OSError):  # it is gone already
                pipe.write(b"cancel\n")

    def _hang_up(self) -> None:
        if pipe := self._process.stdin:
            pipe.close()
