"""The tasks that documents of patterns show by examples, drawn anew for each document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from random import Random

from promptune.tiny.world import arithmetic, dialogues, french, reading, reviews
from promptune.tiny.world.forms import label, labels
from promptune.tiny.world.mappings import Mapping
from promptune.tiny.world.noise import invented, typed
from promptune.tiny.world.text import drawn, trained
from promptune.tiny.world.words import CAPITALS, KIND_OF, KINDS, OPPOSITES, PAST, SOUNDS, YOUNG, plural


@dataclass(frozen=True)
class Latent:
    """A task that a document shows by examples."""

    draw: Callable[[], tuple[str, str]]
    most: int  # examples that a document of it can hold
    labels: tuple[str, ...] = ()  # its answers, where they are few and say nothing by themselves
    form: str = ""  # how the built-in task writes an example, up to where its answer stands; {x} is what it asks about
    review: bool = False  # what somebody thinks of something: it has forms of its own


# ---- whose labels are drawn anew, so that only the examples tell what they mean ----


def _kinds(chance: Random) -> Latent:
    """Two kinds, or three of which no two are a mapping that is held out."""
    while True:
        kinds, names = chance.sample(list(KINDS), chance.choice((2, 2, 2, 2, 3))), labels(chance, 3)
        pairs = combinations(zip(kinds, names, strict=False), 2)
        if all(trained(Mapping((one, other), (first, second)).name) for (one, first), (other, second) in pairs):
            break

    def draw() -> tuple[str, str]:
        place = chance.randrange(len(kinds))
        return chance.choice(KINDS[kinds[place]]), names[place]

    return Latent(draw, 22, tuple(names[: len(kinds)]))


def _review(chance: Random) -> Latent:
    good, bad = names = labels(chance, 2)

    def draw() -> tuple[str, str]:
        one = reviews.trained_review(chance, chance.choice((1, 2, 4, 5)))
        return typed(one.text, chance, 0.06), good if one.sentiment == "positive" else bad

    return Latent(draw, 15, tuple(names), reviews.sentiment_prompt("{x}"), review=True)


def _phrase(chance: Random) -> Latent:
    good, bad = names = labels(chance, 2)

    def draw() -> tuple[str, str]:
        stars = chance.choice((1, 2, 4, 5))
        part = chance.choice(reviews.PARTS[chance.choice(list(reviews.PARTS))])
        return f"The {part} is {chance.choice(reviews.ADJECTIVES[stars])}.", good if stars > 3 else bad

    return Latent(draw, 16, tuple(names))


def _parity(chance: Random) -> Latent:
    names = labels(chance, 2)

    def draw() -> tuple[str, str]:
        number = chance.randrange(1, 60)
        return str(number), names[number % 2]

    return Latent(draw, 16, tuple(names))


def _seen(chance: Random) -> Latent:
    """Invented words, each always with the same label: what was seen before is answered as before."""
    words = {invented(chance): label(chance) for _ in range(chance.randrange(2, 6))}

    def draw() -> tuple[str, str]:
        return chance.choice(list(words.items()))

    return Latent(draw, 14, tuple(words.values()))


# ---- whose answers are known or copied, and only the form is shown ----

TABLES: tuple[dict[str, str], ...] = (
    OPPOSITES,
    PAST,
    CAPITALS,
    SOUNDS,
    YOUNG,
    french.WORDS,
    {word: plural(word) for word in KIND_OF if KIND_OF[word] in ("animal", "fruit", "tool")},
)


def _known(chance: Random) -> Latent:
    table = chance.choice(TABLES)
    return Latent(lambda: chance.choice(list(table.items())), 12)


def _kind_names(chance: Random) -> Latent:
    kinds = chance.sample(list(KINDS), chance.randrange(2, 6))

    def draw() -> tuple[str, str]:
        kind = chance.choice(kinds)
        return chance.choice(KINDS[kind]), kind

    return Latent(draw, 14)


def _copied(chance: Random) -> Latent:
    place = chance.choice((None, 0, 1))

    def draw() -> tuple[str, str]:
        words = [invented(chance) if chance.random() < 0.3 else chance.choice(list(KIND_OF)) for _ in range(2)]
        return " ".join(words), " ".join(words) if place is None else words[place]

    return Latent(draw, 10)


def _headline(chance: Random) -> Latent:
    def draw() -> tuple[str, str]:
        one = reviews.trained_review(chance)
        return one.text, one.headline

    return Latent(draw, 6, form=reviews.headline_prompt("{x}"))


def _stars(chance: Random) -> Latent:
    def draw() -> tuple[str, str]:
        one = reviews.trained_review(chance)
        return one.text, str(one.stars)

    return Latent(draw, 7, form=reviews.stars_prompt("{x}"))


def _phrase_in_french(chance: Random) -> Latent:
    return Latent(lambda: drawn(french.phrase, lambda pair: pair[0], chance), 9)


def _read(chance: Random) -> Latent:
    def draw() -> tuple[str, str]:
        text, question, answer = reading.trained_passage(chance)
        return f"{text} {question}", answer

    return Latent(draw, 5)


def _talk(chance: Random) -> Latent:
    kind = chance.choices((0, 1, 2), (45, 35, 20))[0]

    def draw() -> tuple[str, str]:
        one = dialogues.trained_dialogue(chance)
        return one.text, (one.summary, one.topic, f"{' and '.join(one.speakers)}.")[kind]

    return Latent(draw, 3, form=dialogues.summary_prompt("{x}"))


def _sum(chance: Random) -> Latent:
    worked = chance.random() < 0.5

    def draw() -> tuple[str, str]:
        one = arithmetic.trained_problem(chance, 1)
        return one.question, one.worked if worked else str(one.answer)

    return Latent(draw, 4)


SHARES: tuple[tuple[Callable[[Random], Latent], int], ...] = (
    (_kinds, 26),
    (_review, 20),
    (_phrase, 12),
    (_seen, 8),
    (_known, 8),
    (_parity, 3),
    (_kind_names, 3),
    (_copied, 4),
    (_headline, 4),
    (_stars, 3),
    (_phrase_in_french, 3),
    (_read, 2),
    (_talk, 6),
    (_sum, 2),
)


def latent(chance: Random) -> Latent:
    ((make, _),) = chance.choices(SHARES, [share for _, share in SHARES])
    return make(chance)
