"""What a task's rows are like: the classes in each split, how long prompts are in a model's tokens, and which do not fit its window."""

from __future__ import annotations

import itertools
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from promptune.core.task import SPLITS, Example, Split
from promptune.tasks.answers import classes

BINS = 12  # of a histogram, at most
TOLD = 100  # rows that do not fit, kept
NAMED = 10  # of those in a line


@dataclass(frozen=True)
class Balance:
    """How many rows of each split have each answer; no answers where they are no classes."""

    classes: tuple[str, ...]  # the most frequent first
    counts: Mapping[Split, tuple[int, ...]]  # of each class, in that order

    def warnings(self) -> list[str]:
        """Classes that a model is asked for and never shown."""
        if "train" not in self.counts:
            return []
        asked = [split for split in self.counts if split != "train"]
        return [
            f"No train row is {name!r}, and {self.counts[split][place]} {split} rows are."
            for place, name in enumerate(self.classes)
            for split in asked
            if self.counts[split][place] and not self.counts["train"][place]
        ]


@dataclass(frozen=True)
class Bin:
    low: int  # tokens; both ends belong to it
    high: int
    rows: int


@dataclass(frozen=True)
class Long:
    split: Split | None
    row: int | None
    tokens: int


@dataclass(frozen=True)
class Lengths:
    """Prompts counted in a model's tokens. What is over leaves less than `room` tokens of the window for the answer."""

    window: int
    room: int
    rows: int
    shortest: int
    median: int
    longest: int
    bins: tuple[Bin, ...]
    over: int  # rows
    longs: tuple[Long, ...]  # some of those, the longest first

    def lines(self) -> list[str]:
        """For a terminal."""
        if not self.rows:
            return ["There are no prompts."]
        said = [f"Prompts have {self.shortest:,} to {self.longest:,} tokens, half of them up to {self.median:,}. The window holds {self.window:,}."]
        most = max(one.rows for one in self.bins)
        said += [f"{one.low:>9,} – {one.high:<9,}{one.rows:>7,}  {'▇' * -(-40 * one.rows // most)}" for one in self.bins]
        if not self.over:
            return [*said, f"Every prompt leaves the {self.room:,} tokens kept for the answer."]
        named = ", ".join(f"{long.split or 'row'} {long.row} ({long.tokens:,})" for long in self.longs[:NAMED])
        more = ", …" if self.over > NAMED else ""
        return [*said, f"{self.over:,} of {self.rows:,} prompts leave less than the {self.room:,} tokens kept for the answer: {named}{more}."]


def balance(splits: Mapping[Split, Sequence[Example]]) -> Balance:
    there = [split for split in SPLITS if splits.get(split)]
    total = classes([example for split in there for example in splits[split]])
    names = tuple(sorted(total, key=lambda name: (-total[name], name)))
    counts = {split: Counter(example.completion for example in splits[split]) for split in there}
    return Balance(names, {split: tuple(counts[split][name] for name in names) for split in there})


def lengths(counts: Sequence[int], examples: Sequence[Example], window: int, room: int) -> Lengths:
    """`counts`: the tokens of each example's prompt as it is sent. `room`: the tokens kept for the answer."""
    if not counts:
        return Lengths(window, room, 0, 0, 0, 0, (), 0, ())
    long = [Long(example.split, example.row, tokens) for tokens, example in zip(counts, examples, strict=True) if tokens + room > window]
    longs = tuple(sorted(long, key=lambda one: -one.tokens)[:TOLD])
    return Lengths(window, room, len(counts), min(counts), int(statistics.median(counts)), max(counts), _bins(counts), len(long), longs)


def _bins(counts: Sequence[int]) -> tuple[Bin, ...]:
    """Of equal, round width (1, 2, 5, 10, …), from the shortest to the longest."""
    low, high = min(counts), max(counts)
    width = next(width for width in _round_numbers() if high // width - low // width < BINS)
    filled = Counter(count // width for count in counts)
    return tuple(Bin(place * width, (place + 1) * width - 1, filled[place]) for place in range(low // width, high // width + 1))


def _round_numbers() -> Iterator[int]:
    for power in itertools.count():
        yield from (10**power, 2 * 10**power, 5 * 10**power)
