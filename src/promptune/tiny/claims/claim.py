"""A claim: one sentence about the model, the figures that carry it, and how far each must reach."""

from __future__ import annotations

from dataclasses import dataclass

from promptune.core.score import Score


@dataclass(frozen=True)
class Reach:
    """Where a figure has to lie."""

    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        return f"≥ {self.low:g}" if self.low is not None else f"≤ {self.high:g}" if self.high is not None else ""

    def holds(self, value: float) -> bool:
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)


SHOWN = Reach()  # a figure that is only shown


def at_least(low: float) -> Reach:
    return Reach(low=low)


def at_most(high: float) -> Reach:
    return Reach(high=high)


@dataclass(frozen=True)
class Cell:
    """One figure with its 95% interval, from 0 to 1."""

    what: str
    score: Score
    rows: int
    reach: Reach = SHOWN
    tokens: float | None = None  # of a prompt, on average

    @property
    def reached(self) -> bool:
        return self.reach.holds(self.score.value)


@dataclass(frozen=True)
class Claim:
    name: str
    says: str
    unit: str  # what its figures are
    cells: tuple[Cell, ...]
    told: str = ""  # what no single figure says: whether they rise, a p-value, two texts
    holds: bool = True  # of what is told

    @property
    def reached(self) -> bool:
        return self.holds and all(cell.reached for cell in self.cells)
