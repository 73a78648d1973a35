"""Intervals: known values, and that they hold the truth as often as they promise."""

from __future__ import annotations

import random

import numpy
import pytest

from promptune.scoring.intervals import bootstrap, bootstrap_mean, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (1, 1, 0.2065, 1.0), (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)],
)
def test_wilson_is_the_published_one(successes: int, n: int, low: float, high: float) -> None:
    """The last two are Newcombe's own examples (1998)."""
    found = wilson(successes, n)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4) and found.value == successes / n


@pytest.mark.parametrize(("truth", "n"), [(0.5, 20), (0.9, 50), (0.1, 200)])
def test_wilson_holds_the_truth_as_often_as_it_says(truth: float, n: int) -> None:
    draw = random.Random(1)
    scores = [wilson(sum(draw.random() < truth for _ in range(n)), n) for _ in range(2000)]
    assert 0.92 < sum(score.low <= truth <= score.high for score in scores) / len(scores) < 0.98


def test_the_bootstrap_holds_the_truth_as_often_as_it_says() -> None:
    """Beta(2, 3) has the mean 0.4; with forty rows the bootstrap is a little too sure of itself, as is known."""
    draw = random.Random(2)
    scores = [bootstrap_mean([draw.betavariate(2, 3) for _ in range(40)]) for _ in range(200)]
    assert 0.88 < sum(score.low <= 0.4 <= score.high for score in scores) / len(scores) <= 0.99


def test_more_rows_are_surer() -> None:
    draw = random.Random(3)
    few, many = (bootstrap_mean([draw.random() for _ in range(n)]) for n in (20, 2000))
    assert few.high - few.low > 5 * (many.high - many.low)


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_one_row_or_equal_rows_are_never_certain(value: float) -> None:
    """Drawing equal rows again gives the same mean every time: an interval of nothing would promise what nobody knows."""
    one, ten = bootstrap_mean([value]), bootstrap_mean([value] * 10)
    assert one.value == ten.value == pytest.approx(value)
    assert one.high - one.low > ten.high - ten.low > 0.2


def test_where_every_draw_is_the_same_the_interval_is_wilsons() -> None:
    """Three perfect rows do not make the next one perfect."""
    rows = numpy.array([[1.0, 1.0], [3.0, 3.0], [7.0, 7.0]])
    assert bootstrap(rows, 1.0, lambda sums: sums[:, 0] / sums[:, 1]) == wilson(3, 3)
    assert bootstrap_mean([0.25] * 8) == wilson(2, 8) and bootstrap_mean([1.0]) == wilson(1, 1)
