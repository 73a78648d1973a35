"""Templates that are not ours run only here: Jinja's immutable sandbox in a child process with limits.

Jinja's sandbox limits neither time nor memory, so the child limits both for itself (sandbox_child.py). It is kept
between calls and started anew when a template made it end.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from promptune.errors import TemplateError

CHILD = Path(__file__).with_name("sandbox_child.py")
SECONDS = 10.0  # of wall time for one batch; the child's own limit of CPU time is lower

TOO_MUCH = "The template is too slow or too large."
SIMPLIFY = "Take out loops over large ranges and very long texts."


class Sandbox:
    """One child at a time, shared by the threads of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def render(self, template: str, rows: Sequence[Mapping[str, Any]], *, strict: bool = True) -> list[str]:
        """The template rendered for each row; a TemplateError tells which row failed and why. Strict: a missing name is an error."""
        try:
            order = json.dumps({"template": template, "rows": list(rows), "strict": strict}).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise TemplateError(f"A value cannot be given to a template: {error}.") from error
        with self._lock:
            child = self._running()
            watch = threading.Timer(SECONDS, child.kill)
            watch.start()
            try:
                line = _exchange(child, order)
            finally:
                watch.cancel()
            if not line.endswith(b"\n"):
                self._end()
                raise TemplateError(TOO_MUCH, todo=SIMPLIFY)
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            row = f" in row {answer['row'] + 1}" if len(rows) > 1 else ""
            raise TemplateError(f"The template failed{row}: {answer['error']}", todo=answer.get("todo", "Correct the template."))
        texts: list[str] = answer["texts"]
        return texts

    def close(self) -> None:
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is not None:
            self._end()
        if self._child is None:
            argv = [sys.executable, "-I", str(CHILD)]
            # An empty environment: a template that escaped would find no token in it.
            self._child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={})
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            for pipe in (child.stdin, child.stdout):
                with suppress(OSError):  # a half-written order may be left in it
                    _pipe(pipe).close()
            child.wait()


def _exchange(child: subprocess.Popen[bytes], order: bytes) -> bytes:
    stdin, stdout = _pipe(child.stdin), _pipe(child.stdout)
    try:
        stdin.write(order + b"\n")
        stdin.flush()
        return stdout.readline()
    except OSError:  # it ended while we wrote
        return b""


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise RuntimeError("the sandbox child has no pipe")
    return stream
