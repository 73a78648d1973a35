"""Overlaps: every copy and nearly every near copy is found, and nothing is called one that is not."""

from __future__ import annotations

import json
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptune.core.task import Example
from promptune.tasks.overlap import Between, Overlaps, overlaps
from promptune.tasks.similar import compare
from tests.shared import data

WORDS = [f"word{n}" for n in range(3_000)]


def texts(count: int, words: int, seed: int = 0) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(chance.choices(WORDS, k=words)) for _ in range(count)]


def examples(prompts: list[str]) -> list[Example]:
    return [Example(prompt) for prompt in prompts]


def runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return set(zip(words, words[1:], words[2:], strict=False))


def jaccard(one: str, other: str) -> float:
    return len(runs(one) & runs(other)) / len(runs(one) | runs(other))


def between(found: Overlaps, one: str, other: str) -> Between:
    return next(item for item in found.between if (item.one, item.other) == (one, other))


def test_copies_are_counted_within_and_between_splits_whatever_their_case_and_space() -> None:
    train = examples(["A  good film", "a bad film", "a good\nfilm", "third"])
    test = examples(["A GOOD FILM ", "fourth", "a good film!"])
    found = overlaps({"train": train, "test": test})
    assert (between(found, "train", "train").exact, between(found, "train", "test").exact) == (1, 1)
    assert [(pair.row, pair.other_row) for pair in between(found, "train", "test").pairs] == [(1, 1)]
    assert len(found.between) == 2 and found.complete
    assert found.lines() == ["Of 4 train rows 1 stand again in train.", "Of 3 test rows 1 stand in train too."]


def test_rows_are_named_by_their_numbers() -> None:
    found = overlaps({"train": [Example("same", row=17)], "validation": [Example("same", row=4)]})
    pair = between(found, "train", "validation").pairs[0]
    assert (pair.split, pair.row, pair.other_split, pair.other_row, pair.exact) == ("train", 17, "validation", 4, True)


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 199), min_size=1, max_size=20, unique=True))
def test_planted_near_copies_are_found_and_nothing_else_is(seed: int, planted: list[int]) -> None:
    """One word of 60 changed leaves 0.9 of the runs. Texts of chance share none."""
    train = texts(200, 60, seed)
    test = texts(20, 60, seed + 1)
    for place, source in enumerate(planted):
        words = train[source].split()
        words[seed % 60] = "Changed,"
        test[place % 20] = " ".join(words)
    found = overlaps({"train": examples(train), "test": examples(test)})
    near = between(found, "train", "test")
    assert (near.exact, near.near) == (0, len(planted)) and len(found.between) == 1
    for pair in near.pairs:
        assert pair.similarity == pytest.approx(jaccard(train[pair.row - 1], test[pair.other_row - 1])) and pair.similarity >= 0.8


@given(st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=9).map(" ".join), min_size=2, max_size=12))
def test_of_few_texts_all_near_pairs_are_found_and_really_near(found_in: list[str]) -> None:
    unique = list(dict.fromkeys(found_in))
    found = {(pair.one, pair.other): pair.similarity for pair in compare(unique).pairs}
    for one in range(len(unique)):
        for other in range(one + 1, len(unique)):
            long = min(len(runs(unique[one])), len(runs(unique[other]))) >= 3
            really = jaccard(unique[one], unique[other]) if long else 0.0
            if (one, other) in found:
                assert found[one, other] == pytest.approx(really) and really >= 0.8
            else:
                assert really < 0.9


def test_short_texts_overlap_exactly_or_not_at_all() -> None:
    assert overlaps({"train": examples(["is it good", "one two three four"]), "test": examples(["is it good?", "one two three four!"])}).between == ()


def test_what_a_template_says_in_every_row_makes_no_two_alike() -> None:
    """Else every short review would be the double of every other."""
    prompts = [f"Is the following review of a film positive or negative? Say one word only.\n\n{text}\n\nAnswer:" for text in texts(60, 6)]
    assert overlaps({"train": examples(prompts[:40]), "test": examples(prompts[40:])}).between == ()


def test_many_equal_or_nearly_equal_rows_take_no_longer_than_different_ones() -> None:
    same = texts(1, 60)[0]
    equal = overlaps({"train": examples([same] * 8_000), "test": examples([same] * 2_000)})
    assert between(equal, "train", "test").exact == 2_000 and between(equal, "train", "train").exact == 7_999
    assert len(between(equal, "train", "test").pairs) == 100
    crowd = overlaps({"train": examples([f"{text} {n}" for n in range(500) for text in texts(4, 60)]), "test": examples([same + " end"])})
    assert between(crowd, "train", "test").near == 1 and between(crowd, "train", "train").near > 1_900


def test_scripts_without_spaces_have_near_copies_too() -> None:
    text = "春眠不覺曉處處聞啼鳥夜來風雨聲花落知多少床前明月光疑是地上霜舉頭望明月低頭思故鄉"
    assert between(overlaps({"train": examples([text]), "test": examples([text[:-1] + "里"])}), "train", "test").near == 1


def test_sources_that_given_splits_cut_and_groups_they_lack_are_told() -> None:
    train = [Example("a", source="dialogue 1", group="g"), Example("b", source="dialogue 2", group="h")]
    found = overlaps({"train": train, "test": [Example("c", source="dialogue 1", group="g"), Example("d")]})
    assert [(one.name, one.splits) for one in found.sources] == [("dialogue 1", ("train", "test"))]
    assert [(one.name, one.splits) for one in found.groups] == [("h", ("test",))]
    assert found.lines() == [
        "1 source stands in more than one split, such as 'dialogue 1' in train and test.",
        "1 group is missing from a split, such as 'h' from test.",
    ]


def test_the_same_words_in_another_group_ask_something_else() -> None:
    """Where only the examples tell what is meant, "dog" is another question beside each of them; within a group it is the same one."""
    text = " ".join(WORDS[:60])
    train = [Example("Input: dog", group="g"), Example("Input: dog", group="h"), Example(text, group="g")]
    other = overlaps({"train": train, "test": [Example("Input: dog", group="i"), Example(text, group="h")]})
    assert other.between == () and not [line for line in other.lines() if "row" in line]
    same = overlaps({"train": train, "test": [Example("Input:  DOG", group="h"), Example(text, group="g")]})
    assert [(one.one, one.other, one.exact, one.near) for one in same.between] == [("train", "test", 2, 0)]
    assert [(pair.row, pair.other_row) for pair in between(same, "train", "test").pairs] == [(2, 1), (3, 2)]


def test_nothing_overlaps_in_nothing() -> None:
    assert overlaps({}).lines() == [] and overlaps({"train": [], "test": examples([""])}).between == ()


KEYS = {"dialogsum": "dialogue", "gsm8k": "question", "sst2": "text", "multi30k": "en", "svamp": "Body Question", "uci_review_sentences": "text"}


@pytest.mark.parametrize(("name", "key"), KEYS.items())
def test_no_public_dataset_shares_a_text_between_its_splits(name: str, key: str) -> None:
    """They were made so; what is nearly the same is real, and compared again here."""
    splits = {}
    for split, file in (("train", "train"), ("validation", "dev"), ("test", "test")):
        lines = (data(name) / f"{file}.jsonl").read_text(encoding="utf-8").strip().split("\n")
        splits[split] = [" ".join(json.loads(line)[one] for one in key.split()) for line in lines]
    found = overlaps({split: examples(rows) for split, rows in splits.items()})  # type: ignore[misc]
    assert not [one for one in found.between if one.exact and one.one != one.other]
    for pair in (pair for one in found.between for pair in one.pairs if not pair.exact):
        assert jaccard(splits[pair.split][pair.row - 1], splits[pair.other_split][pair.other_row - 1]) >= 0.75
