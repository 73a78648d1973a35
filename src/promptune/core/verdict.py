"""A scorecard read aloud: who is best, who is tied with it, and what each choice costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """Two contenders on the same rows, by the metric that counts."""

    first: str
    second: str
    value: float  # the second one's score minus the first one's
    low: float  # its 95% interval
    high: float
    p: float  # how often chance alone would differ as much
    corrected: float  # the same for all comparisons of the verdict together (Holm 1979)
    test: str  # how it was found
    gained: int | None  # rows that only the second one has right; None where rows are not right or wrong
    lost: int | None
    rows_needed: int | None  # test rows that would settle it, were the difference what it looks like; None where it is settled or there is none

    @property
    def shown(self) -> bool:
        """Whether the rows show that one is better."""
        return self.corrected < 0.05


@dataclass(frozen=True)
class BreakEven:
    """From how many questions on tuning has paid for itself in time, on the machine that measured."""

    tuned: str
    prompted: str
    questions: int


@dataclass(frozen=True)
class Verdict:
    metric: str  # the task's first
    headline: str  # a few words
    sentences: tuple[str, ...]  # each with its numbers
    best: str
    tied: tuple[str, ...]  # with the best one, which is not among them
    cheapest: str  # of the best and those tied with it: fewest tokens a question
    differences: tuple[Difference, ...]  # of every other contender to the best one: `first` is the other, `second` the best
    break_even: BreakEven | None = None
