"""The one place where the page reaches past the lab, for what is pure: a table that was read, a guess at its template, a draft at a glance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptune.lab import LibraryTemplate, Overview, TaskData, TaskFile
from promptune.tasks.definition import Making
from promptune.tasks.names import names
from promptune.tasks.overview import overview
from promptune.tasks.sources import gather
from promptune.tasks.tables.table import BadRow, Found, ReadOptions, Table
from promptune.tasks.templates import best_guess

__all__ = ["BadRow", "Found", "Making", "ReadOptions", "Table", "Tables", "glance", "guess", "read", "written"]


@dataclass(frozen=True)
class Tables:
    by_name: Mapping[str, Table]  # by split; under "" where there is one
    form: TaskFile  # what the source says of itself, where it is a task's own file
    title: str


def read(source: Path, options: ReadOptions) -> Tables:
    gathered = gather([source], TaskFile(read=options))
    by_name: dict[str, Table] = {"": gathered.tables} if isinstance(gathered.tables, Table) else {str(name): table for name, table in gathered.tables.items()}
    return Tables(by_name, gathered.form, gathered.title)


def written(columns: Sequence[str]) -> dict[str, str]:
    """How a template writes each column."""
    return names(columns)


def guess(columns: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> tuple[LibraryTemplate, dict[str, str]] | None:
    return best_guess(columns, sample)


def glance(data: TaskData) -> Overview:
    return overview(data.examples)
