"""A task at a glance: how its splits are made up, and what in them a person should know of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promptune.core.task import Example, Split
from promptune.tasks.describe import Balance, balance
from promptune.tasks.overlap import Overlaps, overlaps


@dataclass(frozen=True)
class Overview:
    rows: Mapping[Split, int]
    balance: Balance
    overlaps: Overlaps
    warnings: tuple[str, ...]

    def lines(self) -> list[str]:
        """For a terminal: the splits with their classes, then the warnings."""
        told = []
        for split, rows in self.rows.items():
            counts = zip(self.balance.classes, self.balance.counts.get(split, ()), strict=False)
            told.append(f"{split:<11}{rows:>7,} rows   " + ", ".join(f"{name} {count}" for name, count in counts))
        return [*told, *self.warnings]


def overview(splits: Mapping[Split, Sequence[Example]]) -> Overview:
    balanced, overlapping = balance(splits), overlaps(splits)
    warnings = [] if splits.get("train") else ["There are no train rows: strategies that show examples have none to show."]
    return Overview({split: len(rows) for split, rows in splits.items()}, balanced, overlapping, (*warnings, *balanced.warnings(), *overlapping.lines()))
