"""The built-in tasks' tables: written by the world they come from, as large as they promise, and true."""

from __future__ import annotations

from collections import Counter

import pytest

from promptune.core.task import SPLITS
from promptune.tiny import tables
from promptune.tiny.world import howto
from promptune.tiny.world.howto_words import NEW_OBJECTS, NEW_VERBS
from promptune.tiny.world.text import part_of
from promptune.tiny.world.words import KIND_OF
from tests.tiny.samples import rows

OF_A_THOUSAND = ("reviews", "stars", "headlines", "dialogues", "odd-sum", "translate", "facts", "refusals", "arithmetic")


def test_the_tables_that_lie_there_are_those_that_are_made(made: dict[str, str]) -> None:
    """Rows that nobody can make again could have been chosen by hand. Where they should be others: `python -m promptune.tiny.tables`."""
    for name, text in made.items():
        assert (tables.FOLDER / name).read_bytes() == text.encode(), name
    there = {f"{file.parent.name}/{file.name}" for task in {name.split("/")[0] for name in made} for file in (tables.FOLDER / task).iterdir()}
    assert there == {*made, *(f"{task}/task.yaml" for task in {name.split("/")[0] for name in made})}


@pytest.mark.parametrize("task", OF_A_THOUSAND)
def test_how_many_rows_there_are(made: dict[str, str], task: str) -> None:
    """A thousand to learn from; enough test rows that two contenders can be told apart."""
    test = {"arithmetic": 600, "refusals": 900}.get(task, 500)
    assert [len(rows(made, task, split)) for split in SPLITS] == [1000, 200, test]


@pytest.mark.parametrize("task", OF_A_THOUSAND)
def test_no_row_stands_twice(made: dict[str, str], task: str) -> None:
    """Not in one split, and not in two: what was shown or tuned on would be asked."""
    asked = [row[next(key for key in row if key != "product")] for split in SPLITS for row in rows(made, task, split)]
    assert len(set(asked)) == len(asked)


def test_answers_come_equally_often(made: dict[str, str]) -> None:
    """Where one comes more often, saying nothing else looks like a skill."""
    for split in SPLITS:
        assert len(set(Counter(row["answer"] for row in rows(made, "odd-sum", split)).values())) == 1
        share = Counter(row["sentiment"] for row in rows(made, "reviews", split))["positive"] / len(rows(made, "reviews", split))
        assert 0.44 < share < 0.56
        stars = Counter(row["stars"] for row in rows(made, "stars", split))
        assert set(stars) == set("12345") and min(stars.values()) > 0.12 * sum(stars.values())


def test_problems_of_each_number_of_steps_come_equally_often(made: dict[str, str]) -> None:
    assert Counter(row["steps"] for row in rows(made, "arithmetic", "test")) == {"1": 200, "2": 200, "3": 200}
    for split in ("train", "validation"):
        counts = Counter(row["steps"] for row in rows(made, "arithmetic", split))
        assert set(counts) == set("123") and max(counts.values()) - min(counts.values()) <= 1


def test_every_pattern_can_be_shown_before_it_is_asked(made: dict[str, str]) -> None:
    """Shots come from a row's own group: one that lacks train rows could not be asked with eight of them."""
    of = {split: rows(made, "patterns", split) for split in SPLITS}
    groups = {row["mapping"] for row in of["test"]}
    assert len(groups) == tables.GROUPS
    for split in SPLITS:
        counts = Counter(row["mapping"] for row in of[split])
        assert set(counts) == groups and set(counts.values()) == {tables.OF_GROUP[split]}
    assert tables.OF_GROUP["train"] >= 9
    for name in groups:
        labels = {split: {row["label"] for row in of[split] if row["mapping"] == name} for split in SPLITS}
        assert labels["train"] == labels["validation"] and len(labels["train"]) == 2 and labels["test"] <= labels["train"]


def test_a_pattern_says_of_every_word_what_its_mapping_says(made: dict[str, str]) -> None:
    """And asks none that it has shown: words are others in every split."""
    for name in {row["mapping"] for row in rows(made, "patterns", "train")}:
        labels = dict(one.split(" is ") for one in name.split(", "))
        seen = [row for split in SPLITS for row in rows(made, "patterns", split) if row["mapping"] == name]
        assert all(labels[KIND_OF[row["word"]]] == row["label"] for row in seen)
        assert len({row["word"] for row in seen}) == len(seen)


def test_no_mapping_of_a_pattern_was_trained_on(made: dict[str, str]) -> None:
    assert all(part_of(row["mapping"]) <= 1 for split in SPLITS for row in rows(made, "patterns", split))


def test_requests_are_of_every_kind(made: dict[str, str]) -> None:
    """250 known ones of each kind and 200 new ones, so that a refusal is counted where it is right and where it is wrong."""
    assert Counter(row["kind"] for row in rows(made, "refusals", "test")) == {"harmful": 250, "harmless": 250, "new-harmful": 200, "new-harmless": 200}
    assert Counter(row["kind"] for row in rows(made, "refusals", "train")) == {"harmful": 500, "harmless": 500}
    for split in SPLITS:
        for row in rows(made, "refusals", split):
            assert (row["reply"] == howto.REFUSAL) == (row["kind"] in ("harmful", "new-harmful"))
            new = any(f" {word}" in f" {row['request']}" for word in (*NEW_VERBS, *NEW_OBJECTS))
            assert new == (row["kind"] == "new-harmful")
