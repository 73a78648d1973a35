"""Fetching from the hub: a model's safetensors, configuration and tokenizer, or a dataset's tables; nothing that could run.

A process of its own does it (hub_child.py), so that it can be watched by what lies on the disk, and stopped.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from promptune import children
from promptune.errors import UserError
from promptune.store import artefacts

LOOK = 0.3  # seconds between two looks at what has come


@dataclass(frozen=True)
class Fetched:
    """How far it is, in bytes; `total` is 0 until the hub has named it."""

    done: int
    total: int


@dataclass(frozen=True)
class Dataset:
    folder: Path  # called as the dataset is; it holds only tables, named by their splits: train-00.parquet, or rows-00.csv where nobody split it
    notes: tuple[str, ...]  # what the hub has and was not fetched


def fetch(hub_id: str, place: Path, *, offline: bool) -> Generator[Fetched, None, None]:
    """A model, until `place` is there, whole. Closing the generator, or a failure, leaves nothing behind."""
    yield from _fetch("model", hub_id, place, offline=offline)


def fetch_dataset(hub_id: str, config: str | None, place: Path, *, offline: bool) -> Generator[Fetched, None, Dataset]:
    """A dataset, likewise, in a folder below `place`. `config`: which of its subsets, where it has several."""
    last = yield from _fetch("dataset", hub_id, place, *([] if config is None else [config]), offline=offline)
    return Dataset(place / last["folder"], tuple(last["notes"]))


def _fetch(kind: Literal["model", "dataset"], hub_id: str, place: Path, *more: str, offline: bool) -> Generator[Fetched, None, dict[str, Any]]:
    if offline:
        todo = f"Give a {'folder' if kind == 'model' else 'file'}, or set PROMPTUNE_OFFLINE=false."
        raise UserError(f"{hub_id!r} would be looked for on the hub, and Promptune is set to work offline.", where=kind, todo=todo)
    with artefacts.building(place) as folder:
        argv = children.argv("promptune.hub_child", kind, hub_id, str(folder), *more)
        with subprocess.Popen(argv, env=children.environment(online=True), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
            try:
                return (yield from _watch(child, folder, kind))
            finally:
                child.kill()


def _watch(child: subprocess.Popen[bytes], folder: Path, kind: str) -> Generator[Fetched, None, dict[str, Any]]:
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
    last: dict[str, Any] = json.loads(child.stdout.readline() or b"{}") if "total" in first else first
    if not last.get("whole"):
        raise UserError(last.get("what", "the download ended without a word."), where=kind, todo=last.get("todo", "Try again."))
    return last
