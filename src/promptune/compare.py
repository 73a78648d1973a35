"""One question to several contenders at once: a stream of frames, one pane a contender."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from promptune.engines.protocol import Delta, Engine, Event, Failed, Finished, Held, Sent
from promptune.errors import UserError
from promptune.pane import Asked, Frame, Pane, settled, waiting

log = logging.getLogger(__name__)

GRACE = 1.5  # seconds for cancelled generations to hand in what they have


@dataclass(frozen=True)
class _Place:
    """Where an event belongs: which pane, and which of its samples."""

    pane: int
    sample: int


class Comparison:
    """`frames()` once; `frame` holds the newest one, also after the frames were closed early."""

    def __init__(self, engine: Engine, asked: Sequence[Asked], *, seconds: float, stop: threading.Event) -> None:
        self._engine, self._asked, self._seconds, self._stop = engine, asked, seconds, stop
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._places = {request.id: _Place(i, n) for i, one in enumerate(asked) for n, request in enumerate(one.requests)}
        self._tokens: dict[str, int] = {}  # of every request, so far
        self._ends: list[dict[int, Finished | Failed]] = [{} for _ in asked]
        self._end = float("inf")  # on the monotonic clock: it runs from when the model has the question, not while it is loaded
        self._late = False
        self.frame: Frame = tuple(waiting(one) for one in asked)

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
            for event in self._engine.stream([request for one in self._asked for request in one.requests]):
                self._events.put(event)
        except UserError as error:
            self._fail(error.name, error.what, error.todo)
        except Exception as error:
            log.exception("a comparison broke off")
            self._fail("FAILED", f"the engine failed: {type(error).__name__}: {error}", "Ask again.")
        finally:
            self._events.put(None)

    def _fail(self, name: str, what: str, todo: str) -> None:
        for id in list(self._places):
            self._events.put(Failed(id, name, what, todo))

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
        for i in {place.pane for place in self._places.values()}:
            ends = list(self._ends[i].values())
            pane = settled(self.frame[i], self._asked[i], ends) if ends else self.frame[i]
            self._show(i, replace(pane, state="cancelled", finish_reason="cancelled", error="The model did not end when it was asked to."))

    def _take(self, event: Event) -> None:
        place = self._places.get(event.id)
        if place is None:
            return
        i, asked = place.pane, self._asked[place.pane]
        pane = self.frame[i]
        if isinstance(event, Held):
            pane = replace(pane, held=event.what)
        elif isinstance(event, Sent):
            self._end = min(self._end, time.monotonic() + self._seconds)
            if place.sample == 0:
                pane = replace(pane, state="streaming", held="", prompt=event.prompt, weights=event.weights, seed=asked.requests[0].seed)
        elif isinstance(event, Delta):
            self._tokens[event.id] = event.tokens
            text = pane.text + event.text if place.sample == 0 else pane.text  # the first sample is watched, the others are counted
            pane = replace(pane, text=text, completion_tokens=sum(self._tokens.get(request.id, 0) for request in asked.requests))
        else:
            del self._places[event.id]
            self._ends[i][place.sample] = event
            pane = replace(pane, sampled=len(self._ends[i]))
            if pane.sampled == pane.samples:
                pane = self._ended(pane, asked, [self._ends[i][n] for n in range(pane.samples)])
        self._show(i, pane)

    def _ended(self, pane: Pane, asked: Asked, ends: Sequence[Finished | Failed]) -> Pane:
        pane = settled(pane, asked, ends)
        return replace(pane, error=f"Stopped after {self._seconds:g} seconds.") if pane.state == "cancelled" and self._late else pane

    def _show(self, i: int, pane: Pane) -> None:
        self.frame = (*self.frame[:i], pane, *self.frame[i + 1 :])
