"""Asking in Compare: from a question in its box to frames in the panes, and back into the box what got no answer."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import gradio as gr

from promptune.errors import Busy, NotFound, UserError
from promptune.lab import About, Asking, Frame, Lab, Pane, Turn
from promptune.web import compare_draw, pane, present
from promptune.web.chat import Chat
from promptune.web.compare_draw import Painter
from promptune.web.compare_form import Changes, Chip, CompareForm, Held
from promptune.web.guard import Visitor
from promptune.web.handlers import words

POLL = 0.09  # seconds between two frames
GONE = "That conversation was deleted. This begins a new one."
LEAVE = 3.0  # seconds for what is under way to end, when something else is to be shown


class Asks:
    """Who has a question under way, and so what a Stop ends: the generator that shows it hears of it and has the last word itself."""

    def __init__(self) -> None:
        self._asked: dict[Visitor, Asking] = {}
        self._lock = threading.Lock()

    @contextmanager
    def watch(self, visitor: Visitor, asking: Asking) -> Iterator[None]:
        with self._lock:
            if visitor in self._asked:
                raise Busy("a question is being answered on this page.", todo="Stop it first, or wait for its end.")
            self._asked[visitor] = asking
        try:
            yield
        finally:
            self._asked.pop(visitor, None)

    def busy(self, visitor: Visitor) -> bool:
        return visitor in self._asked

    def stop(self, visitor: Visitor, place: int | None = None) -> None:
        if asking := self._asked.get(visitor):
            asking.stop(place)

    def leave(self, visitor: Visitor) -> None:
        """Something else is to be shown: what is under way ends, and is kept as it is."""
        self.stop(visitor)
        end = time.monotonic() + LEAVE
        while self.busy(visitor) and time.monotonic() < end:
            time.sleep(0.02)


def ask(
    lab: Lab,
    form: CompareForm,
    asks: Asks,
    visitor: Visitor,
    blind: bool,
    held: Held,
    question: str,
    task: str,
    picked: Chip | None,
    chat: Chat,
    count: int,
    *settings: Any,
) -> Iterator[Changes]:
    """The question in its box, in the chosen task if there is one."""
    wish = about(task, picked or None)
    goes_on = chat.goes_on(wish, blind=bool(blind))
    blind = bool(blind) or (goes_on and chat.hidden)
    try:
        if blind and count < 2 and not goes_on:
            raise UserError("one pane alone cannot be asked blind.", todo="Add a contender, or untick Blind.")
        contenders = list(chat.contenders) if goes_on and chat.hidden else [str(one) for one in pane.contenders(settings, count)]
        if blind and not goes_on:
            random.shuffle(contenders)
        talk, after = (chat.talk, chat.editing) if goes_on else ("", None)
        if gone := bool(talk) and not _there(lab, visitor, talk):
            talk, after, goes_on = "", None, False
        asking = lab.talks.ask(visitor.owner, question, contenders, about=wish, talk=talk, after=after, blind=blind, lenient=True, poll=POLL)
    except Exception as error:  # the question stays in its box, beside what is wrong
        yield {form.oops: present.fault(words(error))}
        return
    mine = bool(picked) and picked is not None and question == picked.text
    back = held if mine and held.text else Held(question, picked or None)
    first: Changes = {form.box: "", form.picked: None, form.note: "", **({} if task else {form.start: gr.Row(visible=False)})}
    if gone:
        first[form.oops] = present.notice(GONE)
    ends = yield from _stream(lab, form, asks, visitor, chat.asking(Turn("", question, wish, (), blind=blind), fresh=not goes_on), asking, task, first)
    if ends is not None:
        yield {form.held: back if ends else held, **form.busy(False)}


def again(
    lab: Lab, form: CompareForm, asks: Asks, visitor: Visitor, chat: Chat, task: str, *, places: tuple[int, ...], drop: bool = False
) -> Iterator[Changes]:
    """The last question once more in some of its panes; perhaps without the examples and passages that do not fit."""
    if (turn := chat.last) is None or not chat.settled:
        return
    try:
        asking = lab.talks.again(visitor.owner, turn.id, places=places, overflow="drop" if drop else "fail", poll=POLL)
    except Exception as error:
        yield {form.oops: present.fault(words(error))}
        return
    asked = replace(chat, turns=(*chat.turns[:-1], replace(turn, vote="", id="")), live=True)
    if (yield from _stream(lab, form, asks, visitor, asked, asking, task, {})) is not None:
        yield form.busy(False)


def one_again(place: int, lab: Lab, form: CompareForm, asks: Asks, visitor: Visitor, chat: Chat, task: str) -> Iterator[Changes]:
    yield from again(lab, form, asks, visitor, chat, task, places=(place,))


def with_less(lab: Lab, form: CompareForm, asks: Asks, visitor: Visitor, chat: Chat, task: str) -> Iterator[Changes]:
    """All panes that something can be left out of."""
    places = tuple(i for i, one in enumerate(chat.last.panes if chat.last else ()) if present.can_drop(one))
    yield from again(lab, form, asks, visitor, chat, task, places=places, drop=True)


def _stream(
    lab: Lab, form: CompareForm, asks: Asks, visitor: Visitor, chat: Chat, asking: Asking, task: str, first: Changes
) -> Generator[Changes, None, bool | None]:
    """Gives back whether the question stayed unanswered; None where nothing was asked at all."""
    painter = Painter(form)
    try:
        with asks.watch(visitor, asking):
            closed: Changes = {widget: "" for view in form.views for widget in (view.sure, view.next, *(view.settings() if chat.hidden else ()))}
            yield {form.oops: "", form.chat: chat, form.memo: memo(task, None), form.add: gr.Button(interactive=False), **form.busy(True), **closed, **first}
            trouble = ""
            try:
                with closing(asking.frames()) as frames:
                    for frame in frames:
                        chat = chat.showing(frame)
                        yield painter.paint(chat, _waiting(lab)) or {form.oops: gr.skip()}  # a closed tab is noticed between two yields
            except Exception as error:
                chat = chat.showing(tuple(map(_settled, chat.turns[-1].panes)))
                trouble = present.fault(words(error))
            trouble = trouble or present.fault(asking.trouble)
            chat = chat.ended(asking.turn, asking.talk)
            ended = {form.chat: chat, form.memo: memo(task, chat.talk), form.add: gr.Button(interactive=chat.grows)}
            yield {**Painter(form, painter.drawing).paint(chat), **ended, **({form.oops: trouble} if trouble else {})}
    except Busy as error:
        yield {form.oops: present.fault(words(error))}
        return None
    return unanswered(chat.turns[-1].panes)


def give_back(form: CompareForm, visitor: Visitor, typed: str, held: Held) -> Changes:
    """Nothing typed is lost: what has no answer, or made room for another question, returns to its box as soon as that is empty."""
    if typed or not held.text:
        return {}
    return {form.held: Held(), form.box: held.text, form.picked: held.picked}


def stop(asks: Asks, place: int | None, visitor: Visitor) -> None:
    asks.stop(visitor, place)


def judge(lab: Lab, form: CompareForm, visitor: Visitor, chat: Chat, vote: str) -> Changes:
    """A vote on the last turn: "0" … "5" the best pane's place, "tie", or "bad". Where names were hidden they are told now, and the panes are set to them."""
    if (turn := chat.last) is None or not chat.settled:
        return {form.oops: present.fault("There is nothing to vote on yet.")}
    now = chat.voted(lab.talks.vote(visitor.owner, turn.id, vote))
    changes: Changes = {form.chat: now, form.oops: "", **Painter(form).paint(now)}
    if not turn.hidden:
        return changes
    told = compare_draw.fill(lab, form, visitor, compare_draw.values_of(now.contenders))
    return changes | told | {form.add: gr.Button(interactive=now.grows)}


def vote(wanted: str, lab: Lab, form: CompareForm, visitor: Visitor, chat: Chat) -> Changes:
    try:
        return judge(lab, form, visitor, chat, wanted)
    except UserError as error:
        return {form.oops: present.fault(words(error))}


def memo(task: str, talk: str | None, picked: Chip | None = None, editing: int | None = None, held: str = "") -> str:
    """What the browser keeps over a reload: the task; where the question in the box comes from, and what made room for it; the talk, None is the newest."""
    box = {"picked_split": picked.split, "picked_row": picked.row} if picked else {}
    edit = {"editing": editing, **({"held": held} if held else {})} if editing is not None else {}
    return json.dumps({"task": task, **({} if talk is None else {"talk": talk}), **box, **edit})


def about(task: str, picked: Chip | None) -> About | None:
    if not task:
        return None
    return About(task, picked.split, picked.row) if picked else About(task)


def unanswered(frame: Frame) -> bool:
    """Nobody answered. What can be asked again with less needs no other question, and one pane alone can be asked again."""
    failed = [shown.state == "failed" and not present.can_drop(shown) for shown in frame]
    return bool(frame) and (all(failed) or all(shown.state == "cancelled" and not shown.text for shown in frame))


def _there(lab: Lab, visitor: Visitor, talk: str) -> bool:
    try:
        return bool(lab.talks.get(visitor.owner, talk))
    except NotFound:
        return False


def _settled(shown: Pane) -> Pane:
    """What was under way when something of ours broke: its text stays."""
    return replace(shown, state="cancelled", finish_reason="cancelled") if shown.state in ("waiting", "streaming") else shown


def _waiting(lab: Lab) -> str:
    status = lab.status()
    return "" if status.state == "ready" else f"Waiting for the model: {status.detail or status.state} …"
