"""What may be shown before a question: only train rows, only of its own group, never the row itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.task import Example, normal
from promptune.errors import UserError
from promptune.prompting.material import Material
from promptune.prompting.shots import BY, CLASSES, Shots, same_row
from tests.prompting.samples import LABELS, material, strategy, text_of

prompts = st.sampled_from(["a b", "A  b", "b c", "c d e", "d", "e f", "", "ü", "正面"])
rows = st.builds(
    Example,
    prompt=prompts,
    completion=st.sampled_from(["yes", "no", None]),
    group=st.sampled_from([None, "one", "two"]),
    split=st.sampled_from(["train", "validation", "test", None]),
    row=st.none() | st.integers(1, 4),
)


@given(st.lists(rows, max_size=20), rows, st.integers(1, 6), st.sampled_from(BY), st.integers(0, 3))
def test_only_train_rows_of_its_group_and_never_itself(pool: list[Example], asked: Example, k: int, by: str, seed: int) -> None:
    allowed = [shot for shot in pool if shot.split == "train" and shot.completion is not None and asked.group in (None, shot.group)]
    if not allowed and asked.group is not None:
        with pytest.raises(UserError, match=asked.group):
            Shots(pool, by, seed).pick(asked, k)
        return
    picked = Shots(pool, by, seed).pick(asked, k)
    assert all(shot in allowed and not same_row(shot, asked) for shot in picked)
    assert not any(normal(shot.prompt) == normal(asked.prompt) for shot in picked)
    assert len(picked) == min(k, sum(not same_row(shot, asked) for shot in allowed))
    assert max(Counter(map(id, picked)).values(), default=1) == 1, "no row is shown twice"
    assert picked == Shots(pool, by, seed).pick(asked, k), "the same seed shows the same"


@given(st.lists(prompts.map(lambda text: f"something else: {text}"), min_size=2, max_size=6), st.sampled_from(["balanced", "random"]), st.integers(0, 9))
def test_all_rows_of_a_group_share_one_prefix(asked: list[str], by: str, seed: int) -> None:
    """What is the same in every prompt can be kept by an engine, and compared by a person."""
    built = strategy(f"tiny/few-shot:4,by={by},seed={seed}", material(24, ("one", "two")))
    for group in ("one", "two"):
        shown = {text_of("examples", built.render(Example(prompt, group=group, split="test", row=i))) for i, prompt in enumerate(asked)}
        assert len(shown) == 1


@given(st.integers(1, 24), st.integers(0, 99))
def test_balanced_shows_every_class_as_often_as_the_others(k: int, seed: int) -> None:
    picked = Shots(material().shots, "balanced", seed).pick(Example("new"), k)
    counts = Counter(shot.completion for shot in picked)
    assert max(counts[label] for label in LABELS) - min(counts[label] for label in LABELS) <= 1


def test_a_row_that_may_not_be_shown_leaves_the_others_where_they_are() -> None:
    pool = Shots(material().shots, "balanced", 0)
    first, *others = pool.pick(Example("new"), 4)
    assert pool.pick(replace(first, completion=None), 4)[:3] == others
    assert pool.pick(Example(first.prompt.upper()), 4)[:3] == others, "its double in another split would show the answer too"


def test_another_seed_draws_others() -> None:
    drawn = {tuple(shot.row for shot in Shots(material().shots, "random", seed).pick(Example("new"), 6)) for seed in range(8)}
    assert len(drawn) > 4


def test_without_classes_the_draw_is_random() -> None:
    pool = [Example(f"p{i}", f"an answer of its own, {i}", split="train", row=i) for i in range(CLASSES + 1)]
    assert Shots(pool, "balanced", 3).pick(Example("new"), 9) == Shots(pool, "random", 3).pick(Example("new"), 9)


def test_the_nearest_example_stands_next_to_the_question() -> None:
    shots = tuple(Example(prompt, "x", split="train", row=i) for i, prompt in enumerate(["red horse", "blue boat", "blue horse runs"]))
    made = strategy("tiny/few-shot:2,by=nearest", Material(shots)).render(Example("does the blue horse run"))
    assert text_of("examples", made) == "red horse\nx\n\nblue horse runs\nx\n\n"
    fewer = strategy("tiny/few-shot:2,by=nearest", Material(shots)).render(Example("does the blue horse run"), drop=1)
    assert text_of("examples", fewer) == "blue horse runs\nx\n\n", "the least useful goes first"


def test_a_group_with_too_few_rows_is_named() -> None:
    pool = Material((*material(12).shots, Example("p", "a", group="rare", split="train", row=99)))
    with pytest.raises(UserError, match=r"group 'rare' has 1 train row.*few-shot:1"):
        strategy("tiny/few-shot:2", pool)


def test_a_question_of_no_group_may_be_shown_any() -> None:
    picked = Shots(material(24, ("one", "two")).shots, "random", 0).pick(Example("asked by hand"), 12)
    assert {shot.group for shot in picked} == {"one", "two"}
