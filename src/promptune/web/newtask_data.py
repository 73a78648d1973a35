"""New task, its first step: a file or a dataset is brought and read, and what was found is shown before anything is made of it."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, cast

import gradio as gr

from promptune.errors import UserError
from promptune.lab import Lab, Upload
from promptune.web import present, present_new, reading
from promptune.web.guard import Visitor
from promptune.web.handlers import Stops, words
from promptune.web.newtask_form import Brought, Changes, ReadForm, Step, options

SAMPLE, SHOWN = 50, 5  # rows that a guess may look at, and that are shown


@dataclass(frozen=True)
class DataForm:
    step: Step
    upload: gr.Textbox  # hidden: head.js writes the id of what was sent into it
    hub: gr.Textbox
    config: gr.Textbox
    fetch: gr.Button
    stop: gr.Button
    oops: gr.HTML  # beside what brings a file
    found: gr.Column
    told: gr.HTML
    read: ReadForm
    rows: gr.HTML
    keep_good: gr.Checkbox
    go: gr.Button
    oops_go: gr.HTML
    brought: gr.State

    def shown(self) -> list[Any]:
        return [self.oops, self.stop, self.found, self.told, self.rows, self.keep_good, self.go, self.oops_go, self.brought]


def bring(lab: Lab, form: DataForm, visitor: Visitor, upload: str, brought: Brought | None, *read: Any) -> Iterator[Changes]:
    """A file that arrived, instead of the last one; nothing, where the page was only emptied."""
    if not upload:
        return
    if brought and brought.upload != upload:
        lab.uploads.delete(visitor.owner, brought.upload)
    try:
        yield from _read(lab, form, visitor, lab.uploads.get(visitor.owner, upload), read)
    except UserError as error:
        yield {form.oops: present.fault(words(error))}


def fetch(lab: Lab, form: DataForm, stops: Stops, visitor: Visitor, hub: str, config: str, *read: Any) -> Iterator[Changes]:
    """A dataset by its hub name."""
    if not hub.strip():
        yield {form.oops: present.fault("Write a dataset’s hub name first, such as org/name.")}
        return
    stopping = threading.Event()
    try:
        with stops.watch(visitor, stopping):
            upload = yield from _fetching(form, hub.strip(), lab.fetch_dataset(visitor.owner, hub.strip(), config.strip() or None), stopping)
    except Exception as error:
        yield {form.oops: present.fault(words(error)), form.stop: gr.Button(visible=False)}
        return
    if upload is None:
        yield {form.oops: present.empty("Stopped. Nothing of it was kept."), form.stop: gr.Button(visible=False)}
        return
    yield {form.stop: gr.Button(visible=False)}
    yield from _read(lab, form, visitor, upload, read)


def _fetching(form: DataForm, name: str, news: Generator[Any, None, Upload], stopping: threading.Event) -> Generator[Changes, None, Upload | None]:
    with closing(news):
        while not stopping.is_set():
            try:
                step = next(news)
            except StopIteration as end:
                return cast(Upload, end.value)
            yield {form.oops: present.fetching(name, step.done, step.total), form.stop: gr.Button(visible=True)}
    return None


def again(lab: Lab, form: DataForm, visitor: Visitor, brought: Brought | None, *read: Any) -> Iterator[Changes]:
    """The same file, read as the person says; whoever only looked at what can be said has it as it was."""
    if brought and brought.read != options(*read):
        yield from bring(lab, form, visitor, brought.upload, brought, *read)
    else:
        yield {form.oops: gr.skip()}  # a generator that ends without a word can empty what the page shows


def _read(lab: Lab, form: DataForm, visitor: Visitor, upload: Upload, read: tuple[Any, ...]) -> Iterator[Changes]:
    title = PurePath(upload.name).stem if "/" not in upload.name else upload.name.rpartition("/")[2]
    yield {form.oops: present.empty(f"Reading {upload.name} …")}
    path = lab.uploads.path(visitor.owner, upload.id)
    try:
        tables = reading.read(path, options(*read))
    except Exception as error:  # what was said of the file stays in sight where it may be why
        unread = {form.found: gr.Column(visible=any(read)), form.told: "", form.rows: "", form.go: gr.Button(visible=False)}
        yield {
            form.oops: present.fault(words(_of(error, path.name, upload.name))),
            form.brought: Brought(upload.id, title, options(*read)),
            **unread,
            **_asks(form, 0),
        }
        return
    there = tables.by_name.values()
    columns = tuple(dict.fromkeys(name for table in there for name in table.columns))
    good, bad = sum(len(table.rows) for table in there), [(name, one) for name, table in tables.by_name.items() for one in table.bad]
    sample = tuple(row.values for table in there for row in table.rows[:SAMPLE])[:SAMPLE]
    yield {
        form.oops: "",
        form.found: gr.Column(visible=True),
        form.told: present_new.found(upload.name, {name: (table.found, len(table.rows)) for name, table in tables.by_name.items()}, upload.notes),
        form.rows: present_new.first_rows(columns, [row.values for row in next(iter(there)).rows[:SHOWN]], good) + present_new.bad_rows(bad),
        form.go: gr.Button(visible=good > 0),
        form.brought: Brought(upload.id, tables.form.title or title, options(*read), columns, sample, good, len(bad), tables.form),
        **_asks(form, len(bad) if good else 0),
    }


def _of(error: Exception, ours: str, theirs: str) -> Exception:
    """A file is called what its owner calls it."""
    if type(error) is UserError and error.where == ours:
        return UserError(error.what, where=f"“{present.clip(theirs, 60)}”", todo=error.todo)
    return error


def _asks(form: DataForm, bad: int) -> Changes:
    """The choice to go on is asked anew whenever the rows are others."""
    return {form.keep_good: gr.Checkbox(label=without(bad), value=False, visible=bad > 0), form.oops_go: ""}


def without(bad: int) -> str:
    return "Go on without the bad row" if bad == 1 else f"Go on without the {bad:,} bad rows"


def ready(brought: Brought | None, keep_good: bool) -> str:
    """Why the next step cannot begin; empty when it can."""
    if not brought or not brought.good:
        return "Bring a file first."
    if brought.bad and not keep_good:
        return f"{present.plural(brought.bad, 'row')} cannot be used. Mend the file and bring it again, or tick the box above."
    return ""


def line(brought: Brought) -> str:
    """The step when it is folded."""
    columns = present.clip(", ".join(brought.columns), 60)
    left_out = f" · {brought.bad} left out" if brought.bad else ""
    return f"{present.clip(brought.title, 40)} · {present.plural(brought.good, 'row')}{left_out} · {columns}"
