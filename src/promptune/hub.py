"""Fetching a model from the hub: its safetensors, configuration and tokenizer, and nothing that could run.

A process of its own does it (hub_child.py), so that it can be watched by what lies on the disk, and stopped.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from promptune import children
from promptune.errors import UserError
from promptune.store import artefacts

LOOK = 0.3  # seconds between two looks at what has come


@dataclass(frozen=True)
class Fetched:
    """How far it is, in bytes; `total` is 0 until the hub has named it."""

    done: int
    total: int


def fetch(hub_id: str, place: Path, *, offline: bool) -> Generator[Fetched, None, None]:
    """Until `place` is there, whole. Closing the generator, or a failure, leaves nothing behind."""
    if offline:
        todo = "Give a folder, or set PROMPTUNE_OFFLINE=false."
        raise UserError(f"{hub_id!r} is on the hub, and Promptune is set to work offline.", where="model", todo=todo)
    with artefacts.building(place) as folder:
        argv = children.argv("promptune.hub_child", hub_id, str(folder))
        with subprocess.Popen(argv, env=children.environment(online=True), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
            try:
                yield from _watch(child, folder)
            finally:
                child.kill()


def _watch(child: subprocess.Popen[bytes], folder: Path) -> Generator[Fetched, None, None]:
    """The child says two lines: how much it will be, and how it ended."""
    assert child.stdout is not None
    yield Fetched(0, 0)
    first = json.loads(child.stdout.readline() or b"{}")
    while "total" in first and child.poll() is None:
        yield Fetched(artefacts.size(folder), int(first["total"]))
        try:
            child.wait(LOOK)
        except subprocess.TimeoutExpired:
            continue
    last = json.loads(child.stdout.readline() or b"{}") if "total" in first else first
    if not last.get("whole"):
        raise UserError(last.get("what", "the download ended without a word."), where="model", todo=last.get("todo", "Try again."))
