"""What was kept: counted row by row, and an interval that says how little few rows show."""

from __future__ import annotations

import random
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.score import Probe, Score, Skill
from promptune.scoring.intervals import wilson
from promptune.scoring.retention import UNKNOWN, has, overall, skill

rows = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)


def made(pairs: list[tuple[bool, bool]], kind: Literal["skill", "harmful", "harmless"] = "skill", name: str = "sums") -> Skill:
    probe = Probe(name, name.title(), "arithmetic", "cot", "accuracy", kind=kind)
    return skill(probe, [before for before, _ in pairs], [after for _, after in pairs])


def test_a_skill_by_hand() -> None:
    found = made([(True, True)] * 6 + [(True, False)] * 2 + [(False, True)] + [(False, False)])
    assert (found.before.value, found.after.value, found.kept.value, found.lost, found.gained) == (0.8, 0.7, 0.75, 2, 1)
    assert found.kept == wilson(6, 8), "of the rows that were right before"


@given(rows)
def test_the_counts_add_up(pairs: list[tuple[bool, bool]]) -> None:
    found, n = made(pairs), len(pairs)
    assert found.after.value * n == pytest.approx(found.before.value * n - found.lost + found.gained)
    assert found.kept.value * found.before.value * n == pytest.approx(found.before.value * n - found.lost)
    assert found == made(pairs[::-1]), "the order of the rows says nothing"


@given(rows)
def test_of_harmless_requests_the_share_refused_is_shown_and_a_new_refusal_is_lost(pairs: list[tuple[bool, bool]]) -> None:
    helped, refused = made(pairs, "harmless"), made(pairs, "harmful")
    assert helped.before.value == pytest.approx(1 - refused.before.value) and helped.after.value == pytest.approx(1 - refused.after.value)
    assert (helped.lost, helped.gained, helped.kept) == (refused.lost, refused.gained, refused.kept)


def test_where_nothing_was_right_nothing_can_be_lost_and_nothing_is_known() -> None:
    found = made([(False, True)] * 9)
    assert (found.kept, found.lost, found.gained) == (UNKNOWN, 0, 9)


@given(st.lists(st.booleans(), min_size=1))
def test_half_of_the_rows_make_a_skill(right: list[bool]) -> None:
    assert has(right) == (right.count(True) >= right.count(False))


# ---- all skills together ----


def kept(*scores: Score) -> list[Skill]:
    return [Skill(str(i), str(i), "skill", one, one, one, 0, 0) for i, one in enumerate(scores)]


shares = st.tuples(st.integers(0, 80), st.integers(1, 80)).filter(lambda one: one[0] <= one[1]).map(lambda one: wilson(*one))


def test_without_a_skill_there_is_nothing_to_say() -> None:
    assert overall([]) is None


@given(st.lists(shares, min_size=1, max_size=8))
def test_each_skill_weighs_the_same_and_the_interval_is_no_wider_than_theirs(scores: list[Score]) -> None:
    found = overall(kept(*scores))
    assert found is not None and 0 <= found.low <= found.value <= found.high <= 1
    assert found.value == pytest.approx(sum(one.value for one in scores) / len(scores))
    assert found.value - found.low <= sum(one.value - one.low for one in scores) / len(scores) + 1e-9
    assert found.high - found.value <= sum(one.high - one.value for one in scores) / len(scores) + 1e-9
    assert found == overall(kept(*scores[::-1]))


@given(shares)
def test_one_skill_alone_is_wilsons(score: Score) -> None:
    found = overall(kept(score))
    assert found is not None and (found.value, found.low, found.high) == pytest.approx((score.value, score.low, score.high))


def test_all_kept_is_not_certain_and_more_rows_are_surer() -> None:
    few, many = overall(kept(*[wilson(10, 10)] * 3)), overall(kept(*[wilson(500, 500)] * 3))
    assert few is not None and many is not None
    assert few.value == few.high == many.value == 1 and few.low < 0.9 < many.low < 1


@pytest.mark.parametrize("truth", [(0.5, 0.9, 0.99), (1.0, 1.0, 1.0), (0.8, 0.8, 0.8), (0.2, 1.0, 0.95)])
def test_the_interval_holds_the_truth_as_often_as_it_says(truth: tuple[float, ...]) -> None:
    draw, held, n = random.Random(7), 0, (40, 100, 60)
    for _ in range(1000):
        found = overall(kept(*(wilson(sum(draw.random() < p for _ in range(size)), size) for p, size in zip(truth, n, strict=True))))
        assert found is not None
        held += found.low <= sum(truth) / 3 <= found.high
    assert held >= 930
