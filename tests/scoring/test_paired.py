"""Paired rows: the exact test's own numbers, and what must hold of any two contenders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.scoring.paired import mcnemar

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
