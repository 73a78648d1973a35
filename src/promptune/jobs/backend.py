"""How a worker is started and ended: here, a process of this machine."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from promptune import children
from promptune.jobs.folder import LOG

GRACE = 2.0  # seconds for each way of asking a worker to end


class LocalProcess:
    """It lives on a pipe of ours: when that closes, for whatever reason, the worker ends at once."""

    def __init__(self, folder: Path) -> None:
        argv = children.argv("promptune.jobs.worker", str(folder))
        with (folder / LOG).open("ab") as log:
            # A session of its own: Ctrl-C in a terminal is for the command, which then ends its worker in good order.
            self._process = subprocess.Popen(argv, env=children.environment(), stdin=subprocess.PIPE, stdout=log, stderr=log, bufsize=0, start_new_session=True)

    def wait(self, seconds: float) -> int | None:
        """Its exit code, as subprocess gives it; None while it works."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def cancel(self) -> int:
        """Asks it to end, more firmly each time."""
        return self._until_gone(self._say_cancel, self._process.terminate, self._process.kill)

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
