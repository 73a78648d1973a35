"""The statistics hold: intervals cover what they promise, and two equal contenders are rarely called different. Seeded, so each rate is a fact."""

from __future__ import annotations

from collections.abc import Callable
from math import comb, fsum

import numpy
import pytest
from numpy.typing import NDArray

from promptune.core.score import Score
from promptune.scoring.intervals import bootstrap, bootstrap_mean, wilson
from promptune.scoring.metrics.bleu import corpora
from promptune.scoring.metrics.registry import Corpus, Measured
from promptune.scoring.paired import compare, holm

Rows = NDArray[numpy.float64]
Draw = Callable[[numpy.random.Generator, int], Rows]
COVERED, FALSE_ALARMS = 0.92, 0.06
COMPARISONS = 2000


def measured(per_row: Rows, corpus: Corpus | None = None) -> Measured:
    return Measured(Score(0.0, 0.0, 0.0), tuple(per_row.tolist()), "", corpus)


def sentences(random: numpy.random.Generator, qualities: Rows) -> Rows:
    """What BLEU counts of translations of 6 to 14 words: the longer an n-gram, the fewer match."""
    length = random.integers(6, 15, len(qualities))
    there = [length - order for order in range(4)]
    matched = [random.binomial(there[0], qualities)]
    for more in there[1:]:
        matched.append(random.binomial(numpy.minimum(matched[-1], more), qualities))
    return numpy.stack([*matched, *there, length, length + random.integers(-1, 2, len(qualities))], axis=1).astype(float)


def qualities(random: numpy.random.Generator, n: int) -> Rows:
    return numpy.clip(random.normal(0.6, 0.15, n), 0.02, 0.98)


@pytest.mark.parametrize("truth", [0.02, 0.5, 0.98, 1.0])
@pytest.mark.parametrize("n", [50, 200, 1000])
def test_wilson_covers(truth: float, n: int) -> None:
    """Added up over everything that n rows can be, so no luck is in it."""
    scores = ((successes, wilson(successes, n)) for successes in range(n + 1))
    held = [comb(n, successes) * truth**successes * (1 - truth) ** (n - successes) for successes, one in scores if one.low <= truth <= one.high]
    assert fsum(held) >= COVERED


# Means of one, of many small ones, and of scores that are mostly 0, as a poor model's are.
CONTINUOUS: dict[str, tuple[Draw, float]] = {
    "usual": (lambda random, n: random.beta(2, 6, n), 0.25),
    "skewed": (lambda random, n: random.beta(0.3, 2.7, n), 0.1),
    "mostly 0": (lambda random, n: random.beta(2, 3, n) * (random.random(n) < 0.2), 0.08),
}


@pytest.mark.parametrize("kind", CONTINUOUS)
@pytest.mark.parametrize("n", [200, 1000])
def test_the_bootstrap_of_a_mean_covers(kind: str, n: int) -> None:
    draw, truth = CONTINUOUS[kind]
    random = numpy.random.default_rng(2)
    scores = [bootstrap_mean(draw(random, n).tolist()) for _ in range(1000)]
    assert numpy.mean([score.low <= truth <= score.high for score in scores]) >= COVERED


@pytest.mark.parametrize("n", [200, 1000])
def test_the_bootstrap_of_a_corpus_covers(n: int) -> None:
    random = numpy.random.default_rng(3)
    truth = corpora(sentences(random, qualities(random, 1_000_000)).sum(axis=0, keepdims=True))[0]
    held = []
    for _ in range(1000):
        rows = sentences(random, qualities(random, n))
        score = bootstrap(rows, float(corpora(rows.sum(axis=0, keepdims=True))[0]), corpora)
        held.append(score.low <= truth <= score.high)
    assert numpy.mean(held) >= COVERED


@pytest.mark.parametrize(("gained", "lost"), [(0.15, 0.05), (0.1, 0.02), (0.05, 0.0), (0.02, 0.01)])
@pytest.mark.parametrize("n", [50, 500])
def test_the_interval_of_a_paired_difference_covers(gained: float, lost: float, n: int) -> None:
    random = numpy.random.default_rng(4)
    held = []
    for more, less, _ in random.multinomial(n, [gained, lost, 1 - gained - lost], size=1000):
        rows = numpy.arange(n)
        found = compare(measured(1.0 * ((rows >= more) & (rows < more + less))), measured(1.0 * (rows < more)))
        held.append(found.low <= gained - lost <= found.high)
    assert numpy.mean(held) >= COVERED


def right_or_wrong(random: numpy.random.Generator, n: int) -> tuple[Measured, Measured]:
    """Both have the easy rows right more often."""
    easy = random.beta(4, 2, n)
    return measured(1.0 * (random.random(n) < easy)), measured(1.0 * (random.random(n) < easy))


def shared_words(random: numpy.random.Generator, n: int) -> tuple[Measured, Measured]:
    row = random.beta(2, 6, n)
    return measured(0.7 * row + 0.3 * random.beta(2, 6, n)), measured(0.7 * row + 0.3 * random.beta(2, 6, n))


def bold_and_steady(random: numpy.random.Generator, n: int) -> tuple[Measured, Measured]:
    """Equal on average, and otherwise as unlike as can be: nothing makes a test by swapping exact here."""
    return measured(random.beta(1, 4, n)), measured(random.beta(20, 80, n))


def translations(random: numpy.random.Generator, n: int) -> tuple[Measured, Measured]:
    row = qualities(random, n)
    first, second = sentences(random, row), sentences(random, row)
    return measured(corpora(first), Corpus(first, corpora)), measured(corpora(second), Corpus(second, corpora))


@pytest.mark.parametrize(
    ("draw", "n"),
    [
        (right_or_wrong, 100),
        (right_or_wrong, 500),
        (shared_words, 100),
        (shared_words, 300),
        (bold_and_steady, 100),
        (bold_and_steady, 300),
        (translations, 100),
    ],
)
def test_equal_contenders_are_rarely_called_different(draw: Callable[[numpy.random.Generator, int], tuple[Measured, Measured]], n: int) -> None:
    random = numpy.random.default_rng(6)
    assert numpy.mean([compare(*draw(random, n)).p < 0.05 for _ in range(COMPARISONS)]) <= FALSE_ALARMS


def test_nor_is_the_luckiest_of_six() -> None:
    """The best is picked by looking. Corrected for the five others alone, one verdict in twelve would show a difference that is not there."""
    random, n, many = numpy.random.default_rng(7), 300, 6
    alarms = []
    for _ in range(600):
        easy = random.beta(4, 2, n)
        each = sorted((1.0 * (random.random(n) < easy) for _ in range(many)), key=numpy.sum)
        ps = [compare(measured(one), measured(each[-1])).p for one in each[:-1]]
        alarms.append((min(holm(ps)) < 0.05, min(holm(ps, many * (many - 1) // 2)) < 0.05))
    alone, among_all = numpy.mean(alarms, axis=0)
    assert among_all <= FALSE_ALARMS < alone
