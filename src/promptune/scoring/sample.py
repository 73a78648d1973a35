"""A part of a test set that stands for the whole: drawn by chance, but the same one every time."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

from promptune.core.task import Example
from promptune.tasks.answers import classes


def sample(examples: Sequence[Example], limit: int | None, seed: int = 0) -> tuple[Example, ...]:
    """At most `limit` of them in their order, with every class and group in its share."""
    if limit is None or limit >= len(examples):
        return tuple(examples)
    known = classes(examples)
    strata: defaultdict[tuple[str | None, str | None], list[int]] = defaultdict(list)
    for place, example in enumerate(examples):
        strata[example.group, example.completion if example.completion in known else None].append(place)
    draw = random.Random(seed)
    chosen = [
        place for places, share in zip(strata.values(), _shares([*map(len, strata.values())], limit), strict=True) for place in draw.sample(places, share)
    ]
    return tuple(examples[place] for place in sorted(chosen))


def _shares(sizes: Sequence[int], limit: int) -> list[int]:
    """Whole numbers in proportion to the sizes; what rounding down leaves goes where it took most."""
    total = sum(sizes)
    shares = [size * limit // total for size in sizes]
    for place in sorted(range(len(sizes)), key=lambda i: -(sizes[i] * limit % total))[: limit - sum(shares)]:
        shares[place] += 1
    return shares
