"""How sure a score is: 95% intervals, the same every time and whatever the order of the rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from promptune.core.score import Score

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

Z = 1.959963984540054  # the normal distribution's 97.5% point
RESAMPLES, AT_ONCE = 1000, 50
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
    return bootstrap(column, mean, lambda sums: float(sums[0]) / len(values))


def bootstrap(rows: NDArray[numpy.float64], value: float, of_sums: Callable[[NDArray[numpy.float64]], float]) -> Score:
    """For whatever is computed from the sums of what each row counts: `rows` is (rows, counts).

    Where every draw gives the same, as one row alone and rows that are all perfect do, drawing says nothing. Then the interval
    is Wilson's, which is wide enough for whatever varies between 0 and 1: nothing there varies more than what is either 0 or 1.
    """
    import numpy

    ordered = rows[numpy.lexsort(rows.T)]
    random = numpy.random.default_rng(SEED)
    n = len(ordered)
    sums: list[NDArray[numpy.float64]] = []
    for _ in range(RESAMPLES // AT_ONCE):
        times = random.multinomial(n, numpy.full(n, 1 / n), size=AT_ONCE)  # how often each row is drawn: (draws, rows)
        sums.extend(times @ ordered)
    low, high = numpy.percentile([of_sums(one) for one in sums], [2.5, 97.5])
    if high - low < SAME:
        return wilson(value * n, n)
    return _around(value, float(low), float(high))


def _around(value: float, low: float, high: float) -> Score:
    """An interval holds its value: rounding and a skewed distribution must not put it outside."""
    return Score(value, max(0.0, min(low, value)), min(1.0, max(high, value)))
