"""Held out is held out: no row that is tested or validated on ever stands in a document that is trained on.

A claim about the model is worth as much as this file. Items are looked for whole: the talk "A: Hello. B: Bye." is another one than "A: Hello. B: Well? A: Bye."
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations, islice
from random import Random

import pytest

from promptune.core.task import SPLITS
from promptune.tiny.world.howto_words import NEW_HARMLESS, NEW_OBJECTS, NEW_VERBS
from promptune.tiny.world.latents import _kinds
from promptune.tiny.world.mappings import Mapping
from promptune.tiny.world.mixture import documents
from promptune.tiny.world.text import part_of, plain
from promptune.tiny.world.words import KIND_OF, NAMES
from tests.tiny.samples import rows

# Each task's column that is held out by, and how it is written wherever it is asked.
ITEMS = {
    "reviews": ("review", "{}"),
    "stars": ("review", "{}"),
    "headlines": ("review", "{}"),
    "dialogues": ("dialogue", "{}"),
    "arithmetic": ("question", "{}"),
    "odd-sum": ("numbers", "even number: {}."),
    "facts": ("question", "{}"),
    "refusals": ("request", "{}"),
    "translate": ("english", "{}"),
}
MARK = re.compile(r"<\|\w+\|>")
TURN = re.compile(rf"({'|'.join(NAMES)}): ")


def items(made: dict[str, str], task: str, splits: Iterable[str]) -> list[str]:
    column, form = ITEMS[task]
    return [form.format(row[column]) for split in splits for row in rows(made, task, split)]


def found(wanted: Sequence[str], texts: Sequence[str]) -> set[str]:
    """Those that stand whole in a text: by their first three words first, since there are many of both."""
    by_start: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for item in wanted:
        by_start[tuple(item.split()[:3])].add(item)
    there = set()
    for marked in texts:
        text = MARK.sub("\n\n", marked)  # a document's questions and answers as paragraphs
        words = [(match[0], match.start()) for match in re.finditer(r"\S+", text)]
        for (one, start), (two, _), (three, _) in zip(words, words[1:], words[2:], strict=False):
            for item in by_start.get((one, two, three), ()):
                if text.startswith(item, start) and whole(text, start, start + len(item)):
                    there.add(item)
    return there


def whole(text: str, start: int, end: int) -> bool:
    before, after = text[:start], text[end:]
    if before.endswith("\n") and TURN.match(before[:-1].rpartition("\n")[2]) and TURN.match(text, start):
        return False  # it begins amid a talk
    return bool(re.search(r"(^|\n|: |number: )$", before) or text.startswith("even number", start)) and bool(
        re.match(r"\s*$|\n", after) and not TURN.match(after.removeprefix("\n"))
    )


@pytest.fixture(scope="module")
def trained_on(made: dict[str, str], texts: tuple[str, ...]) -> set[str]:
    """Of all rows of all tasks, those that stand in 20,000 documents."""
    return found([item for task in ITEMS for item in items(made, task, SPLITS)], texts[:20_000])


@pytest.mark.parametrize("task", ITEMS)
def test_no_test_row_is_ever_trained_on(made: dict[str, str], trained_on: set[str], task: str) -> None:
    """By its hash, or because training says it in another skill: such facts and bare sentences are left out of the tables."""
    assert trained_on.isdisjoint(items(made, task, ("validation", "test")))


def test_nor_is_it_where_people_are_loose(made: dict[str, str]) -> None:
    """The last stage of training reads another corpus, with slips and with questions that ask for steps."""
    loose = [plain(document) for document in islice(documents("tests", loose=True), 5_000)]
    held_out = [item for task in ITEMS for item in items(made, task, ("validation", "test"))]
    assert not found(held_out, loose)
    assert len(found(items(made, "facts", ["train"]), loose)) > 100


def test_no_mapping_of_patterns_is_ever_shown() -> None:
    """A document of kinds draws its labels anew, and never those of a mapping that is held out."""
    shown = set()
    for seed in range(3_000):
        latent = _kinds(Random(seed))
        of = {KIND_OF[x]: y for x, y in (latent.draw() for _ in range(12))}
        shown |= {Mapping((one, other), (of[one], of[other])).name for one, other in combinations(of, 2)}
    assert len(shown) > 3_000 and all(part_of(name) >= 2 for name in shown)


# So many of the train rows come up in 20,000 documents, at the least, where there are not so many items that none comes twice.
SEEN = {"reviews": 100, "stars": 80, "headlines": 70, "facts": 450, "refusals": 25}


@pytest.mark.parametrize("task", SEEN)
def test_train_rows_are_found_by_the_same_look(made: dict[str, str], trained_on: set[str], task: str) -> None:
    """Else the test above would pass blind."""
    assert len(trained_on.intersection(items(made, task, ["train"]))) >= SEEN[task]


@pytest.mark.parametrize("task", ITEMS)
def test_an_item_is_found_wherever_it_stands(made: dict[str, str], task: str) -> None:
    """In a chat, in a page, in an example, after a heading: planted, it is seen."""
    for item in items(made, task, ["test"])[:100]:
        for form in ("<|user|>{}<|assistant|> x<|end|>", "{}<|end|>", "Text: {}\nLabel: x\n\nText: y\nLabel:", "Look.\n{}\nA:", "Q: {}\nA: x<|end|>"):
            assert found([item], [form.format(item)]) == {item}, form


def test_what_is_held_out_is_held_out_by_its_hash(made: dict[str, str]) -> None:
    """The parts as the world itself defines them; what is new in words is held out by them instead, whatever its hash says."""
    for task, (column, _) in ITEMS.items():
        for split, parts in (("validation", {1}), ("test", {0})):
            parts = {("facts", "validation"): {2}, ("facts", "test"): {0, 1}}.get((task, split), parts)
            kept = [row[column] for row in rows(made, task, split) if not row.get("kind", "").startswith("new-")]
            assert {part_of(key) for key in kept} <= parts


def test_new_words_are_never_said(texts: tuple[str, ...]) -> None:
    """Not in a request, and not in a story either: a word that was once read is not new."""
    new = {*NEW_VERBS, *(what.split()[-1] for what in NEW_OBJECTS), *(what.split()[-1] for _, what in NEW_HARMLESS)}
    assert len(new) == len(NEW_VERBS) + len(NEW_OBJECTS) + len(NEW_HARMLESS)
    said = set(re.findall(r"\w+", "\n".join(texts).casefold()))
    assert len(said) > 5_000 and not said & new
