"""What a person points at, as tables: a file, files named by their splits, a folder, a task's YAML, an exported zip."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

from promptune.core.task import SPLITS, Row, Split
from promptune.errors import UserError
from promptune.tasks import folder, pack
from promptune.tasks.definition import TaskFile
from promptune.tasks.draft import Tables
from promptune.tasks.hubfiles import WHOLE, split_named
from promptune.tasks.tables import read_table
from promptune.tasks.tables.table import Table

TABLES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet")
FILES = (*TABLES, ".yaml", ".yml", ".zip")


@dataclass(frozen=True)
class Gathered:
    tables: Tables
    form: TaskFile  # what the source says of itself, and the person over that
    title: str  # what to call it where nobody said


def gather(sources: Sequence[Path], wanted: TaskFile) -> Gathered:
    if len(sources) == 1:
        return _one(sources[0], wanted)
    if missing := [str(source) for source in sources if not source.is_file()]:
        raise UserError(f"{', '.join(missing)} is no file.", where="files", todo="Give one folder, or files named by their splits.")
    return Gathered(_by_split(sources, wanted), wanted, sources[0].resolve().parent.name)


def split_of(file: Path) -> Split | None:
    """Which split a file's name says it is: train.csv, reviews_dev.jsonl, test-00.parquet."""
    return split_named(file.stem)


def _one(source: Path, wanted: TaskFile) -> Gathered:
    if source.is_dir():
        if (source / folder.YAML).is_file():
            return _from_yaml(source / folder.YAML, wanted)
        files = sorted(file for file in source.iterdir() if file.suffix.lower() in TABLES and file.is_file() and not file.name.startswith("."))
        if not files:
            raise UserError("it holds no table.", where=str(source), todo=f"Give a folder with {', '.join(TABLES)} files, or a task's folder.")
        if (len(files) == 1 and split_of(files[0]) is None) or all(file.stem.startswith(f"{WHOLE}-") for file in files):
            return Gathered(reduce(joined, (read_table(file, wanted.read) for file in files)), wanted, source.resolve().name)
        return Gathered(_by_split(files, wanted), wanted, source.resolve().name)
    if source.suffix.lower() in (".yaml", ".yml"):
        return _from_yaml(source, wanted)
    if pack.is_pack(source):
        with ExitStack() as stack:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="promptune-")))
            pack.unpack(source, place)
            return _from_yaml(place / folder.YAML, wanted)
    return Gathered(read_table(source, wanted.read), wanted, source.stem)


def _from_yaml(file: Path, wanted: TaskFile) -> Gathered:
    form = TaskFile.load(file)
    form = form.model_copy(update={key: getattr(wanted, key) for key in wanted.model_fields_set})
    if isinstance(form.rows, str):
        if not form.rows:
            raise UserError("it does not say where its rows are.", where=file.name, todo="Write `rows: reviews.csv`.")
        return Gathered(read_table(folder.beside(file.parent, form.rows), form.read), form, form.title or file.stem)
    return Gathered(folder.tables(form, file.parent), form, form.title or form.name or file.stem)


def _by_split(files: Sequence[Path], wanted: TaskFile) -> dict[Split, Table]:
    unclear = [file.name for file in files if split_of(file) is None]
    if unclear:
        todo = "Name each file by its split, such as train.csv and test.csv, or give one file and let Promptune split it."
        raise UserError(f"which split {', '.join(unclear)} is cannot be told from its name.", where="files", todo=todo)
    found: dict[Split, Table] = {}
    for split in SPLITS:
        for file in files:
            if split_of(file) == split:
                table = read_table(file, wanted.read)
                found[split] = joined(found[split], table) if split in found else table
    return found


def joined(first: Table, second: Table) -> Table:
    """One split in several files: the second's rows are numbered on from the first's."""
    after = max([row.number for row in first.rows] + [bad.row for bad in first.bad] or [0])
    rows = tuple(Row(after + row.number, row.values) for row in second.rows)
    bad = tuple(replace(one, row=after + one.row, line=None) for one in second.bad)
    return Table(tuple(dict.fromkeys((*first.columns, *second.columns))), (*first.rows, *rows), (*first.bad, *bad), first.found)
