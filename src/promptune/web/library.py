"""The tab Library: everything kept, in lists. Choosing a row opens it; what can be done with it stands beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

import gradio as gr

from promptune.errors import NotFound
from promptune.lab import Lab, ModelInfo
from promptune.web import present
from promptune.web.compare_form import CompareForm
from promptune.web.guard import Visitor
from promptune.web.handlers import QUIET, Stops, bound, press_stop, words
from promptune.web.shelves import SHELVES, Rows, Shelf

T = TypeVar("T")
Adding = tuple[str, str, gr.Button]
Changes = dict[Any, Any]  # widget: its new value
LINE: dict[str, Any] = {"show_label": False, "container": False, "max_lines": 1}
NOT_FOUND = "Nothing has all of these words in it. Take some out, or empty the box to see everything."
NAMED = 60  # characters of a label that a question repeats


@dataclass(frozen=True)
class Manage:
    """What can be done with anything that is kept: a new label, and a deletion that is asked about."""

    row: gr.Row
    label: gr.Textbox
    rename: gr.Button
    question: gr.HTML
    yes: gr.Button


@dataclass(frozen=True)
class ShelfForm:
    """One list and what stands beside it, in the order of the page."""

    rows: gr.Radio
    empty: gr.HTML
    beside: gr.Column
    title: gr.HTML
    opened: gr.HTML
    bar: gr.Row
    label: gr.Textbox
    rename: gr.Button
    question: gr.HTML
    yes: gr.Button
    search: gr.Textbox | None = None

    def listing(self) -> list[Any]:
        """What says which rows are listed."""
        return [self.rows, *([self.search] if self.search else [])]

    def listed(self) -> list[Any]:
        return [self.rows, self.empty, self.beside]

    def shown(self) -> list[Any]:
        return [self.beside, self.title, self.opened, self.label, self.bar, self.question]


# ---- handlers ----


def refresh(lab: Lab, shelf: Shelf, form: ShelfForm, visitor: Visitor, chosen: str, search: str = "") -> Changes:
    """The rows there are now. Where nothing was chosen nothing is unchosen either: a person may have been quicker than this answer."""
    searched = bool(search.strip()) and shelf.search is not None
    rows = shelf.search(lab, visitor.owner, search) if searched and shelf.search else shelf.rows(lab, visitor.owner)
    none = NOT_FOUND if searched else shelf.empty
    changes: Changes = {form.rows: gr.Radio(choices=rows, visible=bool(rows)), form.empty: present.empty(none) if not rows else _more(shelf, rows)}
    if chosen:
        there = chosen in {id for _, id in rows}
        changes[form.rows] = gr.Radio(choices=rows, value=chosen if there else None, visible=bool(rows))
        changes[form.beside] = gr.Column(visible=there)
    return changes


def _more(shelf: Shelf, rows: Rows) -> str:
    """Nothing is left out of a list in silence."""
    return present.notice(f"The {shelf.most} newest are listed. Search for words of an older one.") if len(rows) == shelf.most else ""


def choose(lab: Lab, shelf: Shelf, form: ShelfForm, others: list[gr.Radio], visitor: Visitor, chosen: str) -> Changes:
    """One thing of all the lists is open."""
    if not chosen:
        return {form.beside: gr.Column(visible=False)}
    thing = shelf.open(lab, visitor.owner, chosen)
    return {
        form.beside: gr.Column(visible=True),
        form.title: f"<h2>{present.esc(thing.label)}</h2>",
        form.opened: thing.html,
        form.label: thing.label,
        form.bar: gr.Row(visible=bool(thing.deleting)),
        form.question: asked(thing.label, thing.deleting),
        **{rows: gr.Radio(value=None) for rows in others},
    }


def look_again(lab: Lab, shelf: Shelf, form: ShelfForm, others: list[gr.Radio], visitor: Visitor, chosen: str) -> Changes:
    """What is open may have changed on another tab: a talk goes on there, and is voted on."""
    try:
        return choose(lab, shelf, form, others, visitor, chosen)
    except NotFound:
        return {form.beside: gr.Column(visible=False)}


def asked(label: str, deleting: str) -> str:
    """The question before a deletion."""
    return f'<span class="small">Delete “{present.esc(present.clip(label, NAMED))}”? {present.esc(deleting)}</span>'


def rename(lab: Lab, shelf: Shelf, form: ShelfForm, others: list[gr.Radio], visitor: Visitor, label: str, chosen: str, search: str = "") -> Changes:
    if shelf.rename is not None:
        shelf.rename(lab, visitor.owner, chosen, label)
    return refresh(lab, shelf, form, visitor, chosen, search) | choose(lab, shelf, form, others, visitor, chosen)


def delete(lab: Lab, shelf: Shelf, form: ShelfForm, visitor: Visitor, chosen: str, search: str = "") -> Changes:
    shelf.delete(lab, visitor.owner, chosen)
    return refresh(lab, shelf, form, visitor, chosen, search)


def open_in_compare(lab: Lab, tabs: gr.Tabs, open_: gr.Textbox, visitor: Visitor, chosen: str) -> Changes:
    """`open_`: the talk that Compare is to show."""
    return {open_: lab.talks.get(visitor.owner, chosen).id, tabs: gr.Tabs(selected="compare")}


def add_model(lab: Lab, stops: Stops, visitor: Visitor, source: str) -> Iterator[Adding]:
    """What is in the box, what is said under it, and whether Stop is there; what could not be added stays to be mended."""
    if not source.strip():
        yield "", present.fault("Write a folder or a hub id first."), gr.Button(visible=False)
        return
    stopping = threading.Event()
    try:
        with stops.watch(visitor, stopping):
            model = yield from _fetching(source, lab.add_model(visitor.owner, source), stopping)
    except Exception as error:
        yield source, present.fault(words(error)), gr.Button(visible=False)
    else:
        if model is None:
            yield source, present.empty("Stopped. Nothing of it was kept."), gr.Button(visible=False)
            return
        yield "", present.empty(f"Added as {model.slug}. Choose it in a pane’s settings."), gr.Button(visible=False)


def _fetching(source: str, news: Generator[Any, None, ModelInfo], stopping: threading.Event) -> Generator[Adding, None, ModelInfo | None]:
    """The model, or None where it was stopped. A tab that closes meanwhile closes the download too."""
    with closing(news):
        while not stopping.is_set():
            try:
                fetched = next(news)
            except StopIteration as end:
                return cast(ModelInfo, end.value)
            yield source, present.fetching(source.strip(), fetched.done, fetched.total), gr.Button(visible=True)
    return None


# ---- layout ----


def _first(shelf: Shelf) -> gr.Button | None:
    return gr.Button("Open in Compare", variant="primary", elem_classes=["btn", "go"], elem_id="open-talk") if shelf.name == "talks" else None


def _search(shelf: Shelf) -> gr.Textbox | None:
    if shelf.search is None:
        return None
    return gr.Textbox("", label=f"Search {shelf.title}", placeholder="Search", interactive=True, elem_classes="search", **LINE)


def build_shelf(shelf: Shelf, first: Callable[[], T]) -> tuple[ShelfForm, T]:
    """`first` builds what stands at the top of an opened thing, before what can be done with all of its kind."""
    with gr.Row(elem_classes="shelf", elem_id=f"shelf-{shelf.name}"):
        with gr.Column(elem_classes="list", min_width=280, scale=2):
            gr.HTML(f"<h2>{present.esc(shelf.title)}</h2>", js_on_load=None)
            search = _search(shelf)
            rows = gr.Radio([], label=shelf.title, show_label=False, container=False, interactive=True, elem_classes="rows")
            empty = gr.HTML(present.empty(shelf.empty), js_on_load=None, apply_default_css=False)
        with gr.Column(elem_classes="beside card", min_width=280, scale=3, visible=False) as beside:
            with gr.Row(elem_classes="actions titled"):
                title = gr.HTML("", js_on_load=None)
                extra = first()
            bar = build_manage(renamed=shelf.rename is not None)
            opened = gr.HTML("", js_on_load=None, apply_default_css=False)
    return ShelfForm(rows, empty, beside, title, opened, bar.row, bar.label, bar.rename, bar.question, bar.yes, search), extra


def build_manage(*, renamed: bool = True) -> Manage:
    with gr.Row(elem_classes="actions manage") as row:
        with gr.Row(elem_classes="edit", visible=renamed):
            label = gr.Textbox(label="Label", max_length=200, interactive=True, placeholder="Label", **LINE)
            rename_ = gr.Button("Rename", elem_classes="btn")
        gr.Button("Delete …", elem_classes=["btn", "danger", "ask-first"])  # head.js shows the question below, and hides it
        with gr.Row(elem_classes="actions sure"):
            question = gr.HTML("", js_on_load=None)
            yes = gr.Button("Delete it", elem_classes=["btn", "danger", "sure-yes"])
            gr.Button("Keep it", elem_classes=["btn", "sure-no"])
    return Manage(row, label, rename_, question, yes)


def build(lab: Lab, tab: gr.Tab, tabs: gr.Tabs, compare: CompareForm) -> None:
    built, stops = [build_shelf(shelf, partial(_first, shelf)) for shelf in SHELVES], Stops()
    forms = [form for form, _ in built]
    with gr.Column(elem_id="add-model"):
        with gr.Row(elem_classes="actions"):
            hint = "A folder with a model, or a hub id such as org/name"
            source = gr.Textbox(label="Add a model", placeholder=hint, max_lines=1, elem_id="model-source", interactive=True, scale=1)
            add = gr.Button("Add", elem_classes="btn", elem_id="add")
            stop = gr.Button("Stop", elem_classes="btn", elem_id="model-stop", visible=False)
        said = gr.HTML("", elem_id="model-said", js_on_load=None, apply_default_css=False)
    for shelf, form in zip(SHELVES, forms, strict=True):
        wire(lab, shelf, form, [other.rows for other in forms if other is not form], tab)
    for form, button in built:
        if button:
            opened = [compare.open, tabs]
            button.click(bound(open_in_compare, lab, tabs, compare.open), form.rows, opened, api_name="talks_compare", queue=False, **QUIET)
    models, there = SHELVES[-1], forms[-1]
    adding = gr.on([source.submit, add.click], bound(add_model, lab, stops), source, [source, said, stop], api_name="model_add", trigger_mode="once", **QUIET)
    stop.click(bound(press_stop, stops), None, None, api_name="model_stop", queue=False, **QUIET)
    adding.then(bound(refresh, lab, models, there), there.rows, there.listed(), api_name="model_added", queue=False, **QUIET)


# ---- wiring ----


def wire(lab: Lab, shelf: Shelf, form: ShelfForm, others: list[gr.Radio], tab: gr.Tab) -> None:
    name, rows, listing = shelf.name, form.rows, form.listing()
    tab.select(bound(refresh, lab, shelf, form), listing, form.listed(), api_name=f"{name}_list", queue=False, **QUIET)
    opened = rows.change(bound(choose, lab, shelf, form, others), rows, [*form.shown(), *others], api_name=f"{name}_open", queue=False, **QUIET)
    opened.success(None, None, None, js=f"() => window.promptune.reveal('shelf-{name}')", api_name=f"{name}_reveal", **QUIET)
    renamed = [*form.listed(), *form.shown()[1:], *others]
    renaming = [form.rename.click, form.label.submit]
    gr.on(renaming, bound(rename, lab, shelf, form, others), [form.label, *listing], renamed, api_name=f"{name}_rename", queue=False, **QUIET)
    form.yes.click(bound(delete, lab, shelf, form), listing, form.listed(), api_name=f"{name}_delete", queue=False, **QUIET)
    if form.search:
        each: dict[str, Any] = {**QUIET, "queue": False, "trigger_mode": "always_last"}
        tab.select(bound(look_again, lab, shelf, form, others), rows, [*form.shown(), *others], api_name=f"{name}_look", queue=False, **QUIET)
        form.search.change(bound(refresh, lab, shelf, form), listing, form.listed(), api_name=f"{name}_search", **each)
