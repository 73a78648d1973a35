"""A sample stands for its test set: every class and group in its share, the same rows every time."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from promptune.core.task import Example
from promptune.scoring.sample import sample


def example(row: int, completion: str, group: str | None = None) -> Example:
    return Example(f"question {row}", completion, group=group, split="test", row=row)


def test_classes_and_groups_keep_their_shares() -> None:
    """Ten of a hundred rows hold two of a class of twenty, not none and not five by chance."""
    rows = [example(i, "rare" if i % 5 == 0 else "common", group="left" if i % 2 else "right") for i in range(100)]
    found = sample(rows, 20)
    assert Counter(one.completion for one in found) == {"rare": 4, "common": 16}
    assert Counter(one.group for one in found) == {"left": 10, "right": 10}


def test_free_texts_are_drawn_alike() -> None:
    rows = [example(i, f"a text of its own, {i}") for i in range(1000)]
    found = [one.row for one in sample(rows, 100) if one.row is not None]
    assert 300 < sum(found) / len(found) < 700, "from all over the table, not from its top"


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=60), st.integers(1, 70), st.integers(0, 3))
def test_it_has_the_asked_size_in_the_order_of_the_table_and_is_always_the_same(completions: list[str], limit: int, seed: int) -> None:
    rows = [example(i, completion) for i, completion in enumerate(completions, 1)]
    found = sample(rows, limit, seed)
    numbers = [one.row or 0 for one in found]
    assert len(found) == min(limit, len(rows)) and numbers == sorted(set(numbers))
    assert found == sample(rows, limit, seed) and set(found) <= set(rows)


def test_another_seed_is_another_draw_and_no_limit_is_everything() -> None:
    rows = [example(i, "x") for i in range(100)]
    assert sample(rows, 10, seed=0) != sample(rows, 10, seed=1) and sample(rows, None) == tuple(rows)
