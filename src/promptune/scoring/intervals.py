"""How sure a score is: 95% intervals, the same every time and whatever the order of the rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from promptune.core.score import Score

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

Z = 1.959963984540054  # the normal distribution's 97.5% point
RESAMPLES, AT_ONCE = 1000, 50
KEPT = 1000  # rows up to which the draws stay in memory: 8 MB that every score of a scorecard shares
SEED = 20
SAME = 1e-9  # what rounding alone makes different


def wilson(successes: float, n: int) -> Score:
    """Of n rows so many are right (Wilson 1927). It holds for small n and near 0 and 1, where the usual ± does not."""
    share = successes / n
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return _around(share, middle - half, middle + half)


def bootstrap_mean(values: Sequence[float]) -> Score:
    """The mean of values from 0 to 1, its interval from drawing the rows again and again."""
    mean = min(max(math.fsum(values) / len(values), 0.0), 1.0)  # fsum: whatever the order
    import numpy  # only what is scored pays for it

    column = numpy.array(values, dtype=float)[:, None]
    return bootstrap(column, mean, lambda sums: sums[:, 0] / len(values))


def bootstrap(rows: NDArray[numpy.float64], value: float, of_sums: Callable[[NDArray[numpy.float64]], NDArray[numpy.float64]]) -> Score:
    """For whatever is computed from the sums of what each row counts: `rows` is (rows, counts), `of_sums` makes (draws,) of (draws, counts).

    Where every draw gives the same, as one row alone and rows that are all perfect do, drawing says nothing. Then the interval
    is Wilson's, which is wide enough for whatever varies between 0 and 1: nothing there varies more than what is either 0 or 1.
    """
    import numpy

    low, high = numpy.percentile(redrawn(rows, of_sums), [2.5, 97.5])
    if high - low < SAME:
        return wilson(value * len(rows), len(rows))
    return _around(value, float(low), float(high))


def redrawn(rows: NDArray[numpy.float64], of_sums: Callable[[NDArray[numpy.float64]], NDArray[numpy.float64]]) -> NDArray[numpy.float64]:
    """What comes out when as many rows are drawn from the rows again, a thousand times."""
    import numpy

    ordered = rows[numpy.lexsort(rows.T)]
    n = len(ordered)
    return of_sums(numpy.concatenate([times @ ordered for times in (_kept(n) if n <= KEPT else _times(n))]))


def _times(n: int) -> Iterator[NDArray[numpy.float64]]:
    """How often each of n rows is drawn: (draws, rows), a few draws at once."""
    import numpy

    random = numpy.random.default_rng(SEED)
    for _ in range(RESAMPLES // AT_ONCE):
        yield random.multinomial(n, numpy.full(n, 1 / n), size=AT_ONCE).astype(float)


@lru_cache(maxsize=1)
def _kept(n: int) -> tuple[NDArray[numpy.float64], ...]:
    return tuple(_times(n))


def _around(value: float, low: float, high: float) -> Score:
    """An interval holds its value: rounding and a skewed distribution must not put it outside."""
    return Score(value, max(0.0, min(low, value)), min(1.0, max(high, value)))
