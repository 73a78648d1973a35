"""New task: its layout, and which event calls what."""

from __future__ import annotations

from typing import Any

import gradio as gr

from promptune.lab import Lab
from promptune.web import newtask, newtask_data, newtask_template, present_new
from promptune.web.handlers import QUIET, Stops, bound, press_stop
from promptune.web.newtask import LookForm, NewTask, SaveForm
from promptune.web.newtask_data import DataForm
from promptune.web.newtask_form import OWN, SHARES, STEPS, ReadForm, Step, TaskForm
from promptune.web.newtask_template import TemplateForm

HTML: dict[str, Any] = {"js_on_load": None, "apply_default_css": False}
TEXT: dict[str, Any] = {"interactive": True}
PICK: dict[str, Any] = {"interactive": True, "filterable": False}
FOUND = ("as it was found", "")
HINT = "CSV, TSV, JSON, JSON Lines or Parquet, up to 256 MB; or a task that Promptune exported (zip)."


class StepCard:
    """A card with a head, a way back, and a body to fill."""

    def __init__(self, place: int) -> None:
        with gr.Column(elem_classes="card step", elem_id=f"step-{STEPS[place].lower()}"):
            with gr.Row(elem_classes="actions step-head"):
                head = gr.HTML(present_new.step(place + 1, STEPS[place], "", open_=place == 0), **HTML)
                change = gr.Button("Change", elem_classes="lnk", visible=False) if place + 1 < len(STEPS) else None
            body = gr.Column(visible=place == 0, elem_classes="step-body")
        self.step = Step(head, change, body)


def build(lab: Lab) -> NewTask:
    cards = [StepCard(i).step for i in range(len(STEPS))]
    with cards[0].body:
        data = _data(cards[0])
    with cards[1].body:
        template = _template(lab, cards[1])
    with cards[2].body:
        look = LookForm(
            step=cards[2],
            examples=gr.HTML("", elem_id="look-examples", **HTML),
            rows=gr.HTML("", elem_id="look-rows", **HTML),
            keep_good=gr.Checkbox(label="", visible=False, interactive=True),
            oops=gr.HTML("", elem_classes="oops", **HTML),
            go=gr.Button("Continue", variant="primary", elem_classes=["btn", "go"], elem_id="look-go"),
            looked=gr.State(newtask.Looked()),
        )
    with cards[3].body:
        save = _save(cards[3])
    return NewTask(data, template, look, save, gr.State(()))


def _data(step: Step) -> DataForm:
    gr.HTML(present_new.drop_zone("upload-id", "Drop a file here", HINT), **HTML)
    with gr.Row(elem_classes="actions hub"):
        hub = gr.Textbox(label="Or a dataset of the Hugging Face hub", placeholder="org/name", max_lines=1, scale=3, elem_id="hub", **TEXT)
        config = gr.Textbox(label="Configuration", placeholder="where it has several", max_lines=1, scale=2, **TEXT)
        fetch = gr.Button("Fetch", elem_classes="btn", elem_id="fetch")
        stop = gr.Button("Stop", elem_classes="btn", visible=False, elem_id="fetch-stop")
    oops = gr.HTML("", elem_id="data-said", **HTML)
    with gr.Column(visible=False, elem_id="found") as found:
        told = gr.HTML("", **HTML)
        with gr.Accordion("Not right?", open=False, elem_classes="inner"), gr.Row(elem_classes="grid"):
            yes_no = [FOUND, ("yes", "yes"), ("no", "no")]
            separators = [FOUND, ("comma ,", ","), ("semicolon ;", ";"), ("tab", "\t"), ("bar |", "|"), ("colon :", ":"), ("space", " ")]
            read = ReadForm(
                encoding=gr.Textbox(label="Encoding", placeholder="as it was found", info="Such as UTF-8, Windows-1252, UTF-16.", max_lines=1, **TEXT),
                separator=gr.Dropdown(separators, value="", label="Separator", info="What stands between two values.", **PICK),
                header=gr.Dropdown(yes_no, value="", label="Header", info="Whether the first line names the columns.", **PICK),
                quoting=gr.Dropdown(yes_no, value="", label="Quotation marks", info="Whether they enclose values.", **PICK),
                columns=gr.Textbox(label="Column names", placeholder="text, label", info="Where the file has no header.", max_lines=1, **TEXT),
            )
        rows = gr.HTML("", elem_id="first-rows", **HTML)
        keep_good = gr.Checkbox(label="", visible=False, interactive=True, elem_id="keep-good")
        oops_go = gr.HTML("", elem_classes="oops", **HTML)
        go = gr.Button("Continue", variant="primary", elem_classes=["btn", "go"], elem_id="data-go")
    upload = gr.Textbox(label="Upload", elem_id="upload-id", visible="hidden", interactive=True)
    return DataForm(step, upload, hub, config, fetch, stop, oops, found, told, read, rows, keep_good, go, oops_go, gr.State(None))


def _template(lab: Lab, step: Step) -> TemplateForm:
    library = list(lab.templates())
    choices = [("Write it yourself", OWN), *((f"{one.title} — {one.summary}", one.name) for one in library)]
    chosen = gr.Dropdown(choices, value=OWN, label="Template", interactive=True, elem_id="library")
    about = gr.HTML("", **HTML)
    most = max((len(one.fields) for one in library), default=0)
    with gr.Row(elem_classes="grid", elem_id="fields"):
        picks = tuple(gr.Dropdown([], label=f"Field {i + 1}", allow_custom_value=True, visible=False, interactive=True) for i in range(most))
    oops_fields = gr.HTML("", elem_classes="oops", **HTML)
    with gr.Accordion("Write it yourself", open=False, elem_classes="inner", elem_id="own-template"):
        names = gr.HTML("", **HTML)
        text = gr.Textbox(
            label="Template", info="Jinja over the columns: prompt ||| right answer", lines=4, max_lines=16, elem_id="template", elem_classes="mono", **TEXT
        )
    oops_template = gr.HTML("", elem_classes="oops", **HTML)
    with gr.Accordion("Advanced", open=False, elem_classes="inner", elem_id="advanced"), gr.Row(elem_classes="grid"):
        found, metrics = ("found by itself", ""), [metric.name for metric in lab.scores.metrics()]
        task = TaskForm(
            template=text,
            answer_choices=gr.Textbox(
                label="Choices", info="What can be answered, with ||| between.", placeholder="negative ||| positive", max_lines=4, **TEXT
            ),
            rationale=gr.Textbox(label="Worked steps", info="Jinja; examples show them in few-shot-cot.", max_lines=4, **TEXT),
            also=gr.Textbox(label="Other right answers", info="Jinja, with ||| between.", max_lines=4, **TEXT),
            answer_type=gr.Dropdown([found, *((kind, kind) for kind in ("text", "choice", "number"))], value="", label="Kind of answer", **PICK),
            metrics=gr.Dropdown(
                metrics,
                value=[],
                multiselect=True,
                label="Scored by",
                info="Found by itself where empty; the first counts.",
                **PICK,
            ),
            input=gr.Dropdown([found], value="", label="Column a person types into", **PICK),
            group=gr.Dropdown([("none", "")], value="", label="Group column", info="Its examples come from the same group.", **PICK),
            source=gr.Dropdown([("none", "")], value="", label="Source column", info="Rows of one source stay in one split.", **PICK),
            shares=gr.Textbox(label="Train, validation, test", info="In percent, where the file is not split yet.", placeholder=SHARES, max_lines=1, **TEXT),
        )
    oops_more = gr.HTML("", elem_classes="oops", **HTML)
    go = gr.Button("Show three examples", variant="primary", elem_classes=["btn", "go"], elem_id="template-go")
    return TemplateForm(step, chosen, about, picks, oops_fields, names, task, oops_template, oops_more, go, gr.State(""), gr.State(""), gr.State(()))


def _save(step: Step) -> SaveForm:
    with gr.Row(elem_classes="actions name"):
        title = gr.Textbox(label="Name", max_lines=1, max_length=200, elem_id="task-name", scale=1, **TEXT)
        go = gr.Button("Save the task", variant="primary", elem_classes=["btn", "go"], elem_id="save-go")
    oops = gr.HTML("", elem_classes="said", **HTML)
    with gr.Column(visible=False, elem_id="saved") as done:
        told = gr.HTML("", **HTML)
        with gr.Row(elem_classes="actions"):
            use = gr.Button("Use it in Compare", variant="primary", elem_classes=["btn", "go"], elem_id="saved-use")
            see = gr.Button("See it among the tasks", elem_classes="btn", elem_id="saved-see")
    return SaveForm(step, title, go, oops, done, told, use, see, gr.Textbox(visible=False, label="Saved"))


# ---- wiring ----


def wire(lab: Lab, form: NewTask) -> None:
    stops = Stops()
    quick: dict[str, Any] = {**QUIET, "queue": False}
    slow: dict[str, Any] = {**QUIET, "concurrency_limit": 4, "concurrency_id": "making", "trigger_mode": "once"}
    data, template, look, save = form.data, form.template, form.look, form.save
    read, shown = data.read.inputs(), data.shown()
    again: dict[str, Any] = {**slow, "trigger_mode": "always_last"}
    data.upload.change(bound(newtask_data.bring, lab, data), [data.upload, data.brought, *read], shown, api_name="new_bring", **again)
    fetching = [data.hub.submit, data.config.submit, data.fetch.click]
    gr.on(fetching, bound(newtask_data.fetch, lab, data, stops), [data.hub, data.config, *read], shown, api_name="new_fetch", **slow)
    data.stop.click(bound(press_stop, stops), None, None, api_name="new_fetch_stop", **quick)
    said = [data.read.encoding.submit, data.read.columns.submit, data.read.encoding.blur, data.read.columns.blur]
    picked = [data.read.separator.input, data.read.header.input, data.read.quoting.input]
    gr.on([*said, *picked], bound(newtask_data.again, lab, data), [data.brought, *read], shown, api_name="new_read", **again)

    begun = [data.oops_go, *form.folds(), *template.shown()]
    given = [data.brought, data.keep_good, template.task.template, template.written_for]
    turns = [data.go.click(bound(newtask.to_template, lab, form), given, begun, api_name="new_template", **quick)]
    chosen = [template.library, data.brought]
    template.library.input(bound(newtask_template.choose, lab, template), [*chosen, template.mine], template.shown(), api_name="new_choose", **quick)
    filled = [one.input for one in template.fields]
    gr.on(filled, bound(newtask_template.fill, lab, template), [*chosen, *template.fields], template.shown(), api_name="new_fill", **quick)
    text = template.task.template  # not `input`, which does not hear of what is pasted
    late: dict[str, Any] = {**quick, "trigger_mode": "always_last"}
    text.change(bound(newtask_template.write, template), [text, template.filled], template.shown(), api_name="new_write", **late)

    looked = [template.go, *template.places_once(), *form.folds(), *look.shown()]
    asked = [form.lines, data.keep_good, template.library, *form.task_inputs()]
    turns.append(template.go.click(bound(newtask.to_look, lab, form), asked, looked, api_name="new_look", **slow))
    named = [form.lines, data.brought, look.keep_good, look.looked, save.title]
    turns.append(look.go.click(bound(newtask.to_save, form), named, [look.oops, *form.folds(), *save.shown()], api_name="new_name", **quick))
    kept = [save.title, look.keep_good, *form.task_inputs()]
    gr.on([save.go.click, save.title.submit], bound(newtask.save, lab, form), kept, save.shown(), api_name="new_save", **slow)
    for i, step in enumerate(form.steps()):
        if step.change:
            turns.append(step.change.click(bound(newtask.change, form, i), form.lines, form.folds(), api_name=f"new_change_{i}", **quick))
    for i, turn in enumerate(turns):
        turn.then(None, None, None, js="() => window.promptune.step()", api_name=f"new_step_{i}", **QUIET)
