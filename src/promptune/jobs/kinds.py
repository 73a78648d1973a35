"""What a job can be: each kind is one function that a worker process calls with its work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptune.jobs.progress import Progress
from promptune.registry import Registry


class Cancelled(Exception):
    """Somebody asked this job to end; what it has is kept."""


@dataclass(frozen=True)
class Work:
    """One job as its worker sees it. A kind writes below `folder` only, and goes on from what it finds there."""

    folder: Path
    spec: dict[str, Any]  # frozen when the job was queued
    progress: Progress
    cancelled: threading.Event

    @property
    def id(self) -> str:
        return self.folder.name

    def check(self) -> None:
        """To be called often: it is how a job ends soon when it is asked to."""
        if self.cancelled.is_set():
            raise Cancelled


KINDS: Registry[Callable[[Work], None]] = Registry("kind of job")
