"""Dealing bundles of rows to splits, so that each gets its share of every group and every class.

The smallest split picks first, each time of the group and the class that it lacks most; the largest one gets what is left.
So what rounding there must be falls on the split where it matters least.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promptune.core.task import Split

FIRST: tuple[Split, ...] = ("train", "test", "validation")  # a group with too few bundles: without train rows it has no shots, without test rows no score


@dataclass(frozen=True)
class Bundle:
    """Rows that must stay together."""

    rows: tuple[int, ...]
    groups: Counter[str | None]  # of its rows
    labels: Counter[str | None]  # of its rows; None where answers are no classes
    group: str | None  # that of most of them
    label: str | None

    @property
    def size(self) -> int:
        return len(self.rows)


def deal(bundles: Sequence[Bundle], shares: Mapping[Split, float], seed: int) -> dict[Split, list[Bundle]]:
    """At least one bundle for each split, of which there are no more than bundles; the same whenever bundles, shares and seed are."""
    drawn = random.Random(f"splits {seed}").sample(bundles, len(bundles))
    deck = _Deck(drawn, [split for split in FIRST if split in shares])
    order = sorted(shares, key=lambda split: (shares[split], -FIRST.index(split)))
    dealt = {split: _Picking(deck, shares[split], split, order[place:]).picked() for place, split in enumerate(order[:-1])}
    return {**dealt, order[-1]: [drawn[number] for number in sorted(deck.left)]}


class _Deck:
    """What nobody has picked yet. A bundle is its number in the drawn order."""

    def __init__(self, drawn: Sequence[Bundle], first: Sequence[Split]) -> None:
        self.drawn = drawn
        self.left = set(range(len(drawn)))
        self.by_group: dict[str | None, list[int]] = defaultdict(list)
        self.by_stratum: dict[tuple[str | None, str | None], list[int]] = defaultdict(list)
        self.groups: Counter[str | None] = Counter()  # rows, as are the next
        self.labels: Counter[str | None] = Counter()
        for number, bundle in enumerate(drawn):
            self.by_group[bundle.group].append(number)
            self.by_stratum[bundle.group, bundle.label].append(number)
            self.groups.update(bundle.groups)
            self.labels.update(bundle.labels)
        self.of_group = Counter({group: len(numbers) for group, numbers in self.by_group.items()})  # bundles left
        self.musts = {group: frozenset(first[:count] if group is not None else ()) for group, count in self.of_group.items()}


class _Picking:
    """One split's turn."""

    def __init__(self, deck: _Deck, share: float, split: Split, order: Sequence[Split]) -> None:
        self._deck, self._share, self._split, self._later = deck, share, split, frozenset(order[1:])
        self._room = max(1, round(share * sum(bundle.size for bundle in deck.drawn)))
        self._groups: Counter[str | None] = Counter()
        self._labels: Counter[str | None] = Counter()
        self._picked: list[Bundle] = []

    def picked(self) -> list[Bundle]:
        """First what every group must have here, then what is lacking most."""
        for group, musts in self._deck.musts.items():
            there = [number for number in self._deck.by_group[group] if number in self._deck.left]
            if self._split in musts and there and self._spare():
                self._take(min(there, key=self._misfit))
        self._fill()
        if not self._picked:  # no bundle is as small as its share, and it must not stay empty
            self._take(min(self._deck.left, key=lambda number: (not self._free(self._deck.drawn[number].group), self._deck.drawn[number].size, number)))
        return self._picked

    def _fill(self) -> None:
        """Needs only shrink in a turn, so an entry that is looked at afresh and still comes first has the largest of all."""
        heap = [(-self._need(*stratum), place, stratum) for place, stratum in enumerate(self._deck.by_stratum)]
        heapq.heapify(heap)
        waiting = {stratum: [number for number in reversed(numbers) if number in self._deck.left] for stratum, numbers in self._deck.by_stratum.items()}
        while heap and self._room > 0 and self._spare():
            _, place, stratum = heapq.heappop(heap)
            now = (-self._need(*stratum), place, stratum)
            if not waiting[stratum] or not self._free(stratum[0]):
                continue
            if heap and heap[0] < now:
                heapq.heappush(heap, now)
                continue
            number = waiting[stratum].pop()
            if self._deck.drawn[number].size <= self._room:
                self._take(number)
            heapq.heappush(heap, (-self._need(*stratum), place, stratum))

    def _take(self, number: int) -> None:
        bundle = self._deck.drawn[number]
        self._deck.left.remove(number)
        self._deck.of_group[bundle.group] -= 1
        self._room -= bundle.size
        self._groups.update(bundle.groups)
        self._labels.update(bundle.labels)
        self._picked.append(bundle)

    def _need(self, group: str | None, label: str | None) -> float:
        """Rows of its group and of its class that are still missing here."""
        return self._share * (self._deck.groups[group] + self._deck.labels[label]) - self._groups[group] - self._labels[label]

    def _misfit(self, number: int) -> tuple[float, float, int]:
        """Of a group's bundles the one for this split: no larger than the group's share, of the class that is lacking most."""
        bundle = self._deck.drawn[number]
        return max(bundle.size - max(1.0, self._share * self._deck.groups[bundle.group]), 0.0), -self._need(bundle.group, bundle.label), number

    def _spare(self) -> bool:
        return len(self._deck.left) > len(self._later)

    def _free(self, group: str | None) -> bool:
        """Whether the group can give one away and still have what the later splits must get of it."""
        return self._deck.of_group[group] > len(self._deck.musts[group] & self._later)
