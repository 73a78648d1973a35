"""Everything a verdict rests on, before it is put into words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from promptune.core.contender import Contender
from promptune.core.score import Scorecard, Scored
from promptune.core.verdict import BreakEven, Difference
from promptune.scoring.wording import reading


@dataclass(frozen=True)
class Gain:
    base: str  # zero-shot
    tuned: str
    difference: Difference  # from the base to the tuned one


@dataclass(frozen=True)
class Standing:
    card: Scorecard
    metric: str
    best: Scored
    differences: tuple[Difference, ...]  # of every other one to the best
    cheapest: Scored  # of the best and those tied with it
    gains: tuple[Gain, ...]
    floor: float  # what giving the commonest answer always would score

    @property
    def tied(self) -> list[Scored]:
        """Not shown to be worse than the best."""
        return [self.scored(one.first) for one in self.differences if not one.shown]

    @property
    def close(self) -> list[Scored]:
        """The best, and those tied with it that are at most a little worse, as far as the interval reaches: one may be taken for the other."""
        near = [one.first for one in self.differences if not one.shown and one.high <= reading(self.metric).matters]
        return [self.best, *map(self.scored, near)]

    def scored(self, contender: str) -> Scored:
        return next(one for one in self.card.contenders if one.contender == contender)

    def difference(self, one: Scored) -> Difference:
        """To the best one."""
        return next(each for each in self.differences if each.first == one.contender)

    def value(self, one: Scored) -> float:
        return one.metrics[self.metric].value

    def tuned(self) -> Scored | None:
        """The tuned one worth talking of: of those that may be taken for the best it keeps most, else it scores highest."""
        near = [one for one in self.close if is_tuned(one)]
        if near and all(kept(one) is not None for one in near):
            return max(near, key=lambda one: (kept(one) or 0.0, self.value(one)))
        return max(near or filter(is_tuned, self.card.contenders), key=self.value, default=None)

    def prompted(self) -> Scored | None:
        """The prompt worth talking of: of those that may be taken for the best the cheapest, else the one that scores highest."""
        near = [one for one in self.close if not is_tuned(one)]
        if near:
            return min(near, key=lambda one: fewest(self.card, one))
        return max((one for one in self.card.contenders if not is_tuned(one)), key=self.value, default=None)

    def break_even(self) -> BreakEven | None:
        """Of the tuned one worth talking of against the quickest prompt, if neither is shown to be worse than the best: what one would use else.

        A prompt that is no longer than the tuned one's is slower by accident alone; and what does not work pays for nothing.
        """
        if not self.works():
            return None
        pool, tuned = [self.best, *self.tied], self.tuned()
        prompted = min((one for one in pool if not is_tuned(one)), key=lambda one: (one.cost.seconds, tokens(self.card, one)), default=None)
        if tuned is None or tuned not in pool or tuned.tuning is None or prompted is None:
            return None
        saved = (prompted.cost.seconds - tuned.cost.seconds) / self.card.rows  # seconds a question
        if saved <= 0 or tokens(self.card, tuned) >= tokens(self.card, prompted):
            return None
        return BreakEven(tuned.contender, prompted.contender, math.ceil(tuned.tuning.seconds / saved))

    def works(self) -> bool:
        """Whether the best one is of any use: most answers right, and shown to be better than an answer that needs no model."""
        score = self.best.metrics[self.metric]
        return score.value >= reading(self.metric).works and score.low > self.floor


def is_tuned(one: Scored) -> bool:
    contender = Contender.parse(one.contender)
    return contender.run is not None and contender.strength > 0


def kept(one: Scored) -> float | None:
    """Of the base's other skills; None where that is not known."""
    return one.retention.overall.value if one.retention and one.retention.overall else None


def tokens(card: Scorecard, one: Scored) -> float:
    """A question's, prompt and answer."""
    return (one.cost.prompt_tokens + one.cost.completion_tokens) / card.rows


def fewest(card: Scorecard, one: Scored) -> tuple[float, float, float]:
    """Cheapest first: tokens a question, then seconds of tuning, then seconds of answering."""
    tuning = one.tuning.seconds if one.tuning else float(is_tuned(one))
    return tokens(card, one), tuning, one.cost.seconds
