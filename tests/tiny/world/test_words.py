"""The words: what one skill says of them, another one must not deny."""

from __future__ import annotations

from promptune.tiny.world.words import CAPITALS, KIND_OF, KINDS, NAMES, OPPOSITES, PLURALS, plural


def test_every_word_has_one_kind() -> None:
    """Else a label would be right for two kinds at once, and no example could tell which was meant."""
    assert len(KIND_OF) == sum(map(len, KINDS.values()))


def test_opposites_are_each_others() -> None:
    assert all(OPPOSITES[other] == one for one, other in OPPOSITES.items())


def test_names_and_cities_are_told_apart() -> None:
    """The gender is known by the name alone, and a city belongs to one country."""
    assert len(set(NAMES)) == len(NAMES) and len(set(CAPITALS.values())) == len(CAPITALS)


def test_plurals() -> None:
    pairs = {"dog": "dogs", "box": "boxes", "bench": "benches", "glass": "glasses", "cherry": "cherries", "monkey": "monkeys", "wolf": "wolves"}
    assert {word: plural(word) for word in pairs} == pairs
    assert all(plural(word) == many for word, many in PLURALS.items())
