"""Descriptions: what is counted adds up, and rows that do not fit are the ones that do not fit."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from promptune.core.task import Example
from promptune.tasks.answers import classes
from promptune.tasks.describe import balance, lengths


def labelled(labels: str) -> list[Example]:
    return [Example(f"{n}", label) for n, label in enumerate(labels)]


@given(st.text("ab", min_size=8, max_size=40), st.text("ab", max_size=20))
def test_classes_are_counted_in_each_split(train: str, test: str) -> None:
    found = balance({"train": labelled(train), "test": labelled(test)})
    counts = Counter(train + test)
    if len(counts) < 2:
        assert found.classes == ()
        return
    for split, labels in (("train", train), ("test", test)):
        assert not labels or dict(zip(found.classes, found.counts[split], strict=True)) == {name: labels.count(name) for name in counts}  # type: ignore[index]
    assert [counts[name] for name in found.classes] == sorted(counts.values(), reverse=True)


def test_free_texts_are_no_classes_and_choices_always_are() -> None:
    assert classes(labelled("abcdefgh")) == Counter()
    choices = tuple("abcdefgh")
    assert classes([Example(str(n), label, choices, "choice") for n, label in enumerate("abcdefgh")]) == Counter("abcdefgh")
    own = [Example(str(n), f"answer {n}", (f"answer {n}", "none"), "choice") for n in range(8)]
    assert classes(own) == Counter(), "each row has choices of its own"


def test_a_class_that_is_asked_for_and_never_shown_is_told() -> None:
    found = balance({"train": labelled("aaaaaaab"), "test": labelled("abcc")})
    assert found.classes == ("a", "b", "c") and found.warnings() == ["No train row is 'c', and 2 test rows are."]
    assert balance({"test": labelled("aabbaabb")}).warnings() == []


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=60), st.integers(1, 10**6), st.integers(0, 500))
def test_every_row_is_in_one_bin_and_what_is_over_does_not_fit(counts: list[int], window: int, room: int) -> None:
    rows = [Example("", split="test", row=number) for number in range(1, len(counts) + 1)]
    found = lengths(counts, rows, window, room)
    assert sum(one.rows for one in found.bins) == len(counts) == found.rows and len(found.bins) <= 12
    for one in found.bins:
        assert one.rows == sum(one.low <= count <= one.high for count in counts)
    assert {(one.row, one.tokens) for one in found.longs} == {(n, count) for n, count in enumerate(counts, 1) if count + room > window}
    assert found.over == len(found.longs) and (found.shortest, found.longest) == (min(counts), max(counts))
    assert found.shortest <= found.median <= found.longest and found.lines()


def test_long_rows_are_named_the_longest_first() -> None:
    rows = [Example("", split="train", row=7), Example("", split="test", row=1), Example("", split="test", row=2)]
    found = lengths([30, 90, 60], rows, 64, 16)
    assert [(one.split, one.row, one.tokens) for one in found.longs] == [("test", 1, 90), ("test", 2, 60)]
    assert found.lines()[-1] == "2 of 3 prompts leave less than the 16 tokens kept for the answer: test 1 (90), test 2 (60)."


def test_no_rows_have_no_lengths() -> None:
    assert lengths([], [], 64, 16).lines() == ["There are no prompts."]
