"""Reviews: every sentence of one means the stars it gives, or a model could learn nothing from it."""

from __future__ import annotations

import re
from random import Random

import pytest

from promptune.tiny.world.reviews import ADJECTIVES, CLOSINGS, PARTS, SHORT, VERDICTS, Review, review

STARS_OF = {word: stars for stars, words in ADJECTIVES.items() for word in words}
DRAWN = 2_000


def drawn(stars: int) -> list[Review]:
    chance = Random(f"reviews of {stars}")
    return [review(chance, stars) for _ in range(DRAWN)]


def adjectives(text: str) -> list[tuple[str, bool]]:
    """Each with whether it is denied: not good, neither good nor bad."""
    words = re.findall(r"[a-z-]+", text.lower())
    return [(word, before in ("not", "neither", "nor")) for before, word in zip(["", *words], words, strict=False) if word in STARS_OF]


def test_an_adjective_has_one_number_of_stars() -> None:
    assert len(STARS_OF) == sum(map(len, ADJECTIVES.values()))


@pytest.mark.parametrize("stars", ADJECTIVES)
def test_no_review_contradicts_itself(stars: int) -> None:
    for one in drawn(stars):
        for word, denied in adjectives(one.text):
            if denied:
                assert {2: STARS_OF[word] > 3, 3: True, 4: STARS_OF[word] < 3}[stars], one.text
            else:
                assert STARS_OF[word] == stars, one.text


@pytest.mark.parametrize("stars", ADJECTIVES)
def test_every_closing_belongs_to_its_stars(stars: int) -> None:
    for one in drawn(stars):
        ends = {other: [end.format(product=one.product) for end in options.split("|")] for other, options in CLOSINGS.items()}
        assert not any(end in one.text for other, of_other in ends.items() for end in of_other if other != stars), one.text


@pytest.mark.parametrize("stars", ADJECTIVES)
def test_every_review_says_what_it_thinks(stars: int) -> None:
    """By an adjective or by one of the short forms; one that only told where something was bought would have its stars by chance."""
    for one in drawn(stars):
        short = [text.format(product=one.product) for text in SHORT[stars].split("|")]
        assert one.text in short or adjectives(one.text), one.text


@pytest.mark.parametrize("stars", ADJECTIVES)
def test_a_headline_says_what_its_review_says(stars: int) -> None:
    """It is the task that tuning learns: what stands in it must be read from the review."""
    for one in drawn(stars):
        verdict, _, more = one.headline.partition(": ")
        assert verdict == f"{VERDICTS[stars]} {one.product}"
        if more:
            word, part = more.rsplit(" ", 1)
            assert part in PARTS[one.product] and re.search(rf"\b{part}\b.* {word}\b", one.text), (one.headline, one.text)


def test_sentiment_is_by_the_stars() -> None:
    assert [Review("", stars, "", "").sentiment for stars in (1, 2, 4, 5)] == ["negative", "negative", "positive", "positive"]
