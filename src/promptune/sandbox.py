"""Templates that are not ours run only here: Jinja's immutable sandbox in a child process with limits.

Jinja's sandbox limits neither time nor memory, so the child limits both for itself (sandbox_child.py). It is kept
between calls and started anew when a template made it end.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, Literal

from promptune.children import SOURCE
from promptune.errors import TemplateError

# With `-I` Python finds what is installed and nothing else, so the child is told where we are.
CHILD = f"import sys; sys.path.append({SOURCE!r}); from promptune.sandbox_child import main; main()"
SECONDS = 10.0  # of wall time for one batch; the child's own limit of CPU time is lower
LONGEST = 100_000  # characters of a task's template

TOO_SLOW = "The template is too slow: a batch of rows may take two seconds."
TOO_LARGE = "The template is too large: a batch of rows may take 512 MB and make 16 million characters."
SIMPLIFY = "Take out loops over large ranges and very long texts."


@dataclass(frozen=True)
class RowFailed:
    """Why one row cannot be rendered."""

    text: str  # which of the templates failed, by its name
    kind: Literal["absent", "null", "error"]  # a name nobody gave, None where text should be, anything else
    what: str
    names: tuple[str, ...] = ()  # for absent and null: what the template calls it


@dataclass(frozen=True)
class RowDone:
    pieces: Mapping[str, list[str]]  # of each template by its name: its text, taken apart where the template itself writes `|||`


class Sandbox:
    """One child at a time, shared by the threads of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def render(self, template: str, rows: Sequence[Mapping[str, Any]], *, strict: bool = True) -> list[str]:
        """A chat template rendered for each row; a TemplateError tells which row failed and why. Strict: a missing name is an error."""
        try:
            order = json.dumps({"template": template, "rows": list(rows), "strict": strict})
        except (TypeError, ValueError, RecursionError) as error:
            raise TemplateError(f"A value cannot be given to a template: {error}.") from error
        answer = self._ask(order)
        if "error" in answer:
            row = f" in row {answer['row'] + 1}" if len(rows) > 1 else ""
            raise TemplateError(f"The template failed{row}: {answer['error']}", todo=answer.get("todo", "Correct the template."))
        texts: list[str] = answer["texts"]
        return texts

    def render_each(self, texts: Mapping[str, str], rows: Sequence[str], *, asking: bool = False) -> list[RowDone | RowFailed]:
        """A task's templates rendered for each row, given as JSON: one bad row does not hide the others.

        A text named answer_choices comes first, and the others know its pieces. Asking: only the prompt is rendered, up to the template's
        `|||`, and every name that it prints and nobody gave is told at once. What is wrong with a template as a whole is raised.
        """
        for name, text in texts.items():
            if len(text) > LONGEST:
                raise TemplateError(f"The template is too large: {len(text):,} characters, at most {LONGEST:,}.", where=name, todo=SIMPLIFY)
        order = json.dumps({"texts": dict(texts), "mark": _mark([*texts.values(), *rows]), "asking": asking})
        answer = self._ask(f'{order[:-1]}, "rows": [{", ".join(rows)}]}}')
        if "error" in answer:
            raise TemplateError(answer["error"], where=answer.get("text", ""), todo=answer.get("todo", "Correct the template."))
        return [RowDone(row["pieces"]) if "pieces" in row else RowFailed(row["text"], row["kind"], row["what"], tuple(row["names"])) for row in answer["rows"]]

    def close(self) -> None:
        with self._lock:
            self._end()

    def _ask(self, order: str) -> dict[str, Any]:
        with self._lock:
            child = self._running()
            late = threading.Event()
            watch = threading.Timer(SECONDS, _stop, (child, late))
            watch.start()
            try:
                line = _exchange(child, order.encode())
            finally:
                watch.cancel()
            if not line.endswith(b"\n"):
                slow = _ended(child) == -signal.SIGXCPU or late.is_set()
                self._end()
                raise TemplateError(TOO_SLOW if slow else TOO_LARGE, todo=SIMPLIFY)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is not None:
            self._end()
        if self._child is None:
            argv = [sys.executable, "-I", "-c", CHILD]
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


def _mark(texts: Sequence[str]) -> str:
    """Stands for `|||` where a template writes it, so that a value that holds `|||` splits nothing.

    As long as what it stands for, and of a character that no value holds; JSON spells it as two surrogates.
    """
    for code in range(0xF0000, 0xFFFFE):
        spelt = json.dumps(chr(code))[1:-1]
        if not any(spelt in text or chr(code) in text for text in texts):
            return chr(code) * 3
    raise TemplateError("The rows hold every character of Unicode's private use.", todo="Leave some of them out.")


def _exchange(child: subprocess.Popen[bytes], order: bytes) -> bytes:
    stdin, stdout = _pipe(child.stdin), _pipe(child.stdout)
    try:
        stdin.write(order + b"\n")
        stdin.flush()
        return stdout.readline()
    except OSError:  # it ended while we wrote
        return b""


def _stop(child: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    child.kill()


def _ended(child: subprocess.Popen[bytes]) -> int | None:
    """The exit code of a child that said no more: it is on its way out."""
    with suppress(subprocess.TimeoutExpired):
        return child.wait(1)
    return None


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise RuntimeError("the sandbox child has no pipe")
    return stream
