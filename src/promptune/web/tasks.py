"""The tab Tasks: those there are, what is in one of them, and the way to a new one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from promptune.lab import Lab
from promptune.web import compare_task, compare_wire, library, newtask, newtask_page, pane, present, present_tasks
from promptune.web.compare_form import CompareForm
from promptune.web.guard import LOCAL, Visitor
from promptune.web.handlers import QUIET, Stops, bound, press_stop, words
from promptune.web.library import ShelfForm
from promptune.web.newtask import NewTask
from promptune.web.present import download_links
from promptune.web.shelves import Opened, Rows, Shelf

Changes = dict[Any, Any]  # widget: its new value
WHAT = "A task is a table of rows and a template that makes a question and its right answer of each."


@dataclass(frozen=True)
class TasksForm:
    home: gr.Column
    shelf: ShelfForm
    use: gr.Button
    examples: gr.HTML
    model: gr.Dropdown
    count: gr.Button
    stop: gr.Button
    lengths: gr.HTML
    new: gr.Button
    maker: gr.Column
    back: gr.Button
    made: NewTask


def _rows(lab: Lab, owner: str) -> Rows:
    return [(present_tasks.row(task), task.slug) for task in lab.tasks.list(owner)]


def _open(lab: Lab, owner: str, slug: str) -> Opened:
    """Everything about a task that needs no model."""
    info, data = lab.tasks.get(owner, slug), lab.tasks.load(owner, slug)
    glance = lab.describe(owner, slug)
    html = present_tasks.about(info, data.task) + present_tasks.rows(glance) + present_tasks.warnings(glance)
    deleting = "" if info.origin == "built-in" else "Its rows and its template are lost; answers that were asked with it stay."
    return Opened(info.title, download_links([("zip", f"tasks/{slug}.zip")]) + html, deleting)


SHELF = Shelf(
    "tasks",
    "Tasks",
    "No tasks yet. Press “New task” and bring a file.",
    _rows,
    _open,
    lambda lab, owner, slug: lab.tasks.delete(owner, slug),
    lambda lab, owner, slug, label: lab.tasks.rename(owner, slug, label),
)


# ---- handlers ----


def clear(stops: Stops, visitor: Visitor) -> tuple[str, str]:
    """Another task: what was counted of the last one is not of this one."""
    stops.press(visitor)
    return present.empty("Making the examples …"), ""


def show_examples(lab: Lab, visitor: Visitor, slug: str) -> str:
    if not slug:
        return ""
    return newtask.examples(lab, visitor, lab.tasks.load(visitor.owner, slug))


def measure(lab: Lab, form: TasksForm, stops: Stops, visitor: Visitor, slug: str, model: str) -> Iterator[Changes]:
    """Every prompt counted in a model's tokens; Stop ends it, and so does choosing another task."""
    stopping = threading.Event()
    yield {form.count: gr.Button(interactive=False), form.stop: gr.Button(visible=True), form.lengths: present.empty("Counting …")}
    said = ""  # where it is stopped: perhaps another task is open by then
    try:
        with stops.watch(visitor, stopping), closing(lab.lengths(visitor.owner, slug, f"{model}/zero-shot")) as news:
            while not stopping.is_set():
                try:
                    step = next(news)
                except StopIteration as end:
                    said = present_tasks.lengths(end.value, model)
                    break
                yield {form.lengths: present_tasks.measuring(step.done, step.total)}
    except Exception as error:
        said = present.fault(words(error))
    yield {form.count: gr.Button(interactive=True), form.stop: gr.Button(visible=False), form.lengths: said}


def models(lab: Lab, visitor: Visitor, chosen: str) -> Any:
    there = pane.usable(lab, visitor.owner)
    return gr.Dropdown(choices=there, value=chosen if chosen in {slug for _, slug in there} else lab.settings.default_model)


def use(lab: Lab, compare_form: CompareForm, visitor: Visitor, slug: str) -> tuple[Any, Any]:
    """Compare is opened, in this task."""
    lab.tasks.get(visitor.owner, slug)
    return gr.Tabs(selected="compare"), gr.Dropdown(choices=compare_task.tasks(lab, visitor.owner), value=slug)


def turn(form: TasksForm, to_new: bool, visitor: Visitor) -> Changes:
    """From the list to New task, or back."""
    return {form.home: gr.Column(visible=not to_new), form.maker: gr.Column(visible=to_new)}


def see(lab: Lab, form: TasksForm, visitor: Visitor, slug: str) -> Changes:
    """The task that was just saved, opened in its list."""
    return turn(form, False, visitor) | library.refresh(lab, SHELF, form.shelf, visitor, slug)


# ---- layout ----


def build(lab: Lab, tab: gr.Tab, tabs: gr.Tabs, compare_form: CompareForm) -> None:
    with gr.Column(elem_id="tasks-home") as home:
        with gr.Row(elem_classes="actions intro"):
            gr.HTML(f'<p class="soft small">{present.esc(WHAT)}</p>', js_on_load=None, apply_default_css=False)
            new = gr.Button("New task", variant="primary", elem_classes=["btn", "go"], elem_id="new-task")
        shelf, extra = library.build_shelf(SHELF, lambda: gr.Button("Use in Compare", variant="primary", elem_classes=["btn", "go"], elem_id="use-task"))
        with shelf.beside:
            examples = gr.HTML("", elem_id="task-examples", js_on_load=None, apply_default_css=False)
            gr.HTML("<h3>Lengths</h3>", js_on_load=None, apply_default_css=False)
            with gr.Row(elem_classes="actions", elem_id="task-lengths"):
                choices = pane.usable(lab, LOCAL)
                model = gr.Dropdown(choices, value=lab.settings.default_model, label="Model", interactive=True, filterable=False, scale=0, min_width=200)
                count = gr.Button("Count its tokens", elem_classes="btn", elem_id="count")
                stop = gr.Button("Stop", elem_classes="btn", visible=False, elem_id="count-stop")
            lengths = gr.HTML("", elem_id="lengths", js_on_load=None, apply_default_css=False)
    with gr.Column(visible=False, elem_id="maker") as maker:
        with gr.Row(elem_classes="actions intro"):
            gr.HTML("<h2>New task</h2>", js_on_load=None, apply_default_css=False)
            back = gr.Button("Back to the tasks", elem_classes="btn", elem_id="maker-back")
        made = newtask_page.build(lab)
    wire(lab, TasksForm(home, shelf, extra, examples, model, count, stop, lengths, new, maker, back, made), tab, tabs, compare_form)


# ---- wiring ----


def wire(lab: Lab, form: TasksForm, tab: gr.Tab, tabs: gr.Tabs, compare_form: CompareForm) -> None:
    stops, rows = Stops(), form.shelf.rows
    quick: dict[str, Any] = {**QUIET, "queue": False}
    library.wire(lab, SHELF, form.shelf, [], tab)
    tab.select(bound(models, lab), form.model, form.model, api_name="tasks_models", **quick)
    cleared = rows.change(bound(clear, stops), None, [form.examples, form.lengths], api_name="tasks_clear", **quick)
    cleared.then(bound(show_examples, lab), rows, form.examples, api_name="tasks_examples", **QUIET)
    counted = [form.count, form.stop, form.lengths]
    form.count.click(bound(measure, lab, form, stops), [rows, form.model], counted, api_name="tasks_count", trigger_mode="once", **QUIET)
    form.stop.click(bound(press_stop, stops), None, None, api_name="tasks_count_stop", **quick)
    turned = [form.home, form.maker]
    begun = form.new.click(bound(turn, form, True), None, turned, api_name="tasks_new", **quick)
    made = form.made
    form.new.click(bound(newtask.fresh, lab, made), [made.save.saved, made.data.brought], made.emptied(), api_name="tasks_fresh", **quick)
    left = form.back.click(bound(turn, form, False), None, turned, api_name="tasks_back", **quick)
    newtask_page.wire(lab, made)
    saved = made.save
    seen = saved.see.click(bound(see, lab, form), saved.saved, [*turned, *form.shelf.listed()], api_name="tasks_see", **quick)
    for event, name, where in ((begun, "new", "#maker h2"), (left, "back", "#new-task"), (seen, "see", "#use-task")):
        event.success(None, None, None, js=f"() => window.promptune.arrive('{where}')", api_name=f"tasks_{name}_arrive", **QUIET)
    for name, button, slug in (("use", form.use, rows), ("saved", saved.use, saved.saved)):
        used = button.click(bound(use, lab, compare_form), slug, [tabs, compare_form.task], api_name=f"tasks_{name}", **quick)
        compare_wire.choose(lab, compare_form, used.success, f"tasks_{name}")
