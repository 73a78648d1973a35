"""What scoring gives: a number with its interval, a probe, what was kept of other skills, and a scorecard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from promptune.core.verdict import Verdict

ProbeKind = Literal["skill", "harmful", "harmless"]


@dataclass(frozen=True)
class Score:
    """One metric over a test set, 0…1, with its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Probe:
    """Something that has nothing to do with the tuned task: a skill, or how often harmful or harmless requests are refused."""

    name: str
    title: str
    task: str
    strategy: str  # as a contender spells it: cot, few-shot:8
    metric: str
    where: str = ""  # column=value: only these test rows
    kind: ProbeKind = "skill"


@dataclass(frozen=True)
class Skill:
    """One probe: tuned weights against their base, on the same rows. Of a refusal probe the scores are shares refused."""

    probe: str
    title: str
    kind: ProbeKind
    before: Score
    after: Score
    kept: Score  # of the rows that were right before, the share that still is
    lost: int  # rows right before and wrong after
    gained: int  # wrong before and right after


@dataclass(frozen=True)
class Retention:
    """What tuned weights still can of what their base could. Only skills where the base reaches half of the rows are in it."""

    overall: Score | None  # the mean of what was kept of each skill; None where the base has no skill to lose
    skills: tuple[Skill, ...]
    refusals: tuple[Skill, ...]  # of harmful and of harmless requests, where the base refuses harmful ones at all
    drift: float | None  # KL from the base's predictions to the tuned ones' on general text, nats a token


@dataclass(frozen=True)
class Tuning:
    """What it took to make a contender's run."""

    recipe: str
    seconds: float
    trainable: int  # parameters
    share: float  # of all its parameters


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
    tuning: Tuning | None = None  # of a tuned contender
    retention: Retention | None = None  # of a tuned contender, where probes were asked


@dataclass(frozen=True)
class Scorecard:
    """Contenders × one frozen test set × metrics, in the order they were asked."""

    task: str
    rows: int  # scored, the same for every contender
    skipped: int  # left out for every contender, because one's prompt did not fit its window
    contenders: tuple[Scored, ...] = field(default=())
    verdict: Verdict | None = None
    weak: tuple[str, ...] = ()  # titles of the skills that the base itself has not: nothing to forget
    missing: tuple[str, ...] = ()  # what was meant to be on it and is not, each with why
