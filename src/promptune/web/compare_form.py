"""Compare's widgets and memories, for those who change them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from promptune.core.task import Split
from promptune.web.pane import PaneForm, PaneView

if TYPE_CHECKING:
    from promptune.web.foot import FootForm  # it changes what is here

Changes = dict[Any, Any]  # widget: its new value


@dataclass(frozen=True)
class Chip:
    """A question that one click asks; with the task's row that it comes from, if any."""

    text: str
    split: Split | None = None
    row: int | None = None


@dataclass(frozen=True)
class Held:
    """What goes back into the box when the answers are there."""

    text: str = ""
    picked: Chip | None = None


@dataclass(frozen=True)
class CompareForm:
    """What the handlers change. What they read are a question, a task and the panes' settings, in the panes' order."""

    task: gr.Dropdown
    try_: gr.Button
    reference: gr.HTML  # of the question that the panes show
    add: gr.Button
    box: gr.Textbox
    send: gr.Button
    stop: gr.Button
    note: gr.HTML  # where the question in the box comes from
    oops: gr.HTML
    start: gr.Row
    invite: gr.HTML
    chips: tuple[gr.Button, ...]
    offered: gr.State  # a tuple of Chip: what the buttons ask
    picked: gr.State  # a Chip: the example that was put into the box
    chat: gr.State  # a Chat: what the panes show
    count: gr.State  # how many panes there are
    held: gr.State  # a Held
    memo: gr.Textbox
    link: gr.Textbox  # the query string that the page was opened with
    draft: gr.Textbox  # what stood in the box before a reload, for whoever fills it otherwise
    open: gr.Textbox  # the id of a talk that is wanted here; it is emptied once that is shown
    hints: gr.Textbox  # the arguments that every strategy begins with, as JSON
    edit: gr.Textbox  # which turn's question is wanted back in the box, as head.js writes it
    foot: FootForm
    panes: tuple[PaneForm, ...]  # six; the first `count` are seen
    views: tuple[PaneView, ...]

    def settings(self) -> list[Any]:
        return [widget for form in self.panes for widget in form.inputs()]

    def asked(self) -> list[Any]:
        """What says which contenders are next: the talk they go on with, how many, their settings."""
        return [self.chat, self.count, *self.settings()]

    def question(self) -> list[Any]:
        """What says what is asked next: the box, the task, the row in the box, then `asked`."""
        return [self.box, self.task, self.picked, *self.asked()]

    def drawn(self) -> list[Any]:
        """What another state of the talk changes."""
        views = [widget for view in self.views for widget in view.drawn()]
        return [self.chat, self.memo, self.reference, self.oops, self.add, *views, self.foot.say]

    def shown(self) -> list[Any]:
        """What a question changes."""
        return [*self.drawn(), self.box, self.send, self.stop, self.start, self.note, self.picked, self.held]

    def filled(self) -> list[Any]:
        """What other contenders change."""
        views = [widget for view in self.views for widget in (view.column, view.next, *view.settings())]
        return [self.count, self.box, *self.settings(), *views]

    def judged(self) -> list[Any]:
        """What a vote changes: where names were hidden, the panes' settings too."""
        return list(dict.fromkeys([*self.drawn(), *self.filled()]))

    def of_task(self) -> list[Any]:
        """What another task changes."""
        return [self.try_, self.note, self.start, self.invite, *self.chips, self.offered, self.picked, self.memo]

    def kept(self) -> list[Any]:
        """What an opened page or talk fills."""
        return list(dict.fromkeys([self.task, *self.of_task(), *self.shown(), *self.filled(), self.link, self.open, self.hints]))

    def busy(self, busy: bool) -> Changes:
        return {self.send: gr.Button(interactive=not busy), self.stop: gr.Button(interactive=busy)}
