"""Two contenders on the same rows: is one better, or was it luck?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

from promptune.scoring.intervals import AT_ONCE, KEPT, SAME, SEED, Z, redrawn
from promptune.scoring.metrics.registry import Measured

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

SWAPS = 5000  # a p-value is at least 1/5001, and one of 0.05 is known to 0.003
LEVEL = 0.05  # what is shown would come from luck alone once in twenty scorecards
POWER_Z = 0.8416212335729143  # the normal distribution's 80% point
MOST_ROWS = 1_000_000  # more are never asked for


@dataclass(frozen=True)
class Paired:
    gained: int  # rows that only the second one has right
    lost: int  # rows that only the first one has right
    p: float  # how often rows that are decided by a coin differ as much


@dataclass(frozen=True)
class Compared:
    value: float  # the second one's score minus the first one's
    low: float  # its 95% interval
    high: float
    p: float  # how often luck alone would differ as much
    test: str
    gained: int | None  # rows that only the second one has right; None where rows are not right or wrong
    lost: int | None
    rows: int
    differing: int  # rows on which they differ at all
    spread: float  # standard deviation of what one row adds to the difference


def compare(first: Measured, second: Measured) -> Compared:
    """The order of the rows does not matter, and the same rows give the same numbers."""
    pairs = list(zip(first.per_row, second.per_row, strict=True))
    if first.corpus is None and all(one in (0.0, 1.0) for pair in pairs for one in pair):
        return _right_or_wrong(mcnemar([a == 1 for a, _ in pairs], [b == 1 for _, b in pairs]), len(pairs))
    return _by_drawing(first, second)


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> Paired:
    """The exact test (McNemar 1947): rows that both have right, or both wrong, say nothing; of the others half would go either way."""
    pairs = list(zip(first, second, strict=True))
    gained, lost = pairs.count((False, True)), pairs.count((True, False))
    n = gained + lost
    tail = ways = 1
    for k in range(1, min(gained, lost) + 1):  # n over k from n over k - 1: thousands of them in a moment
        ways = ways * (n - k + 1) // k
        tail += ways
    return Paired(gained, lost, min(1.0, 2 * tail / 2**n))


def holm(ps: Sequence[float], among: int | None = None) -> list[float]:
    """Corrected for being many (Holm 1979). `among`: for how many comparisons, if they are the interesting ones of more."""
    count = len(ps) if among is None else among
    corrected, worst = [0.0] * len(ps), 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        worst = max(worst, min(1.0, (count - rank) * ps[place]))
        corrected[place] = worst
    return corrected


def rows_needed(found: Compared, among: int = 1) -> int | None:
    """Test rows in all that show the difference in four of five tries, were it what it looks like; None where there is none.

    Connor's formula for McNemar's test (1987), in terms of means and spreads, so that it fits other scores too; and an exact test
    needs some rows that differ in any case. `among`: so many comparisons wait for a decision.
    """
    size = abs(found.value)
    if size < SAME:
        return None
    level = LEVEL / among
    wanted = ((_z(level) * math.hypot(found.spread, size) + POWER_Z * found.spread) / size) ** 2
    fewest = math.ceil(1 - math.log2(level)) * found.rows / found.differing
    return min(max(math.ceil(wanted), math.ceil(fewest), found.rows + 1), MOST_ROWS)


def _right_or_wrong(found: Paired, rows: int) -> Compared:
    value, differing = (found.gained - found.lost) / rows, found.gained + found.lost
    low, high = _adjusted(found.gained - found.lost, differing, rows)
    spread = math.sqrt(max(differing / rows - value * value, 0.0))
    return Compared(value, low, high, found.p, "exact McNemar", found.gained, found.lost, rows, differing, spread)


def _adjusted(total: float, squares: float, n: int) -> tuple[float, float]:
    """Of the mean difference per row, with one row added for either side (Bonett and Price 2012): never of no width, and it holds for few rows."""
    middle = total / (n + 2)
    half = Z * math.sqrt(((squares + 2) / (n + 2) - middle * middle) / (n + 2))
    return max(-1.0, min(middle - half, total / n)), min(1.0, max(middle + half, total / n))


def _by_drawing(first: Measured, second: Measured) -> Compared:
    """An interval from drawing the rows again and again, a p-value from swapping who said what (Noreen 1989)."""
    import numpy

    ours, theirs = _counts(first), _counts(second)
    n, width = ours.shape
    of_sums = first.corpus.of_sums if first.corpus else lambda sums: sums[:, 0] / n
    value = float(of_sums(theirs.sum(axis=0, keepdims=True))[0] - of_sums(ours.sum(axis=0, keepdims=True))[0])
    draws = redrawn(numpy.hstack([ours, theirs]), lambda sums: of_sums(sums[:, width:]) - of_sums(sums[:, :width]))
    low, high = (float(one) for one in numpy.percentile(draws, [2.5, 97.5]))
    if high - low < SAME:  # one row, or rows that are all alike: drawing says nothing
        low, high = _adjusted(value * n, value * value * n, n)
    differing = int((ours != theirs).any(axis=1).sum())
    p = _swapped(ours, theirs, of_sums, abs(value))
    spread = float(numpy.std(draws)) * math.sqrt(n)
    return Compared(value, min(low, value), max(high, value), p, "rows swapped at random, bootstrap interval", None, None, n, differing, spread)


def _counts(one: Measured) -> NDArray[numpy.float64]:
    import numpy

    return one.corpus.counts if one.corpus else numpy.array(one.per_row, dtype=float)[:, None]


def _swapped(
    first: NDArray[numpy.float64], second: NDArray[numpy.float64], of_sums: Callable[[NDArray[numpy.float64]], NDArray[numpy.float64]], seen: float
) -> float:
    """How often the scores are at least as far apart when each row's two answers are dealt out anew: nothing else would change, were both as good."""
    import numpy

    sums, gaps = first + second, first - second
    lead = numpy.take_along_axis(gaps, (gaps != 0).argmax(axis=1)[:, None], axis=1)  # a row's first gap
    gaps = numpy.where(lead < 0, -gaps, gaps)  # whoever is named first
    order = numpy.lexsort(numpy.hstack([sums, gaps]).T)
    n, total = len(gaps), sums.sum(axis=0)
    between = numpy.concatenate([signs @ gaps[order] for signs in (_kept(n) if n <= KEPT else _signs(n))])
    apart = numpy.abs(of_sums((total + between) / 2) - of_sums((total - between) / 2))
    return (1 + int((apart >= seen - SAME).sum())) / (1 + SWAPS)


def _signs(n: int) -> Iterator[NDArray[numpy.int8]]:
    """-1 or 1 for each of n rows: (swaps, rows), a few swaps at once."""
    import numpy

    random = numpy.random.default_rng(SEED)
    for _ in range(SWAPS // AT_ONCE):
        yield 2 * random.integers(0, 2, (AT_ONCE, n), dtype=numpy.int8) - 1


@lru_cache(maxsize=1)
def _kept(n: int) -> tuple[NDArray[numpy.int8], ...]:
    return tuple(_signs(n))


def _z(level: float) -> float:
    """Beyond which, on either side, so much of the normal distribution lies."""
    return NormalDist().inv_cdf(1 - level / 2)
