"""How gradio calls a handler: who asks comes first, and what goes wrong becomes words."""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import gradio as gr

from promptune.errors import Problem, Problems, UserError
from promptune.web.guard import Visitor, visitor_of
from promptune.web.present import KEYS

log = logging.getLogger("promptune.web")

OURS = "Something went wrong on our side. It is written in the log; nothing you saved is lost."

PANES = {f"contender {i}": f"pane {letter}" for i, letter in enumerate(KEYS, 1)}  # the Lab counts, the page has letters

# Our own events: hidden progress, no entry in the API page. Authority is checked in every handler all the same.
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def words(error: Exception) -> str:
    """An error for the person who met it: a mistake in its own words, a defect of ours in one sentence."""
    if isinstance(error, Problems):
        error = Problems([Problem(PANES.get(problem.field, problem.field), problem.what) for problem in error.problems], where=error.where, todo=error.todo)
    if isinstance(error, UserError):
        text = str(error)
        return text[:1].upper() + text[1:]
    log.error("a handler failed", exc_info=error)
    return OURS


@contextmanager
def told() -> Iterator[None]:
    try:
        yield
    except gr.Error:
        raise
    except Exception as error:
        raise gr.Error(words(error), duration=10, print_exception=False) from None


def bound(handler: Callable[..., Any], *first: Any) -> Callable[..., Any]:
    """`handler(*first, visitor, *values)` as an event; what is empty is empty text. A generator stays one, so that Stop and a closed tab reach it."""

    def call(request: gr.Request, *values: Any) -> Any:
        with told():
            return _changes(handler(*first, visitor_of(request), *map(_text, values)))

    def stream(request: gr.Request, *values: Any) -> Iterator[Any]:
        with told(), closing(handler(*first, visitor_of(request), *map(_text, values))) as steps:
            yield from map(_changes, steps)

    event = stream if inspect.isgeneratorfunction(handler) else call
    event.__name__ = handler.__name__
    event.__qualname__ = handler.__qualname__
    return event


def _text(value: Any) -> Any:
    return "" if value is None else value


def _changes(changes: Any) -> Any:
    """No changes at all gradio takes for a value of one widget, and fails where there are several."""
    return gr.skip() if isinstance(changes, dict) and not changes else changes


class Stops:
    """Who has something under way, and so what a Stop ends: the generator that does it hears of it and has the last word itself."""

    def __init__(self) -> None:
        self._asked: dict[Visitor, threading.Event] = {}

    @contextmanager
    def watch(self, visitor: Visitor, event: threading.Event) -> Iterator[None]:
        self._asked[visitor] = event
        try:
            yield
        finally:
            if self._asked.get(visitor) is event:
                del self._asked[visitor]

    def press(self, visitor: Visitor) -> None:
        if event := self._asked.get(visitor):
            event.set()


def press_stop(stops: Stops, visitor: Visitor) -> None:
    stops.press(visitor)
