"""How a worker tells what it is doing: lines in its folder, which outlive it, and which the scheduler follows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from promptune.jobs.folder import PROGRESS
from promptune.jobs.lines import Lines, Tail


@dataclass(frozen=True)
class Step:
    done: int
    note: str  # for people: what it is doing


@dataclass(frozen=True)
class LastWord:
    """How the worker itself says that it ended."""

    state: Literal["done", "cancelled", "failed"]
    name: str = ""  # a failure's name, as in errors.py
    cause: str = ""


class Progress:
    """The worker's end."""

    def __init__(self, folder: Path) -> None:
        self._lines = Lines(folder / PROGRESS)

    def say(self, done: int, total: int, note: str) -> None:
        self._lines.add({"t": time.time(), "done": done, "total": total, "note": note})

    def end(self, word: LastWord) -> None:
        self._lines.add({"t": time.time(), "state": word.state, "name": word.name, "cause": word.cause})
        self._lines.sync()

    def close(self) -> None:
        self._lines.close()


class Follower:
    """The scheduler's end, begun before the worker starts: what an earlier worker said of this job is no news."""

    def __init__(self, folder: Path) -> None:
        self._tail = Tail(folder / PROGRESS)
        self.last_word: LastWord | None = None

    def news(self) -> Step | None:
        """The newest step, if there is one since the last look."""
        step = None
        for line in self._tail.new():
            if "state" in line:
                self.last_word = LastWord(line["state"], line["name"], line["cause"])
            else:
                step = Step(line["done"], line["note"])
        return step
