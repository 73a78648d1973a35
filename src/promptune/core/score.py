"""Scores: a number with its interval, a probe, and a scorecard."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Score:
    """One metric over a test set, 0…1, with its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Probe:
    """A skill that has nothing to do with the tuned task, scored before, during and after."""

    task: str
    strategy: str
    metric: str


@dataclass(frozen=True)
class Cost:
    """Totals over a scorecard's rows."""

    prompt_tokens: int  # each prompt once, however many samples were drawn from it
    completion_tokens: int
    seconds: float


@dataclass(frozen=True)
class Scored:
    """One contender on a scorecard."""

    contender: str
    metrics: dict[str, Score]
    cost: Cost
    dropped: int = 0  # rows whose prompt had to leave out examples or passages
    errors: int = 0  # rows that failed: they count as wrong


@dataclass(frozen=True)
class Scorecard:
    """Contenders × one frozen test set × metrics, in the order they were asked."""

    task: str
    rows: int  # scored, the same for every contender
    skipped: int  # left out for every contender, because one's prompt did not fit its window
    contenders: tuple[Scored, ...] = field(default=())
