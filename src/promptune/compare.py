"""One question to several contenders at once: a stream of frames, one pane a contender."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace

from promptune.engines.protocol import Delta, Engine, Event, Failed, Finished, Held, Sent
from promptune.errors import UserError
from promptune.pane import Asked, Frame, Pane, settled, waiting

log = logging.getLogger(__name__)

LOADING = 1800.0  # seconds for a model to be loaded, and for a place in its batch
GRACE = 1.5  # seconds for cancelled generations to hand in what they have
NEVER_ENDED = "The model did not end when it was asked to."
NEVER_BEGAN = "Its model did not come to the question in time. Ask again, or ask a smaller one."


@dataclass(frozen=True)
class _Place:
    """Where an event belongs: which pane, and which of its samples."""

    pane: int
    sample: int


class Comparison:
    """`frames()` once; `frame` holds the newest one, also after the frames were closed early."""

    def __init__(self, engine: Engine, asked: Mapping[int, Asked], frame: Frame, *, seconds: float, stop: threading.Event) -> None:
        """`asked`: by pane. `frame` has a pane for each; those that are not asked stay as they are."""
        self._engine, self._asked, self._seconds, self._stop = engine, asked, seconds, stop
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._stops: queue.SimpleQueue[int] = queue.SimpleQueue()  # panes
        self._places = {request.id: _Place(i, n) for i, one in asked.items() for n, request in enumerate(one.requests)}
        self._tokens: dict[str, int] = {}  # of every request, so far
        self._ends: dict[int, dict[int, Finished | Failed]] = {i: {} for i in asked}
        self._given_up: dict[int, float] = {}  # panes that were stopped, and when no more is waited for them
        self._ends_at = dict.fromkeys(asked, time.monotonic() + LOADING)  # by pane, on the monotonic clock; from when its model has the question, sooner
        self._late: set[int] = set()
        self.frame: Frame = tuple(waiting(asked[i]) if i in asked else pane for i, pane in enumerate(frame))

    def stop(self, pane: int) -> None:
        """From any thread: this one ends with what it has, the others go on."""
        self._stops.put(pane)

    def frames(self, poll: float) -> Generator[Frame, None, None]:
        """A frame at least every `poll` seconds. A stop, the time's end, or closing it cancels what still runs and keeps what that has."""
        if self._places:
            threading.Thread(target=self._pump, daemon=True).start()
        try:
            while self._places and self._collect(poll):
                yield self.frame
                self._stop_some()
                if self._stop.is_set():
                    break
        finally:
            if self._places:
                self._engine.cancel(list(self._places))
                self._drain()
                self._give_up({place.pane for place in self._places.values()})
        yield self.frame

    def _pump(self) -> None:
        try:
            for event in self._engine.stream([request for one in self._asked.values() for request in one.requests]):
                self._events.put(event)
            self._fail("FAILED", "The engine ended without a word.", "Ask again.")  # whoever has an end by now hears it no more
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

    def _stop_some(self) -> None:
        """Panes that somebody stopped, and those whose time is over."""
        now, under_way = time.monotonic(), {place.pane for place in self._places.values()}
        late = {pane for pane in under_way if now > self._ends_at[pane]} - self._late
        self._late |= late
        stopped = late.copy()
        while not self._stops.empty():
            stopped.add(self._stops.get())
        if stopped:
            self._engine.cancel([id for id, place in self._places.items() if place.pane in stopped])
        for pane in stopped:
            self._given_up.setdefault(pane, now + GRACE)
        self._give_up({pane for pane, end in self._given_up.items() if now > end and pane in under_way})

    def _drain(self) -> None:
        end = time.monotonic() + GRACE
        while self._places and time.monotonic() < end and self._collect(0.05):
            continue

    def _give_up(self, panes: set[int]) -> None:
        """What did not even end when it was cancelled: its text stays, and its pane waits no longer."""
        for i in panes:
            ends = list(self._ends[i].values())
            pane = settled(self.frame[i], self._asked[i], ends) if ends else self.frame[i]
            error = NEVER_ENDED if pane.prompt else NEVER_BEGAN if i in self._late else ""  # without a prompt its model is being loaded still
            self._show(i, replace(pane, state="cancelled", finish_reason="cancelled", error=error, held=""))
        self._places = {id: place for id, place in self._places.items() if place.pane not in panes}

    def _take(self, event: Event) -> None:
        place = self._places.get(event.id)
        if place is None:
            return
        i, asked = place.pane, self._asked[place.pane]
        pane = self.frame[i]
        if isinstance(event, Held):
            pane = replace(pane, held=event.what)
        elif isinstance(event, Sent):
            self._ends_at[i] = min(self._ends_at[i], time.monotonic() + self._seconds)
            if place.sample == 0:
                pane = replace(pane, state="streaming", held="", prompt=event.prompt, weights=event.weights, seed=asked.requests[0].seed)
        elif isinstance(event, Delta):
            self._tokens[event.id] = event.tokens
            text = pane.text + event.text if place.sample == 0 else pane.text  # the first sample is watched, the others are counted
            pane = replace(pane, held="", text=text, completion_tokens=sum(self._tokens.get(request.id, 0) for request in asked.requests))
        else:
            del self._places[event.id]
            self._ends[i][place.sample] = event
            pane = replace(pane, sampled=len(self._ends[i]))
            if pane.sampled == pane.samples:
                pane = self._ended(i, replace(pane, held=""), [self._ends[i][n] for n in range(pane.samples)])
        self._show(i, pane)

    def _ended(self, i: int, pane: Pane, ends: list[Finished | Failed]) -> Pane:
        pane = settled(pane, self._asked[i], ends)
        if pane.state != "cancelled" or i not in self._late:
            return pane
        return replace(pane, error=f"Stopped after {self._seconds:g} seconds." if pane.prompt else NEVER_BEGAN)

    def _show(self, i: int, pane: Pane) -> None:
        self.frame = (*self.frame[:i], pane, *self.frame[i + 1 :])
