"""The line under the box: what can be done with a talk as a whole. Votes and a new chat are Compare's own; their buttons stand here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from promptune import links
from promptune.errors import UserError
from promptune.lab import About, Lab
from promptune.links import Link
from promptune.web import asking, compare_task, pane, present, present_talk
from promptune.web.chat import Chat
from promptune.web.compare_form import Changes, Chip, CompareForm
from promptune.web.guard import Visitor
from promptune.web.handlers import QUIET, bound, words

ROWS = 50  # test rows that are offered to be run
BLIND = "From the next question on, names are hidden and their places shuffled until you vote. It begins a new chat."
STILL = "The names of this chat stay hidden until you vote. New chat begins one with names."
BARE: dict[str, Any] = {"container": False, "scale": 0, "min_width": 0}
HTML: dict[str, Any] = {"js_on_load": None, "apply_default_css": False}
COPY_LINK = "query => query && window.promptune.copy(location.origin + location.pathname + '?' + query, 'share')"
# The menu comes with the answer to the click, so it never holds another talk's links; the browser closes it at a click elsewhere and at Esc.
MENU = """() => setTimeout(() => {
  const menu = document.getElementById('export-menu'), at = document.getElementById('export').getBoundingClientRect();
  if (!menu) return;
  menu.showPopover();
  menu.style.left = Math.max(12, Math.min(at.left, innerWidth - menu.offsetWidth - 12)) + 'px';
  menu.style.top = (at.bottom + menu.offsetHeight + 12 < innerHeight ? at.bottom + 4 : at.top - menu.offsetHeight - 4) + 'px';
  menu.querySelector('a')?.focus();
}, 50)"""


@dataclass(frozen=True)
class FootForm:
    """In the order of the page."""

    tie: gr.Button
    bad: gr.Button
    blind: gr.Checkbox
    opener: gr.Button
    run: gr.Row  # with a task only
    score: gr.Button
    rows: gr.Number
    copy: gr.Button
    share: gr.Button
    exporter: gr.Button
    fresh: gr.Button
    export: gr.HTML  # the menu
    say: gr.HTML
    card: gr.Column
    which: gr.Radio
    board: gr.HTML
    opened: gr.State  # whether the leaderboard is
    command: gr.Textbox
    link: gr.Textbox


@dataclass(frozen=True)
class Wish:
    """What a link or a command is about: the question in the box, else the last one that was asked."""

    contenders: tuple[str, ...]
    question: str
    about: About | None
    talk: str = ""
    after: int | None = None  # how many of that talk's turns come before it
    drop: bool = False  # whether something was left out, so that it fits


# ---- handlers ----


def wish(typed: str, task: str, picked: Chip | None, chat: Chat, count: int, *settings: Any) -> Wish:
    if chat.hidden:
        raise UserError("names are hidden until you vote, and this would tell them.", todo="Vote first: which answer was best?")
    if chat.last and not typed:
        before = len(chat.turns) - 1
        less = any(one.dropped or one.forgotten for one in chat.last.panes)
        return Wish(chat.contenders, chat.last.question, chat.last.about, chat.talk if before else "", before or None, less)
    next_ = asking.about(task, picked or None)
    goes_on = bool(typed) and chat.goes_on(next_, blind=False)
    after = chat.editing if chat.editing is not None else len(chat.turns)
    contenders = tuple(str(one) for one in pane.contenders(settings, count))
    return Wish(contenders, typed, next_, chat.talk if goes_on and after else "", after if goes_on and after else None)


def command(lab: Lab, form: FootForm, visitor: Visitor, *asked: Any) -> Changes:
    try:
        one = wish(*asked)
        text = lab.talks.command(one.contenders, one.question or compare_task.EXAMPLES[0], one.about, talk=one.talk, after=one.after, drop=one.drop)
    except Exception as error:
        return {form.command: "", form.say: present.fault(words(error))}
    return {form.command: text}


def share(form: FootForm, visitor: Visitor, *asked: Any) -> Changes:
    try:
        one = wish(*asked)
        about = one.about or About("")
        query = links.spell(Link(one.contenders, about.task, about.split, about.row, one.question))
    except Exception as error:
        return {form.link: "", form.say: present.fault(words(error))}
    return {form.link: query, form.say: present_talk.copied(too_long=links.read(query).question != one.question)}


def export(visitor: Visitor, chat: Chat) -> str:
    return present_talk.export_menu(chat.talk)


def of_task(lab: Lab, form: FootForm, visitor: Visitor, task: str) -> Changes:
    """Its test rows can be run; without a task there are none."""
    count = _tests(lab, visitor, task) if task else 0
    return {form.run: gr.Row(visible=count > 0), form.rows: min(ROWS, count) or ROWS, form.which: gr.Radio(choices=which(task))}


def which(task: str) -> list[tuple[str, str]]:
    """Whose votes the leaderboard counts."""
    return [("All votes", "all"), ("This task" if task else "Just chat", "here")]


def _tests(lab: Lab, visitor: Visitor, task: str) -> int:
    try:
        return len(lab.tasks.load(visitor.owner, task).examples.get("test", ()))
    except UserError:  # it is told where the task is chosen
        return 0


def score(
    lab: Lab, form: FootForm, tabs: gr.Tabs, open_: gr.Textbox, visitor: Visitor, rows: float | str, task: str, chat: Chat, count: int, *settings: Any
) -> Changes:
    """A scorecard of what the panes are set to. A row that does not fit one of their windows is left out for all."""
    try:
        if chat.hidden:
            raise UserError("names are hidden until you vote, and a scorecard would tell them.", todo="Vote first: which answer was best?")
        contenders = dict.fromkeys(str(one) for one in pane.contenders(settings, count))
        job = lab.scores.start(visitor.owner, task, list(contenders), limit=None if rows == "" else int(rows), overflow="skip")
    except Exception as error:
        return {form.say: present.fault(words(error))}
    return {form.say: "", open_: job.id, tabs: gr.Tabs(selected="score")}


def turn(lab: Lab, form: FootForm, visitor: Visitor, opened: bool, task: str, counted: str) -> Changes:
    """Opens the leaderboard, or closes it."""
    now = not opened
    changes: Changes = {form.opened: now, form.card: gr.Column(visible=now), form.opener: gr.Button(f"Leaderboard {'▾' if now else '▸'}")}
    return changes | {form.board: board(lab, visitor, True, task, counted)} if now else changes


def board(lab: Lab, visitor: Visitor, opened: bool, task: str, counted: str) -> Any:
    if not opened:
        return gr.skip()
    return present_talk.leaderboard(lab.talks.leaderboard(visitor.owner, task if counted == "here" else None))


def told_blind(visitor: Visitor, blind: bool, chat: Chat) -> str:
    if chat.hidden and not blind:
        return present.notice(STILL)
    return present.notice(BLIND) if blind else ""


# ---- layout ----


def build(lab: Lab) -> FootForm:
    link: dict[str, Any] = {"elem_classes": "lnk"}
    with gr.Row(elem_id="foot"):
        with gr.Row(elem_classes="part"):
            tie = gr.Button("Tie", elem_classes=["lnk", "vote"], elem_id="tie")
            bad = gr.Button("All bad", elem_classes=["lnk", "vote"], elem_id="all-bad")
            blind = gr.Checkbox(False, label="Blind", interactive=True, elem_id="blind", **BARE)
            opener = gr.Button("Leaderboard ▸", elem_id="board-open", **link)
            with gr.Row(elem_classes="part", visible=False, elem_id="foot-run") as run:
                score_ = gr.Button("Run on test rows → Score", elem_id="run-rows", **link)
                rows = gr.Number(
                    ROWS, label="Test rows", show_label=False, container=False, precision=0, interactive=True, elem_id="rows", min_width=0, scale=0
                )
        with gr.Row(elem_classes=["part", "right"]):
            copy = gr.Button("Copy command", elem_id="copy", **link)
            share_ = gr.Button("Share", elem_id="share", **link)
            exporter = gr.Button("Export ▾", elem_id="export", **link)
            fresh = gr.Button("New chat", elem_id="fresh", **link)
    menu = gr.HTML("", elem_id="export-at", **HTML)
    say = gr.HTML("", elem_id="foot-say", elem_classes="said", **HTML)
    with gr.Column(elem_classes="card", elem_id="leaderboard", visible=False) as card:
        with gr.Row(elem_classes="actions titled"):
            gr.HTML("<h2>Leaderboard</h2>", js_on_load=None)
            counted = gr.Radio(which(""), value="all", label="Votes counted", show_label=False, container=False, interactive=True, elem_classes="chips")
        board_ = gr.HTML("", **HTML)
    return FootForm(
        tie=tie,
        bad=bad,
        blind=blind,
        opener=opener,
        run=run,
        score=score_,
        rows=rows,
        copy=copy,
        share=share_,
        exporter=exporter,
        fresh=fresh,
        export=menu,
        say=say,
        card=card,
        which=counted,
        board=board_,
        opened=gr.State(False),
        command=gr.Textbox(visible=False, label="Command"),
        link=gr.Textbox(visible=False, label="Link"),
    )


# ---- wiring ----


def wire(lab: Lab, form: FootForm, compare: CompareForm, tabs: gr.Tabs, open_: gr.Textbox) -> None:
    """`open_`: which scorecard is open on its tab."""
    quick: dict[str, Any] = {**QUIET, "queue": False}
    asked, ranked = compare.question(), [form.opened, compare.task, form.which]
    copied = form.copy.click(bound(command, lab, form), asked, [form.command, form.say], api_name="command", **quick)
    copied.success(None, form.command, None, js="text => window.promptune.copy(text, 'copy')", api_name="copy_command", **QUIET)
    shared = form.share.click(bound(share, form), asked, [form.link, form.say], api_name="share", **quick)
    shared.success(None, form.link, None, js=COPY_LINK, api_name="share_copy", **QUIET)
    exported = form.exporter.click(bound(export), compare.chat, form.export, api_name="export", **quick)
    exported.success(None, None, None, js=MENU, api_name="export_open", **QUIET)
    compare.task.change(bound(of_task, lab, form), compare.task, [form.run, form.rows, form.which], api_name="foot_task", trigger_mode="always_last", **quick)
    scored = [form.rows, compare.task, *compare.asked()]
    form.score.click(bound(score, lab, form, tabs, open_), scored, [form.say, open_, tabs], api_name="rows_score", trigger_mode="once", **QUIET)
    form.opener.click(bound(turn, lab, form), ranked, [form.opened, form.card, form.opener, form.board], api_name="board_open", **quick)
    form.which.input(bound(board, lab), ranked, form.board, api_name="board_which", **quick)
    form.say.change(bound(board, lab), ranked, form.board, api_name="board_voted", trigger_mode="always_last", **quick)  # a vote is told there
    compare.task.change(bound(board, lab), ranked, form.board, api_name="board_task", trigger_mode="always_last", **quick)
    form.blind.input(bound(told_blind), [form.blind, compare.chat], form.say, api_name="blind_told", **quick)
