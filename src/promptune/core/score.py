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

    prompt_tokens: int
    completion_tokens: int
    seconds: float


@dataclass(frozen=True)
class Scorecard:
    """Contenders × one frozen test set × metrics. Scores are keyed by contender, then by metric."""

    task: str
    rows: int
    contenders: tuple[str, ...]
    scores: dict[str, dict[str, Score]] = field(default_factory=dict)
    costs: dict[str, Cost] = field(default_factory=dict)
