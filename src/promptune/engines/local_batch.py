"""The continuous batch of one loaded model: every row of everybody goes through the same forward passes, each with its own adapter.

A thread of its own runs the model, and nothing else does. Each round it takes in what came, reads a piece of the prompts that are not read
to their end, and gives every row that answers its next token. A row that ends makes room at once.
"""

from __future__ import annotations

import math
import queue
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

import torch

from promptune.engines.local_adapters import Mix
from promptune.engines.local_models import Loaded
from promptune.engines.local_prefixes import BLOCK, Prefixes
from promptune.engines.local_reader import Reader
from promptune.engines.local_rows import Row, choose, damaged, need_numbers
from promptune.engines.local_slots import Kept, Slots
from promptune.engines.protocol import Held

ROWS = 32  # in the batch at once; an owner who has none in it gets in even so, up to half as many more
GROUP = {"cpu": 128, "cuda": 2048}  # tokens that are read in one pass, unless one prompt has more: more at once is no quicker, and the first waits for the last
PIECE = 512  # tokens of prompts that are read between two steps of those who answer, what fills up shorter ones among them
DESK = 16_384  # tokens of a group of prompts, with what is known of them
SHARED = 64  # tokens that a prompt must have in common with another one that is being read, and half of its own, to wait for that: a pass costs something too
T = TypeVar("T")


@dataclass(eq=False)
class Seat:
    """A row's place in the batch, or its wait for one."""

    row: Row
    mix: Mix
    kept: Kept  # keys and values of what is read of its prompt, until all is
    read: int = 0  # tokens whose keys and values are there
    known: int = 0  # of them, those that were known before
    last: int = -1  # the answer's newest token, which is read next
    told: bool = False  # that it waits
    failed: bool = False

    @property
    def ids(self) -> tuple[int, ...]:
        return self.row.sent.ids

    @property
    def room(self) -> int:
        """Tokens that it may come to."""
        return len(self.ids) + self.row.limit

    @property
    def left(self) -> int:
        return len(self.ids) - self.read


class Batch:
    def __init__(self, loaded: Loaded, reader: Reader, cancelled: Callable[[str], bool], *, rows: int, prefixes: int) -> None:
        """`rows` and `prefixes`: bytes that the keys and values of rows, and of known prompts, may take."""
        self.loaded, self.reader, self.prefixes = loaded, reader, Prefixes(prefixes)
        self._most = rows // max(1, reader.token)  # tokens of all rows
        self._cancelled = cancelled
        self._inbox: queue.SimpleQueue[list[Seat] | Callable[[], None]] = queue.SimpleQueue()
        self._waiting: list[Seat] = []
        self._reading: list[Seat] = []
        self._answering: list[Seat] = []  # by slot
        self._common: int | None = 0  # tokens with which all of them begin; None: they have changed
        self._groups = 0  # that were read
        self._served: dict[str, int] = {}  # by owner the last one of them that had a prompt of theirs
        self._slots, self._desk = Slots(reader.layers), Slots(reader.layers)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None  # while there is something to do; under the lock
        self._closing = False

    # ---- from any thread ----

    def add(self, rows: Sequence[tuple[Row, Mix]]) -> None:
        """At once, so that they are read together."""
        self._put([Seat(row, mix, []) for row, mix in rows])

    def run(self, work: Callable[[], T]) -> T:
        """Does something with the model between two rounds."""
        future: Future[T] = Future()

        def task() -> None:
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)

        self._put(task)
        return future.result()

    @property
    def busy(self) -> bool:
        return self._thread is not None

    def close(self) -> None:
        """Ends what is under way. A thread that still ran in torch when Python ends would take the process down."""
        self._closing = True
        with self._lock:
            thread = self._thread
        if thread:
            thread.join()

    def _put(self, thing: list[Seat] | Callable[[], None]) -> None:
        with self._lock:
            self._inbox.put(thing)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="batch")
                self._thread.start()

    # ---- its thread, which ends when there is nothing to do ----

    @torch.inference_mode()
    def _run(self) -> None:
        torch.set_num_threads(self.loaded.threads)
        while True:
            try:
                if not self._take_in():
                    return
                self._seat()
                self._read()
                self._step()
            except Exception as error:  # of the batch itself: its rows fail, and it lives
                self._fail([*self._waiting, *self._reading, *self._answering], error)
                self._waiting, self._reading, self._answering = [], [], []
                self._slots.clear()
                self._desk.clear()

    def _take_in(self) -> bool:
        """False where nothing is left."""
        while True:
            while not self._inbox.empty():
                thing = self._inbox.get()
                if isinstance(thing, list):
                    self._waiting += thing
                else:
                    thing()
            for seat in [*self._waiting, *self._reading, *self._answering]:
                if self._closing or self._cancelled(seat.row.request.id):
                    self._cancel(seat)
            self._clean()
            if self._waiting or self._reading or self._answering:
                return True
            self._served.clear()
            for slots in (self._slots, self._desk):
                slots.rest()
            with self._lock:
                if self._inbox.empty():
                    self._thread = None
                    return False

    def _cancel(self, seat: Seat) -> None:
        try:
            seat.row.finish("cancelled")
        except Exception as error:  # of this row alone
            self._fail([seat], error)

    def _seat(self) -> None:
        """Owners take turns: next comes whoever has the fewest rows in the batch, of theirs the oldest."""
        there = [*self._reading, *self._answering]
        inside, widest = Counter(seat.row.request.owner for seat in there), max((seat.room for seat in there), default=0)
        while self._waiting:
            seat = min(self._waiting, key=lambda one: inside[one.row.request.owner])
            owner = seat.row.request.owner
            full = inside.total() >= (ROWS if inside[owner] else ROWS + ROWS // 2)
            widest = max(widest, seat.room)
            if full or (inside.total() and (inside.total() + 1) * widest > self._most):
                break
            self._waiting.remove(seat)
            self._reading.append(seat)
            inside[owner] += 1
        for place, seat in enumerate(self._waiting):
            if not seat.told:
                seat.told = True
                seat.row.emit(Held(seat.row.request.id, f"Waiting for a place: {inside.total() + place} answers come first."))

    # ---- prompts ----

    def _read(self) -> None:
        """Prompts in groups, until so many tokens are read that those who answer should have their turn."""
        room = PIECE
        while room > 0 and (group := self._group()):
            new = min(max(seat.left for seat in group), PIECE)
            room -= len(group) * new
            self._read_group(group, new)

    def _read_group(self, group: list[Seat], new: int) -> None:
        """The next tokens of prompts that are about equally long from where they are not known, `new` of each at most."""
        self._groups += 1
        self._served |= {seat.row.request.owner: self._groups for seat in group}
        pieces = [seat.ids[seat.read : seat.read + new] for seat in group]
        try:
            self._desk.reserve(len(group), max(seat.read for seat in group) + new)
            for slot, seat in enumerate(group):
                if seat.read:
                    self._desk.write(slot, seat.kept, seat.read)
            scores = self.reader.read(self._desk, 0, pieces, [seat.read for seat in group], [seat.mix for seat in group])
            ready = [slot for slot, (seat, piece) in enumerate(zip(group, pieces, strict=True)) if seat.left == len(piece)]
            self._slots.reserve(len(self._answering) + len(ready), max((len(group[slot].ids) + 1 for slot in ready), default=0))
            for slot, (seat, piece) in enumerate(zip(group, pieces, strict=True)):
                seat.read += len(piece)
                seat.kept = self._desk.read(slot, seat.read)
                if not seat.left:
                    self._begin(seat)
            for seat, top in zip(group, scores.amax(dim=-1).tolist(), strict=True):
                if seat.left and not math.isfinite(top):  # it is not read to its end: what comes after would be none either
                    self._fail([seat], damaged())
            self._choose([group[slot] for slot in ready], scores[ready])
        except Exception as error:
            self._fail(group, error)
        if any(seat.failed for seat in group):
            self._desk.clear()
        self._reading = [seat for seat in self._reading if seat.left and not seat.row.ended]
        self._clean()

    def _group(self) -> list[Seat]:
        """The one that waits longest, and those like it; owners take turns here too. Where a beginning is being read, others that share it wait."""
        group: list[Seat] = []
        before: list[Seat] = []  # whose beginnings are being read
        longest, most = 0, GROUP[self.reader.device.type]
        for seat in _by_turns(self._reading, self._served):
            if not seat.read:
                seat.kept, seat.read = self.prefixes.find(seat.mix, seat.ids)
                seat.known = seat.read
            waits = not seat.read and any(_alike(seat, other) for other in before)
            before.append(seat)
            if waits:
                continue
            left = min(seat.left, PIECE)
            width = max([left + seat.read, *(longest + other.read for other in group)])
            if not group:
                longest = left
            elif not 2 * longest <= 3 * left <= 4.5 * longest or (len(group) + 1) * max(longest, left) > most or (len(group) + 1) * width > DESK:
                continue
            group.append(seat)
            longest = max(longest, left)
        return group

    def _begin(self, seat: Seat) -> None:
        """Its prompt is read: it gets its slot. What half of was new is worth remembering."""
        if 2 * seat.known <= len(seat.ids):
            self.prefixes.add(seat.mix, seat.ids, seat.kept)
        slot = len(self._answering)
        self._slots.write(slot, seat.kept, seat.read)
        seat.kept = []
        self._answering.append(seat)
        self._common = None

    def scratch(self) -> Slots:
        """On its thread: slots that are nobody's between two rounds. Whoever finds what is no number in them clears them."""
        return self._desk

    def known(self, ids: Sequence[int], mix: Mix) -> tuple[Kept, torch.Tensor]:
        """On its thread: a prompt's keys and values, and the predictions behind its last token: (vocabulary)."""
        kept, read = self.prefixes.find(mix, ids)
        slots = self.scratch()
        slots.reserve(1, len(ids))
        if before := read:
            slots.write(0, kept, read)
        while read < len(ids):
            piece = ids[read : read + PIECE]
            scores = self.reader.read(slots, 0, [piece], [read], [mix])
            read += len(piece)
        kept = slots.read(0, read)
        if not bool(scores.isfinite().all()):
            slots.clear()
        elif 2 * before <= read:
            self.prefixes.add(mix, ids, kept)
        return kept, scores[0]

    # ---- answers ----

    def _step(self) -> None:
        """Every row that answers: its newest token is read, and the next one chosen."""
        if not (seats := list(self._answering)):
            return
        try:
            if self._common is None:
                self._common = _in_common(seats)
            last, places, mixes = [[seat.last] for seat in seats], [seat.read for seat in seats], [seat.mix for seat in seats]
            scores = self.reader.read(self._slots, 0, last, places, mixes, self._common)
            for seat in seats:
                seat.read += 1
            self._choose(seats, scores)
        except Exception as error:
            self._fail(seats, error)
        self._clean()

    def _choose(self, seats: Sequence[Seat], scores: torch.Tensor) -> None:
        """scores: (seats, vocabulary)."""
        if not seats:
            return
        tops: list[float] = scores.amax(dim=-1).tolist()
        for seat, token, top in zip(seats, choose(scores, [seat.row for seat in seats]), tops, strict=True):
            try:
                need_numbers(top)
                seat.last = token
                seat.row.take(token)
            except Exception as error:  # of this row alone
                self._fail([seat], error)

    def _clean(self) -> None:
        """Rows that ended leave; the last one of the batch moves into a slot that became free."""
        for rows in (self._waiting, self._reading):
            rows[:] = [seat for seat in rows if not seat.row.ended]
        for slot, seat in enumerate(self._answering):
            if seat.failed:
                self._slots.blank(slot)
            elif seat.row.ended and seat.row.request.owner:  # a person may go on from here
                self._remember(seat, slot)
        slot = 0
        while slot < len(self._answering):
            if not self._answering[slot].row.ended:
                slot += 1
                continue
            last = self._answering[-1]
            if last is not self._answering[slot]:
                self._slots.copy(len(self._answering) - 1, slot, last.read)
                self._answering[slot] = last
            self._answering.pop()
            self._common = None

    def _remember(self, seat: Seat, slot: int) -> None:
        try:
            self.prefixes.add(seat.mix, [*seat.ids, *seat.row.ids][: seat.read], self._slots.read(slot, seat.read))
        except (RuntimeError, MemoryError):  # there is no memory for it
            self.prefixes.clear()

    def _fail(self, seats: Sequence[Seat], error: Exception) -> None:
        self.prefixes.clear()  # they may be why there is no memory
        for seat in seats:
            seat.failed = True
            seat.row.fail(error)


def _by_turns(seats: Sequence[Seat], served: Mapping[str, int]) -> list[Seat]:
    """Everybody's first one, then everybody's second one …; of these, whose turn was longest ago."""
    before: Counter[str] = Counter()
    turns = []
    for seat in seats:
        turns.append(before[seat.row.request.owner])
        before[seat.row.request.owner] += 1
    return [seat for _, seat in sorted(zip(turns, seats, strict=True), key=lambda pair: (pair[0], served.get(pair[1].row.request.owner, 0)))]


def _in_common(seats: Sequence[Seat]) -> int:
    """Tokens with which all of them begin, if that is worth a pass of its own kind."""
    if len(seats) < 2 or any(seat.mix != seats[0].mix for seat in seats):
        return 0
    return found if (found := _common(min(seat.ids for seat in seats), max(seat.ids for seat in seats))) >= SHARED else 0


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    return next((i for i, (mine, theirs) in enumerate(zip(one, other, strict=False)) if mine != theirs), min(len(one), len(other)))


def _alike(one: Seat, other: Seat) -> bool:
    if one.mix != other.mix or one.ids[:BLOCK] != other.ids[:BLOCK]:
        return False
    shared = _common(one.ids, other.ids)
    return shared >= SHARED and 2 * shared >= len(one.ids)
