"""Compare's widgets and memories, for those who change them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from promptune.core.task import Split
from promptune.lab import About
from promptune.web.pane import PaneForm, PaneView

Changes = dict[Any, Any]  # widget: its new value


@dataclass(frozen=True)
class Chip:
    """A question that one click asks; with the task's row that it comes from, if any."""

    text: str
    split: Split | None = None
    row: int | None = None


@dataclass(frozen=True)
class Asked:
    """What the panes show the answers of; what is set by now may be something else."""

    question: str = ""
    contenders: tuple[str, ...] = ()
    about: About | None = None


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
    asked: gr.State  # an Asked: what the panes show
    held: gr.State  # a Held
    memo: gr.Textbox
    command: gr.Textbox
    panes: tuple[PaneForm, ...]
    views: tuple[PaneView, ...]

    def settings(self) -> list[Any]:
        return [widget for form in self.panes for widget in form.inputs()]

    def shown(self) -> list[Any]:
        """What a question changes."""
        views = [widget for view in self.views for widget in (view.head, view.talk, view.result, view.prompt)]
        words = [self.box, self.send, self.stop, self.oops, self.start, self.reference, self.note]
        return [*words, self.picked, self.asked, self.held, self.memo, *views]

    def of_task(self) -> list[Any]:
        """What another task changes."""
        return [self.try_, self.note, self.start, self.invite, *self.chips, self.offered, self.picked, self.memo]

    def kept(self) -> list[Any]:
        """What an opened page fills."""
        views = [widget for view in self.views for widget in vars(view).values()]
        return [self.task, *self.of_task(), self.asked, self.reference, *self.settings(), *views]

    def busy(self, busy: bool) -> Changes:
        return {self.send: gr.Button(interactive=not busy), self.stop: gr.Button(interactive=busy)}
