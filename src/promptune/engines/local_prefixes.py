"""The keys and values of prompts that were read already, so that one that begins alike is read only from where it differs.

Bounded in bytes; what was used longest ago goes first. Prompts are found by blocks of tokens, and used to the last token that is equal.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from promptune.engines.local_adapters import Mix
from promptune.engines.local_slots import Kept

BLOCK = 16  # tokens


@dataclass(frozen=True, eq=False)
class Prefix:
    mix: Mix
    ids: tuple[int, ...]
    kept: Kept
    size: int  # bytes


class Prefixes:
    def __init__(self, budget: int) -> None:
        self.budget, self.size = budget, 0  # bytes
        self._entries: OrderedDict[int, Prefix] = OrderedDict()  # by id(), the one used longest ago first
        self._blocks: dict[Hashable, dict[int, None]] = {}  # what ids begin with, in whole blocks -> the entries that do, the newest last

    def find(self, mix: Mix, ids: Sequence[int]) -> tuple[Kept, int]:
        """What was kept of the longest common beginning, and its tokens; at least the last token of `ids` is left to be read."""
        found = None
        for sign in _signs(mix, ids):
            if entries := self._blocks.get(sign):
                found = next(reversed(entries))
        if found is None:
            return [], 0
        entry = self._entries[found]
        self._entries.move_to_end(found)
        alike = 0
        for mine, theirs in zip(ids[:-1], entry.ids, strict=False):
            if mine != theirs:
                break
            alike += 1
        return (entry.kept, alike) if entry.mix == mix and alike >= BLOCK else ([], 0)

    def add(self, mix: Mix, ids: Sequence[int], kept: Kept) -> None:
        """Takes the place of what it only goes on from."""
        size = sum(keys.nbytes + values.nbytes for keys, values in kept)
        signs = list(_signs(mix, ids))
        if size > self.budget or not signs:
            return
        for at in self._blocks.get(signs[-1], ()):
            if self._entries[at].mix == mix and self._entries[at].ids[: len(ids)] == tuple(ids):
                self._entries.move_to_end(at)
                return  # it is known, and more
        entry = Prefix(mix, tuple(ids), kept, size)
        for at in {at for sign in signs for at in self._blocks.get(sign, ())}:
            old = self._entries[at]
            if old.mix == mix and entry.ids[: len(old.ids)] == old.ids:
                self._drop(at)
        self._entries[id(entry)] = entry
        self.size += size
        for sign in signs:
            self._blocks.setdefault(sign, {})[id(entry)] = None
        while self.size > self.budget:
            self._drop(next(iter(self._entries)))

    def clear(self) -> None:
        self._entries.clear()
        self._blocks.clear()
        self.size = 0

    def _drop(self, at: int) -> None:
        entry = self._entries.pop(at)
        self.size -= entry.size
        for sign in _signs(entry.mix, entry.ids):
            self._blocks[sign].pop(at, None)
            if not self._blocks[sign]:
                del self._blocks[sign]


def _signs(mix: Mix, ids: Sequence[int]) -> Iterator[Hashable]:
    """A sign for each whole block and all before it. Signs may collide; the ids themselves are compared afterwards."""
    sign: Hashable = mix
    for end in range(BLOCK, len(ids) + 1, BLOCK):
        sign = hash((sign, tuple(ids[end - BLOCK : end])))
        yield sign
