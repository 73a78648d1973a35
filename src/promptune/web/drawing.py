"""What a page that looks again and again is sent: only what differs from what it shows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import gradio as gr

Changes = dict[Any, Any]  # widget: its new value
Shown = dict[int, Hashable]  # by widget what it shows, or a sign of that: a page's gr.State


class Drawing:
    def __init__(self, shown: Mapping[int, Hashable]) -> None:
        self.shown: Shown = dict(shown)
        self.changes: Changes = {}

    def put(self, widget: Any, sign: Hashable, make: Callable[[], Any]) -> None:
        """`sign` differs where what would be made differs; nothing is made of the same again."""
        if self.shown.get(widget._id) != sign:
            self.changes[widget] = make()
            self.shown[widget._id] = sign

    def html(self, widget: gr.HTML, markup: str) -> None:
        self.put(widget, hash(markup), lambda: markup)

    def button(self, widget: gr.Button, *, visible: bool, interactive: bool = True) -> None:
        self.put(widget, (visible, interactive), lambda: gr.Button(visible=visible, interactive=interactive))

    def visible(self, widget: Any, visible: bool) -> None:
        self.put(widget, visible, lambda: type(widget)(visible=visible))

    def choice(self, widget: gr.Radio, sign: Hashable, rows: Callable[[], list[tuple[str, str]]], chosen: str, told: str) -> None:
        """A list and what is chosen in it. Where that is no news it is not chosen again: somebody may have been quicker than this answer."""
        before = self.shown.get(widget._id)
        if (sign, chosen) == before:
            return
        there = rows()
        news = chosen != told or not isinstance(before, tuple) or before[1] != chosen
        shown: dict[str, Any] = {"choices": there, "visible": bool(there)}
        self.changes[widget] = gr.update(**shown, value=chosen or None) if news else gr.update(**shown)
        self.shown[widget._id] = (sign, chosen)

    def take(self) -> Changes:
        """What is to be sent since the last time; for whoever goes on drawing."""
        changes, self.changes = self.changes, {}
        return changes

    def sent(self, memory: gr.State) -> Changes:
        return self.changes | {memory: self.shown}
