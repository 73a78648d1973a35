"""Made splits: a source is never cut, nothing stands in two of them, and each has its share of rows, classes and groups."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune import children
from promptune.core.task import SPLITS, Example, Split, normal
from promptune.errors import UserError
from promptune.tasks.overlap import overlaps
from promptune.tasks.splits import make
from tests.shared import data

USUAL: dict[Split, float] = {"train": 0.8, "validation": 0.1, "test": 0.1}
SHARES: list[dict[Split, float]] = [
    USUAL,
    {"train": 0.5, "validation": 0.0, "test": 0.5},
    {"train": 0.34, "validation": 0.33, "test": 0.33},
    {"test": 0.9, "train": 0.1},
    {"test": 1.0},
]


@st.composite
def tables(draw: st.DrawFn) -> list[Example]:
    """Rows with few prompts, classes, groups and sources, so that they meet in every way."""
    some = lambda letters: st.one_of(st.none(), st.sampled_from(letters))  # noqa: E731
    row = st.builds(Example, st.integers(0, 60).map(str), st.sampled_from("xyz"), group=some("gh"), source=some("abcdefghijkl"))
    return draw(st.lists(row, min_size=30, max_size=90))


def plain(count: int, classes: str = "") -> list[Example]:
    return [Example(f"question {n}", classes[n % len(classes)] if classes else str(n)) for n in range(count)]


@given(tables(), st.sampled_from(SHARES), st.integers(0, 5))
def test_every_row_is_in_one_split_and_no_source_or_prompt_in_two(rows: list[Example], shares: dict[Split, float], seed: int) -> None:
    try:
        made = make(rows, shares, seed)
    except UserError:
        wanted = sum(1 for share in shares.values() if share)
        assert len({row.prompt for row in rows}) < wanted or len({row.source for row in rows}) < wanted + 1
        return
    assert sorted(index for indices in made.indices.values() for index in indices) == list(range(len(rows)))
    assert set(made.indices) == {split for split, share in shares.items() if share} and all(made.indices.values())
    assert all(list(indices) == sorted(indices) for indices in made.indices.values())
    found = overlaps({split: [rows[index] for index in indices] for split, indices in made.indices.items()})
    assert found.cut_sources == 0 and not [one for one in found.between if one.one != one.other and one.exact]
    assert make(rows, shares, seed) == made


@given(tables(), st.sampled_from(SHARES), st.permutations("abcdefghijkl"))
def test_what_sources_and_rows_are_called_changes_no_invariant(rows: list[Example], shares: dict[Split, float], names: list[str]) -> None:
    """Which row goes where may hang on the order of the rows, never on the letters of their texts."""
    renamed = [replace(row, source=row.source and names["abcdefghijkl".index(row.source)], prompt=f"another {row.prompt}") for row in rows]
    try:
        made = make(rows, shares, 0)
    except UserError:
        with pytest.raises(UserError, match="needs at least"):
            make(renamed, shares, 0)
    else:
        assert make(renamed, shares, 0) == made


@given(st.lists(st.integers(4, 40), min_size=2, max_size=8), st.sampled_from(SHARES), st.integers(0, 3))
def test_every_class_has_its_share_of_every_split(sizes: list[int], shares: dict[Split, float], seed: int) -> None:
    """Within two rows, as three splits must round; within one in the small splits, which hang on a few rows."""
    rows = [Example(f"{name} {n}", name) for name, size in zip("abcdefgh", sizes, strict=False) for n in range(size)]
    made = make(rows, shares, seed)
    for split, indices in made.indices.items():
        counts = Counter(rows[index].completion for index in indices)
        for name, size in zip("abcdefgh", sizes, strict=False):
            assert abs(counts[name] - shares[split] * size) <= (2 if shares[split] == max(shares.values()) else 1.5)
        assert abs(len(indices) - shares[split] * len(rows)) <= 1.5


@given(st.lists(st.integers(3, 12), min_size=1, max_size=12), st.integers(1, 3), st.integers(0, 3))
def test_every_group_with_enough_sources_has_rows_in_every_split(sources: list[int], rows_each: int, seed: int) -> None:
    rows = [
        Example(f"{group} {source} {n}", group=str(group), source=f"{group} {source}")
        for group, count in enumerate(sources)
        for source in range(count)
        for n in range(rows_each)
    ]
    made = make(rows, USUAL, seed)
    for split in SPLITS:
        assert {rows[index].group for index in made.indices[split]} == set(map(str, range(len(sources))))
    assert not [warning for warning in made.warnings if "too few sources" in warning]


def test_a_group_with_too_few_sources_is_told_and_has_train_rows_first() -> None:
    """Its test rows could not be shown examples of their group."""
    many = [Example(f"many {n}", group="many") for n in range(40)]
    made = make([Example("one", group="one"), Example("two", group="two"), Example("three", group="two"), *many], USUAL, 0)
    assert 0 in made.indices["train"] and {split for split in SPLITS if {1, 2} & set(made.indices[split])} == {"train", "test"}
    assert made.warnings == (
        "No validation rows of 'one', 'two': too few sources to give every split one.",
        "No test rows of 'one': too few sources to give every split one.",
    )


def test_a_large_source_goes_where_there_is_room() -> None:
    rows = [Example(f"large {n}", source="large") for n in range(50)] + [Example(f"small {n}") for n in range(50)]
    made = make(rows, USUAL, 3)
    assert {split: len(indices) for split, indices in made.indices.items()} == {"train": 80, "validation": 10, "test": 10}
    assert set(range(50)) <= set(made.indices["train"])


def test_sizes_that_sources_force_are_told() -> None:
    made = make([Example(f"{n}", source=str(n // 10)) for n in range(30)], USUAL, 0)
    assert all(len(indices) == 10 for indices in made.indices.values())
    assert any("train has 10 of 30 rows, not 80%" in warning for warning in made.warnings)


def test_what_is_asked_for_in_vain_is_told() -> None:
    with pytest.raises(UserError, match=r"train, validation and test needs at least 3 rows, and it has 2\."):
        make(plain(2), USUAL, 0)
    with pytest.raises(UserError, match=r"train and test needs at least 2 rows that neither share a source nor repeat a prompt; its 9 rows make 1\."):
        make([Example("Same "), *[Example("same")] * 8], {"train": 0.5, "test": 0.5}, 0)
    for wrong in ({"train": 0.5}, {"train": 1.5, "test": -0.5}, {"train": float("nan")}, {}):
        with pytest.raises(UserError, match="do not add up to 1"):
            make(plain(20), wrong, 0)  # type: ignore[arg-type]


def test_another_seed_draws_other_rows() -> None:
    assert make(plain(100), USUAL, 0).indices["test"] != make(plain(100), USUAL, 1).indices["test"]


def test_hash_seeds_change_nothing() -> None:
    """A set or a hash in the way would draw other rows in another process."""
    script = "import json; from tests.tasks.test_splits import drawn; print(json.dumps(drawn()))"
    for hashing in ("1", "2"):
        env = children.environment() | {"PYTHONHASHSEED": hashing}
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env)
        assert json.loads(done.stdout) == drawn(), done.stderr


def drawn() -> list[int]:
    rows = [Example(f"q {n}", "xyz"[n % 3], group=f"group {n % 7}", source=f"source {n // 2}" if n % 5 else None) for n in range(200)]
    return list(make(rows, USUAL, 7).indices["test"])


def test_real_reviews_keep_their_classes() -> None:
    reviews = [json.loads(line) for line in (data("sst2") / "train.jsonl").read_text(encoding="utf-8").strip().split("\n")]
    rows = [Example(row["text"], str(row["label"]), ("0", "1"), "choice") for row in reviews]
    made = make(rows, USUAL, 0)
    ones = {split: sum(rows[index].completion == "1" for index in indices) / len(indices) for split, indices in made.indices.items()}
    assert {split: len(indices) for split, indices in made.indices.items()} == {"train": 1600, "validation": 200, "test": 200}
    assert max(ones.values()) - min(ones.values()) < 0.01 and made.warnings == ()
    assert len({normal(row.prompt) for row in rows}) == len(rows)
