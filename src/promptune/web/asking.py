"""Asking in Compare: from a question in its box to frames in the panes, and back into the box what got no answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import gradio as gr

from promptune.core.prompt import SentPrompt
from promptune.lab import About, Frame, Lab, Pane
from promptune.web import pane, present, present_asked
from promptune.web.compare_form import Asked, Changes, Chip, CompareForm, Held
from promptune.web.guard import Visitor
from promptune.web.handlers import Stops, words

POLL = 0.1  # seconds between two frames


@dataclass
class Painter:
    """Turns frames into changes, only of what looks different from before."""

    form: CompareForm
    asked: Asked
    seen: Changes = field(default_factory=dict)
    prompts: dict[int, SentPrompt | None] = field(default_factory=dict)  # shown by now: a long one is slow to mark up

    def changes(self, frame: Frame, waiting: str = "") -> Changes:
        new: Changes = {self.form.reference: present_asked.reference(self.asked.about, frame[0].reference)} if frame else {}
        fresh: Changes = {}
        for i, (view, shown) in enumerate(zip(self.form.views, frame, strict=False)):
            new[view.head] = present.pane_head(i, shown.contender)
            new[view.talk] = present.talk(i, self.asked.question, shown, waiting)
            new[view.result] = present.result(shown)
            if i not in self.prompts or self.prompts[i] != shown.prompt:
                self.prompts[i] = shown.prompt
                fresh[view.prompt] = present.prompt_view(shown.prompt)
        changed = {widget: markup for widget, markup in new.items() if self.seen.get(widget) != markup}
        self.seen |= changed
        return changed | fresh


def ask(
    lab: Lab, form: CompareForm, stops: Stops, visitor: Visitor, question: str, task: str, picked: Chip | None, held: Held, *settings: Any
) -> Iterator[Changes]:
    """The question in its box, in the chosen task if there is one."""
    try:
        asked = Asked(question, tuple(str(contender) for contender in pane.contenders(settings)), about(task, picked or None))
    except Exception as error:  # the question stays in its box, beside what is wrong
        yield {form.oops: present.fault(words(error))}
        return
    mine = picked is not None and bool(picked) and question == picked.text
    back = held if mine and held.text else Held(question, picked or None)
    ends = yield from _stream(lab, form, stops, visitor, asked, {form.box: "", form.picked: None, form.note: "", **_chips(form, task)})
    if ends is not None:
        yield {form.held: back if ends or back is held else Held(), **form.busy(False)}


def again(lab: Lab, form: CompareForm, stops: Stops, visitor: Visitor, asked: Asked) -> Iterator[Changes]:
    """The same question once more, without the examples and passages that do not fit."""
    if (yield from _stream(lab, form, stops, visitor, asked, {}, drop=True)) is not None:
        yield form.busy(False)


def _stream(
    lab: Lab, form: CompareForm, stops: Stops, visitor: Visitor, asked: Asked, first: Changes, *, drop: bool = False
) -> Generator[Changes, None, bool | None]:
    """Gives back whether something stayed unanswered; None where nothing was asked at all."""
    stopping = threading.Event()
    try:
        frames = lab.compare(visitor.owner, asked.question, asked.contenders, about=asked.about, overflow="drop" if drop else "fail", poll=POLL, stop=stopping)
    except Exception as error:
        yield {form.oops: present.fault(words(error))}
        return None
    painter = Painter(form, asked)
    frame: Frame = ()
    yield {form.oops: "", form.asked: asked, form.memo: memo(asked.about.task if asked.about else "", asked), **form.busy(True), **first}
    try:
        with closing(frames), stops.watch(visitor, stopping):
            for frame in frames:
                yield painter.changes(frame, _waiting(lab)) or {form.oops: gr.skip()}  # a closed tab is noticed between two yields
        return _unanswered(frame)
    except Exception as error:
        yield {**painter.changes(tuple(map(_settled, frame))), form.oops: present.fault(words(error))}
        return True


def give_back(form: CompareForm, visitor: Visitor, typed: str, held: Held) -> Changes:
    """Nothing typed is lost: what has no answer returns to its box, unless something else is being written."""
    if typed or not held.text:
        return {form.held: Held()}
    return {form.held: Held(), form.box: held.text, form.picked: held.picked}


def memo(task: str, asked: Asked, picked: Chip | None = None) -> str:
    """What the browser keeps over a reload: the chosen task, and the rows that the last question and the one in the box come from."""
    row = {"split": asked.about.split, "row": asked.about.row} if asked.about else {}
    box = {"picked_split": picked.split, "picked_row": picked.row} if picked else {}
    return json.dumps({"task": task, "question": asked.question, "in": asked.about.task if asked.about else "", **row, **box})


def about(task: str, picked: Chip | None) -> About | None:
    if not task:
        return None
    return About(task, picked.split, picked.row) if picked else About(task)


def _chips(form: CompareForm, task: str) -> Changes:
    """What to begin with is no longer needed; a task's own examples stay at hand."""
    return {} if task else {form.start: gr.Row(visible=False)}


def _unanswered(frame: Frame) -> bool:
    """A pane failed, or nothing came at all before the end. One that can be asked again with less needs no other question."""
    failed = [shown for shown in frame if shown.state == "failed" and not present.can_drop(shown)]
    return bool(failed) or all(shown.state == "cancelled" and not shown.text for shown in frame)


def _settled(shown: Pane) -> Pane:
    """What was under way when something of ours broke: its text stays."""
    return replace(shown, state="cancelled", finish_reason="cancelled") if shown.state in ("waiting", "streaming") else shown


def _waiting(lab: Lab) -> str:
    status = lab.status()
    return "" if status.state == "ready" else f"Waiting for the model: {status.detail or status.state} …"


def shown(form: CompareForm, asked: Asked, frame: Sequence[Pane]) -> Changes:
    """A comparison as it was kept."""
    return {form.asked: asked, **Painter(form, asked).changes(tuple(frame))}
