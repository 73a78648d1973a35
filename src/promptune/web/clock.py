"""The page's one clock: everything that looks again every second does so in one event, which costs a browser no more than one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from promptune.web.guard import Visitor
from promptune.web.handlers import QUIET, bound

TICK = 1.0  # seconds
Changes = dict[Any, Any]  # widget: its new value


@dataclass(frozen=True)
class _Look:
    look: Callable[..., Changes]  # (visitor, *values of what is asked)
    asked: Sequence[Any]
    shown: Sequence[Any]


class Clock:
    def __init__(self) -> None:
        self._timer = gr.Timer(TICK)
        self._looks: list[_Look] = []

    def tick(self, look: Callable[..., Changes], asked: Sequence[Any], shown: Sequence[Any]) -> None:
        self._looks.append(_Look(look, asked, shown))

    def wire(self) -> None:
        """Once all have said what they look at."""
        asked = [widget for one in self._looks for widget in one.asked]
        shown = list(dict.fromkeys(widget for one in self._looks for widget in one.shown))
        self._timer.tick(bound(_all, self._looks), asked, shown, api_name="watched", queue=False, **QUIET)


def _all(looks: Sequence[_Look], visitor: Visitor, *values: Any) -> Changes:
    changes: Changes = {}
    at = 0
    for one in looks:
        changes |= one.look(visitor, *values[at : at + len(one.asked)])
        at += len(one.asked)
    return changes
