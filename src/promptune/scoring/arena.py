"""From votes to a ranking: the Bradley-Terry model (1952), in which the chance to win depends on the ratio of two strengths.

The winner beats every other pane of its question; a tie is half a win for each pair; where all were bad nobody wins. Each contender also drew
once against one of middle strength: without that a single vote would make somebody infinitely strong.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import numpy
from numpy.typing import NDArray

from promptune.core.arena import Ballot, Standing

MIDDLE, TEN_TO_ONE = 1000.0, 400.0
ROUNDS, STILL = 100, 1e-10  # of the search at most; and when it has arrived
DRAWS, SEED = 200, 0
Matrix = NDArray[numpy.float64]


def standings(ballots: Sequence[Ballot]) -> list[Standing]:
    """The best first, equals by name."""
    if not ballots:
        return []
    names = sorted({name for ballot in ballots for name in ballot.contenders})
    kinds = Counter(map(_kind, ballots))  # sorted, so that no order matters, and counted, so that a thousand votes take no more room than a few
    won = numpy.array([_wins(*kind, names) for kind in sorted(kinds)])
    times = numpy.array([kinds[kind] for kind in sorted(kinds)])
    drawn = numpy.random.default_rng(SEED).multinomial(len(ballots), times / len(ballots), DRAWS)  # ballots again, with replacement
    score, *redrawn = _scores(numpy.tensordot(numpy.vstack([times, drawn]), won, axes=1))
    low, high = numpy.quantile(redrawn, [0.025, 0.975], axis=0)
    found = [_standing(name, ballots, score[i], low[i], high[i]) for i, name in enumerate(names)]
    return sorted(found, key=lambda one: (-round(one.score, 6), one.contender))


def _best(ballot: Ballot) -> str:
    return ballot.contenders[int(ballot.vote)] if ballot.vote.isdecimal() else ""


def _kind(ballot: Ballot) -> tuple[tuple[str, ...], str, bool]:
    """Who stood, who won, and whether it was a tie."""
    return tuple(sorted(ballot.contenders)), _best(ballot), ballot.vote == "tie"


def _wins(stood: Sequence[str], best: str, tie: bool, names: Sequence[str]) -> Matrix:
    """[i, j]: how often i beat j. The same contender in two panes does not meet itself."""
    won = numpy.zeros((len(names), len(names)))
    for one in map(names.index, stood if best else ()):
        won[names.index(best), one] += names[one] != best
    for one, other in combinations(map(names.index, stood if tie else ()), 2):
        won[one, other] += 0.5 * (one != other)
        won[other, one] += 0.5 * (one != other)
    return won


def _scores(won: Matrix) -> Matrix:
    """won: (…, names, names). Newton's method on the logarithms of the strengths: the likelihood has one top, and a bounded step never misses it."""
    met = won + won.swapaxes(-1, -2)
    logs = numpy.zeros(won.shape[:-1])
    for _ in range(ROUNDS):
        beats = _sure(logs[..., :, None] - logs[..., None, :])
        middle = _sure(logs)
        slope = (won - met * beats).sum(axis=-1) + 0.5 - middle
        pulls = met * beats * (1 - beats)
        bend = -pulls + _diagonal(pulls.sum(axis=-1) + middle * (1 - middle))
        step = numpy.linalg.solve(bend, slope[..., None])[..., 0]
        far = numpy.abs(step).max(axis=-1, keepdims=True, initial=0.0)
        logs = logs + step / numpy.maximum(far, 1)
        if far.max(initial=0.0) < STILL:
            break
    return MIDDLE + TEN_TO_ONE * logs / math.log(10)


def _sure(logs: Matrix) -> Matrix:
    """The chance to win of whoever is so much stronger."""
    chances: Matrix = 1 / (1 + numpy.exp(-logs))
    return chances


def _diagonal(values: Matrix) -> Matrix:
    return values[..., None] * numpy.eye(values.shape[-1])


def _standing(name: str, ballots: Sequence[Ballot], score: float, low: float, high: float) -> Standing:
    mine = [ballot for ballot in ballots if name in ballot.contenders]
    wins = sum(_best(ballot) == name for ballot in mine)
    ties, bad = (sum(ballot.vote == vote for ballot in mine) for vote in ("tie", "bad"))
    losses = len(mine) - wins - ties - bad
    return Standing(name, len(mine), wins, losses, ties, bad, float(score), min(float(low), float(score)), max(float(high), float(score)))
