"""Several texts for one question: the answer that comes most often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from promptune.core.strategy import Answer, Strategy, Vote
from promptune.core.task import Example
from promptune.prompting.answers import alike


def vote(strategy: Strategy, texts: Sequence[str], example: Example) -> Answer:
    """One text has no vote. Of answers that come equally often the one reached first wins; what says nothing has no voice."""
    read = [strategy.read(text, example) for text in texts]
    if len(read) == 1:
        return read[0]
    places = [place for place in _first_alike(read) if place is not None]
    if not places:
        return Answer("", "nothing came")
    counts = Counter(places)  # by the place of the first answer like it, so ties stay in the order they were reached
    votes = tuple(Vote(read[place].value, count) for place, count in counts.most_common())
    best, count = counts.most_common(1)[0]
    return replace(read[best], how=f"{count} of {len(read)} samples agree; {read[best].how}", votes=votes)


def winner(strategy: Strategy, texts: Sequence[str], example: Example) -> int:
    """The place of the first text that gives the voted answer."""
    voted = vote(strategy, texts, example).value
    return next((place for place, text in enumerate(texts) if strategy.read(text, example).value == voted), 0)


def _first_alike(read: Sequence[Answer]) -> list[int | None]:
    """For every answer the place of the first one that says the same; None where nothing was said."""
    return [next((i for i, other in enumerate(read) if alike(other.value, one.value)), None) if one.value else None for one in read]
