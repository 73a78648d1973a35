"""The Lab's tasks: those that come with Promptune and an owner's own, from a file that is brought to examples that are asked."""

from __future__ import annotations

import random
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from promptune.core.task import SPLITS, Example, Row, Split
from promptune.errors import NotFound, Problems, UserError
from promptune.registry import did_you_mean
from promptune.sandbox import Sandbox
from promptune.scoring.metrics.registry import unknown
from promptune.settings import Settings
from promptune.store import KeptRecord, Store, artefacts
from promptune.store.rows import new_id
from promptune.tasks import folder, pack, promptsource
from promptune.tasks.definition import TaskFile
from promptune.tasks.draft import Draft, draft, unusable
from promptune.tasks.folder import TaskData
from promptune.tasks.overview import Overview, overview
from promptune.tasks.render import Renderer
from promptune.tasks.sources import gather

BUILT_IN = Path(__file__).resolve().parents[2] / "configs" / "tasks"  # there is none where only the package was installed
KEPT = 50_000  # rows of tasks kept in memory, read and rendered
SMALL = 10  # rows of a task that are all shown as chips


@dataclass(frozen=True)
class TaskInfo:
    slug: str
    title: str
    description: str
    origin: Literal["built-in", "own"]
    answer_type: str
    metrics: tuple[str, ...]
    input: str


@dataclass(frozen=True)
class About:
    """Which task a question is asked in, and the row it came from, if any; `values` are other columns given by hand."""

    task: str
    split: Split | None = None
    row: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Picked:
    """A row to ask: where it stands, and what a person would have typed for it."""

    split: Split
    row: int
    text: str


class TaskRoom:
    def __init__(self, settings: Settings, store: Store) -> None:
        self._store, self._folder = store, settings.home / "tasks"
        self._sandbox = Sandbox()
        self._renderer = Renderer(self._sandbox)
        self._lock = threading.Lock()
        self._read: OrderedDict[Path, _Kept] = OrderedDict()

    def close(self) -> None:
        self._sandbox.close()

    # ---- what there is ----

    def list(self, owner: str) -> list[TaskInfo]:
        built_in = [_info(slug, "built-in", TaskFile.load(file)) for slug, file in self._built_in(owner).items()]
        return built_in + [_own(record) for record in self._store.tasks.list(owner)]

    def get(self, owner: str, slug: str) -> TaskInfo:
        if file := self._built_in(owner).get(slug):
            return _info(slug, "built-in", TaskFile.load(file))
        return _own(self._record(owner, slug))

    def is_own(self, owner: str, slug: str) -> bool:
        """Whether the name means one of the owner's own, not one that comes with Promptune."""
        return slug not in self._built_in(owner)

    def load(self, owner: str, slug: str) -> TaskData:
        """With its rows and examples."""
        data = self._data(self._file(owner, slug))
        title = data.task.title if slug in self._built_in(owner) else self._record(owner, slug).label
        return replace(data, task=replace(data.task, name=slug, title=title))

    def describe(self, owner: str, slug: str) -> Overview:
        return self._kept(self._file(owner, slug)).overview

    # ---- one question ----

    def question(self, owner: str, question: str, about: About) -> Example:
        """The task's prompt for a question. Where it is a row's own its answer is known; where it was typed or changed there is none."""
        data = self.load(owner, about.task)
        for name in about.values:
            if name not in data.columns():
                raise UserError(f"the task {about.task!r} has no column {name!r}.", where="row", todo=did_you_mean(name, data.columns()))
        values: dict[str, Any] = {}
        if about.row is not None:
            values = _row(data, about).values
            if question == str(values.get(data.task.input, "")) and not about.values:
                return next(one for one in data.examples[about.split or "test"] if one.row == about.row)
        return self._renderer.ask(data.task, {**values, **about.values, data.task.input: question})

    def typed(self, owner: str, about: About) -> str:
        """What a person would have typed for a row."""
        data = self.load(owner, about.task)
        return str(_row(data, about).values.get(data.task.input, ""))

    def pick(self, owner: str, slug: str, other_than: int = 0) -> Picked:
        """A test row by chance, another one than before."""
        rows = self._picks(self.load(owner, slug), "test")
        if not rows:
            raise UserError(f"the task {slug!r} has no test rows.", todo="Type a question.")
        return random.choice([one for one in rows if one.row != other_than] or rows)

    def chips(self, owner: str, slug: str) -> tuple[Picked, ...]:
        """Every row of a task that is small enough to be shown whole."""
        data = self.load(owner, slug)
        found = [one for split in SPLITS for one in self._picks(data, split)]
        return tuple(found) if len(found) <= SMALL else ()

    @staticmethod
    def _picks(data: TaskData, split: Split) -> tuple[Picked, ...]:
        return tuple(Picked(split, row.number, str(row.values.get(data.task.input, ""))) for row in data.rows.get(split, ()))

    # ---- making, keeping ----

    def draft(self, sources: Sequence[Path], wanted: TaskFile, title: str = "") -> Draft:
        """Everything a task would be, with everything wrong by row; nothing is kept."""
        gathered = gather(sources, wanted)
        if gathered.form.metrics and (wrong := unknown(gathered.form.metrics)):
            raise Problems(wrong)
        return draft(gathered.tables, gathered.form, self._renderer, title=title or gathered.title)

    def promptsource(self, file: Path, named: str = "") -> dict[str, Any]:
        """What one template of a promptsource YAML says, as a TaskFile has it; `named` may be left out where there is one."""
        found = promptsource.load(file)
        if not named and len(found) == 1:
            named = next(iter(found))
        if named not in found:
            raise UserError(f"which of its {len(found)} templates is meant: {named!r}?", where=file.name, todo=did_you_mean(named, found))
        if found[named].problem:
            raise UserError(f"the template {named!r} cannot be used: {found[named].problem}", where=file.name, todo="Take another one.")
        return {key: value for key, value in asdict(found[named].filled).items() if value}

    def keep(self, owner: str, made: Draft, *, slug: str = "", keep_good: bool = False) -> TaskInfo:
        if made.bad and not (keep_good or made.keep_good):
            raise UserError(unusable(made.bad), where="rows", todo="Mend them, or say that the good rows are enough (--keep-good).")
        task, id = made.task, new_id()
        wanted = slug or task.name
        if wanted in _built_in():
            if slug:
                raise UserError(f"{slug!r} is a task that comes with Promptune.", where="name", todo="Take another name.")
            wanted += "-2"
        place = self._folder / id
        with artefacts.building(place) as building:
            folder.write(building, task, made.data.rows)
        try:
            content = {"description": task.description, "answer_type": task.answer_type, "metrics": list(task.metrics), "input": task.input}
            return _own(self._store.tasks.add(owner, slug=wanted, label=task.title, content=content, id=id, exact=bool(slug)))
        except BaseException:
            artefacts.remove(place)
            raise

    def rename(self, owner: str, slug: str, label: str) -> None:
        self._not_built_in(owner, slug)
        self._store.tasks.rename(owner, slug, label)

    def delete(self, owner: str, slug: str) -> None:
        self._not_built_in(owner, slug)
        record = self._record(owner, slug)
        self._store.tasks.delete(owner, slug)
        with self._lock:
            self._read.pop(self._folder / record.id / folder.YAML, None)
        artefacts.remove(self._folder / record.id)

    def export(self, owner: str, slug: str, archive: Path) -> Path:
        """A zip that `tasks new` reads again."""
        data = self.load(owner, slug)
        with TemporaryDirectory(prefix="promptune-") as place:
            folder.write(Path(place), data.task, data.rows)
            pack.pack(Path(place), archive)
        return archive

    def size(self, owner: str, slug: str) -> int:
        """Bytes on disk."""
        return 0 if slug in self._built_in(owner) else artefacts.size(self._folder / self._record(owner, slug).id)

    # ---- inside ----

    def _built_in(self, owner: str) -> dict[str, Path]:
        """Those that come with Promptune. A person's own task of the same name was there first, and stays what the name means."""
        own = {record.slug for record in self._store.tasks.list(owner)}
        return {slug: file for slug, file in _built_in().items() if slug not in own}

    def _record(self, owner: str, slug: str) -> KeptRecord:
        try:
            return self._store.tasks.get(owner, slug)
        except NotFound:
            known = [*_built_in(), *(record.slug for record in self._store.tasks.list(owner))]
            raise NotFound(f"no task {slug!r}.", todo=did_you_mean(slug, known)) from None

    def _file(self, owner: str, slug: str) -> Path:
        return self._built_in(owner).get(slug) or self._folder / self._record(owner, slug).id / folder.YAML

    def _not_built_in(self, owner: str, slug: str) -> None:
        if slug in self._built_in(owner):
            raise UserError(f"{slug!r} comes with Promptune and stays as it is.", todo="Export it and make a task of your own.")

    def _data(self, file: Path) -> TaskData:
        return self._kept(file).data

    def _kept(self, file: Path) -> _Kept:
        """Read once, as long as its YAML is the same. Nobody waits while another task is read; two who want the same one may both read it."""
        stamp = file.stat().st_mtime_ns if file.exists() else 0
        with self._lock:
            there = self._read.get(file)
        if there is None or there.stamp != stamp:
            if (file.parent / artefacts.MANIFEST).exists():
                artefacts.verify(file.parent)
            there = _Kept(stamp, folder.read(file, self._renderer))
        with self._lock:
            self._read[file] = there
            self._read.move_to_end(file)
            while len(self._read) > 1 and sum(map(len, self._read.values())) > KEPT:
                self._read.popitem(last=False)
        return there


@dataclass
class _Kept:
    """A task in memory."""

    stamp: int  # of its YAML, in nanoseconds
    data: TaskData

    @cached_property
    def overview(self) -> Overview:
        return overview(self.data.examples)

    def __len__(self) -> int:
        return sum(map(len, self.data.rows.values()))


def _row(data: TaskData, about: About) -> Row:
    split = about.split or "test"
    found = next((row for row in data.rows.get(split, ()) if row.number == about.row), None)
    if found is None:
        raise NotFound(f"the task {about.task!r} has no {split} row {about.row}.", todo=f"It has {_count(len(data.rows.get(split, ())), f'{split} row')}.")
    return found


def _built_in() -> dict[str, Path]:
    files = [*BUILT_IN.glob("*.yaml"), *BUILT_IN.glob(f"*/{folder.YAML}")]
    return dict(sorted((file.parent.name if file.name == folder.YAML else file.stem, file) for file in files))


def _info(slug: str, origin: Literal["built-in", "own"], form: TaskFile) -> TaskInfo:
    return TaskInfo(slug, form.title or slug, form.description, origin, form.answer_type or "text", form.metrics, form.input)


def _own(record: KeptRecord) -> TaskInfo:
    content = record.content
    return TaskInfo(record.slug, record.label, content["description"], "own", content["answer_type"], tuple(content["metrics"]), content["input"])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
