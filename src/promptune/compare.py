"""One question to several contenders at once: a stream of frames, one pane a contender."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import TypeAdapter

from promptune.core.contender import Contender
from promptune.core.generation import Generation
from promptune.core.prompt import SentPrompt
from promptune.core.strategy import Answer, Strategy
from promptune.core.task import Example
from promptune.engines.protocol import Delta, Engine, Event, Failed, Finished, Request, Sent
from promptune.errors import UserError

log = logging.getLogger(__name__)

GRACE = 1.5  # seconds for cancelled generations to hand in what they have

PaneState = Literal["waiting", "streaming", "done", "cancelled", "failed"]


@dataclass(frozen=True)
class Pane:
    contender: str
    weights: str  # the weights that really answered, as the engine named them; empty until it did
    state: PaneState = "waiting"
    text: str = ""
    answer: Answer | None = None
    prompt: SentPrompt | None = None
    completion_tokens: int = 0
    first_token_seconds: float | None = None
    seconds: float = 0.0
    finish_reason: str | None = None
    error: str = ""
    seed: int | None = None

    def to_dict(self) -> dict[str, Any]:
        values: dict[str, Any] = _PANE.dump_python(self, mode="json")
        return values

    @staticmethod
    def from_dict(values: dict[str, Any]) -> Pane:
        return _PANE.validate_python(values)


Frame = tuple[Pane, ...]
_PANE: TypeAdapter[Pane] = TypeAdapter(Pane)


@dataclass(frozen=True)
class Asked:
    """One contender made ready: what is sent, and who reads the answer."""

    contender: Contender
    strategy: Strategy
    example: Example
    request: Request


class Comparison:
    """`frames()` once; `frame` holds the newest one, also after the frames were closed early."""

    def __init__(self, engine: Engine, asked: Sequence[Asked], *, seconds: float, stop: threading.Event) -> None:
        self._engine, self._asked, self._seconds, self._stop = engine, asked, seconds, stop
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._places = {one.request.id: i for i, one in enumerate(asked)}
        self._end = float("inf")  # on the monotonic clock: it runs from when the model has the question, not while it is loaded
        self._late = False
        self.frame: Frame = tuple(Pane(str(one.contender), "") for one in asked)

    def frames(self, poll: float) -> Generator[Frame, None, None]:
        """A frame at least every `poll` seconds. A stop, the time's end, or closing it cancels what still runs and keeps what that has."""
        threading.Thread(target=self._pump, daemon=True).start()
        try:
            while self._collect(poll):
                yield self.frame
                if time.monotonic() > self._end or self._stop.is_set():
                    self._late = not self._stop.is_set()
                    break
        finally:
            if self._places:
                self._engine.cancel(list(self._places))
                self._drain()
                self._give_up()
        yield self.frame

    def _pump(self) -> None:
        try:
            for event in self._engine.stream([one.request for one in self._asked]):
                self._events.put(event)
        except UserError as error:
            self._fail(error.name, error.what, error.todo)
        except Exception as error:
            log.exception("a comparison broke off")
            self._fail("FAILED", f"the engine failed: {type(error).__name__}: {error}", "Ask again.")
        finally:
            self._events.put(None)

    def _fail(self, name: str, what: str, todo: str) -> None:
        for one in self._asked:
            self._events.put(Failed(one.request.id, name, what, todo))

    def _collect(self, seconds: float) -> bool:
        """Takes in what comes within the time; False at the end of the stream."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                event = self._events.get(timeout=left)
            except queue.Empty:
                break
            if event is None:
                return False
            self._take(event)
        return True

    def _drain(self) -> None:
        end = time.monotonic() + GRACE
        while self._places and time.monotonic() < end and self._collect(0.05):
            continue

    def _give_up(self) -> None:
        """What did not even end when it was cancelled: its text stays, and its pane waits no longer."""
        for i in self._places.values():
            pane = replace(self.frame[i], state="cancelled", finish_reason="cancelled", error="The model did not end when it was asked to.")
            self.frame = (*self.frame[:i], pane, *self.frame[i + 1 :])

    def _take(self, event: Event) -> None:
        i = self._places.get(event.id)
        if i is None:
            return
        if isinstance(event, Sent):
            self._end = min(self._end, time.monotonic() + self._seconds)
        pane = _after(self.frame[i], event, self._asked[i])
        if pane.state == "cancelled" and self._late:
            pane = replace(pane, error=f"Stopped after {self._seconds:g} seconds.")
        self.frame = (*self.frame[:i], pane, *self.frame[i + 1 :])
        if isinstance(event, Finished | Failed):
            del self._places[event.id]


def _after(pane: Pane, event: Event, asked: Asked) -> Pane:
    if isinstance(event, Sent):
        return replace(pane, state="streaming", prompt=event.prompt, weights=event.weights, seed=asked.request.seed)
    if isinstance(event, Delta):
        return replace(pane, text=pane.text + event.text, completion_tokens=event.tokens)
    if isinstance(event, Failed):
        return replace(pane, state="failed", error=f"{event.what} {event.todo}".strip(), finish_reason="failed")
    return _finished(pane, event.generation, asked)


def _finished(pane: Pane, generation: Generation, asked: Asked) -> Pane:
    return replace(
        pane,
        state="cancelled" if generation.finish_reason == "cancelled" else "done",
        text=generation.text,
        answer=asked.strategy.read(generation.text, asked.example),
        prompt=generation.prompt,
        weights=generation.weights,
        completion_tokens=generation.completion_tokens,
        first_token_seconds=generation.first_token_seconds,
        seconds=generation.seconds,
        finish_reason=generation.finish_reason,
        seed=generation.seed,
    )
