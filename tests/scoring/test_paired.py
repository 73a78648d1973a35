"""Paired rows: the exact test's own numbers, and what must hold of any two contenders."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.score import Score
from promptune.scoring.metrics.bleu import corpora
from promptune.scoring.metrics.registry import Corpus, Measured
from promptune.scoring.paired import MOST_ROWS, compare, holm, mcnemar, rows_needed

PAIRS = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60)


def of(gained: int, lost: int, both: int = 0, neither: int = 0) -> tuple[list[bool], list[bool]]:
    pairs = [(False, True)] * gained + [(True, False)] * lost + [(True, True)] * both + [(False, False)] * neither
    return [first for first, _ in pairs], [second for _, second in pairs]


@pytest.mark.parametrize(
    ("gained", "lost", "p"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),  # 2 · 1/2
        (5, 0, 0.0625),  # 2 · 1/32
        (0, 6, 0.03125),  # 2 · 1/64
        (9, 1, 0.021484375),  # 2 · (1 + 10)/1024
        (10, 2, 0.03857421875),  # 2 · (1 + 12 + 66)/4096
        (3, 3, 1.0),  # 2 · 42/64 is more than 1
        (40, 0, 2 / 2**40),
    ],
)
def test_by_hand(gained: int, lost: int, p: float) -> None:
    found = mcnemar(*of(gained, lost, both=7, neither=4))
    assert (found.gained, found.lost) == (gained, lost) and found.p == pytest.approx(p, rel=1e-12)


@given(PAIRS)
def test_whichever_is_named_first(pairs: list[tuple[bool, bool]]) -> None:
    first, second = [one for one, _ in pairs], [other for _, other in pairs]
    there, back = mcnemar(first, second), mcnemar(second, first)
    assert there.p == back.p and (there.gained, there.lost) == (back.lost, back.gained)
    assert 0 < there.p <= 1


@given(PAIRS, st.integers(0, 40))
def test_rows_on_which_both_agree_say_nothing(pairs: list[tuple[bool, bool]], more: int) -> None:
    first, second = [one for one, _ in pairs], [other for _, other in pairs]
    assert mcnemar([*first, *[True] * more], [*second, *[True] * more]) == mcnemar(first, second)


@given(st.lists(st.booleans(), max_size=60))
def test_equal_answers_differ_by_luck_alone(rights: list[bool]) -> None:
    assert mcnemar(rights, rights).p == 1.0


@given(st.integers(0, 30), st.integers(1, 30))
def test_the_more_one_sided_the_less_it_is_luck(lost: int, more: int) -> None:
    assert mcnemar(*of(lost + more, lost)).p >= mcnemar(*of(lost + more + 1, lost)).p


def test_rows_must_be_the_same() -> None:
    with pytest.raises(ValueError, match="zip"):
        mcnemar([True], [True, False])


# ---- two measured contenders ----

TEXTS = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40)
CORPUS_ROWS = ((4, 3, 2, 1, 6, 5, 4, 3, 6, 6), (2, 1, 0, 0, 7, 6, 5, 4, 7, 6), (8, 7, 6, 5, 8, 7, 6, 5, 8, 9), (0, 0, 0, 0, 5, 4, 3, 2, 5, 6))


def measured(per_row: Sequence[float]) -> Measured:
    return Measured(Score(0.0, 0.0, 1.0), tuple(per_row), "")


def translated(rows: Sequence[Sequence[float]]) -> Measured:
    counts = numpy.array(rows, dtype=float)
    return Measured(Score(0.0, 0.0, 1.0), tuple(corpora(counts).tolist()), "", Corpus(counts, corpora))


def test_right_or_wrong_by_hand() -> None:
    first, second = of(9, 1, both=70, neither=20)
    found = compare(measured([float(one) for one in first]), measured([float(one) for one in second]))
    assert found.test == "exact McNemar" and (found.gained, found.lost, found.value) == (9, 1, 0.08)
    assert found.p == pytest.approx(0.021484375)
    middle, variance = 8 / 102, (12 / 102 - (8 / 102) ** 2) / 102  # Bonett and Price: a row more for either side
    assert (found.low, found.high) == pytest.approx((middle - 1.959964 * variance**0.5, middle + 1.959964 * variance**0.5), abs=1e-6)


@given(TEXTS, st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_who_is_named_first_matters(pairs: list[tuple[float, float]], random: Random) -> None:
    """A verdict that changed with the order of a file's lines would be no finding."""
    there = compare(measured([one for one, _ in pairs]), measured([other for _, other in pairs]))
    back = compare(measured([other for _, other in pairs]), measured([one for one, _ in pairs]))
    random.shuffle(pairs)
    again = compare(measured([one for one, _ in pairs]), measured([other for _, other in pairs]))
    assert (there.p, there.differing) == (again.p, again.differing) == (back.p, back.differing)
    assert there.value == pytest.approx(-back.value) == pytest.approx(again.value) and there.low <= there.value <= there.high
    assert 0 < there.p <= 1 and (again.low, again.high) == pytest.approx((there.low, there.high))


@given(st.permutations(range(4)))
def test_nor_for_a_corpus(order: list[int]) -> None:
    better, worse = CORPUS_ROWS, [(max(one[0] - 2, 0), 0, 0, 0, *one[4:]) for one in CORPUS_ROWS]
    there = compare(translated(worse), translated(better))
    again = compare(translated([better[i] for i in order]), translated([worse[i] for i in order]))
    assert there.p == again.p and there.value == pytest.approx(-again.value) and there.low <= there.value <= there.high


def test_a_corpus_is_compared_as_a_corpus() -> None:
    """Not by the mean of its rows, which is another number."""
    better, worse = CORPUS_ROWS * 30, [(max(one[0] - 2, 0), 0, 0, 0, *one[4:]) for one in CORPUS_ROWS] * 30
    found = compare(translated(worse), translated(better))
    values = [float(corpora(numpy.array(rows, dtype=float).sum(axis=0, keepdims=True))[0]) for rows in (worse, better)]
    assert found.value == pytest.approx(values[1] - values[0]) and found.p < 0.001 and found.low > 0 and found.gained is None


@pytest.mark.parametrize("per_row", [[0.3], [0.3] * 200, [0.1, 0.7, 0.2], [1.0, 0.0], [1.0]])
def test_what_is_the_same_never_differs(per_row: list[float]) -> None:
    found = compare(measured(per_row), measured(per_row))
    assert found.p == 1 and found.value == 0 and found.low < 0 < found.high, "equal rows are no proof that the next ones are"
    assert rows_needed(found) is None


def test_one_row_shows_nothing() -> None:
    for first, second in (([0.0], [1.0]), ([0.2], [0.9])):
        found = compare(measured(first), measured(second))
        assert found.p > 0.9 and found.low < 0 < found.high
    assert compare(translated(CORPUS_ROWS[1:2]), translated(CORPUS_ROWS[:1])).p > 0.9


@pytest.mark.parametrize(("ps", "corrected"), [([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]), ([0.6, 0.5], [1.0, 1.0]), ([0.02], [0.02]), ([], [])])
def test_holm_by_hand(ps: list[float], corrected: list[float]) -> None:
    assert holm(ps) == pytest.approx(corrected)


@given(st.lists(st.floats(0, 1), max_size=8), st.integers(0, 20))
def test_correcting_never_makes_surer(ps: list[float], more: int) -> None:
    corrected, stricter = holm(ps), holm(ps, len(ps) + more)
    assert all(p <= one <= other <= 1 for p, one, other in zip(ps, corrected, stricter, strict=True))
    assert sorted(range(len(ps)), key=lambda i: (ps[i], i)) == sorted(range(len(ps)), key=lambda i: (corrected[i], ps[i], i)), "their order stays"


@pytest.mark.parametrize(("gained", "lost", "n"), [(12, 5, 500), (5, 0, 100), (30, 20, 300)])
def test_so_many_rows_settle_it_in_four_of_five_tries(gained: int, lost: int, n: int) -> None:
    first, second = of(gained, lost, both=n - gained - lost)
    found = compare(measured([float(one) for one in first]), measured([float(one) for one in second]))
    needed = rows_needed(found)
    assert found.p > 0.05 and needed is not None and needed > n
    draws = numpy.random.default_rng(5).multinomial(needed, [gained / n, lost / n, 1 - (gained + lost) / n], size=1000)
    shown = [mcnemar(*of(int(more), int(less))).p < 0.05 for more, less, _ in draws]
    assert 0.75 < numpy.mean(shown) < 0.9


def test_many_comparisons_need_more_rows_and_no_number_is_absurd() -> None:
    first, second = of(12, 5, both=483)
    found = compare(measured([float(one) for one in first]), measured([float(one) for one in second]))
    alone, among = rows_needed(found), rows_needed(found, 10)
    assert alone is not None and among is not None and alone < among
    hardly = compare(measured([0.5] * 5000), measured([0.5 + 0.2 * (-1) ** i for i in range(4999)] + [0.5]))
    assert rows_needed(hardly) == MOST_ROWS


def test_very_many_rows_take_a_moment() -> None:
    found = mcnemar(*of(10_000, 9_000))
    assert 0 < found.p < 1e-10
