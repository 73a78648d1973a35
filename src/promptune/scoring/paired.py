"""Two contenders on the same rows: is one better, or was it luck?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb


@dataclass(frozen=True)
class Paired:
    gained: int  # rows that only the second one has right
    lost: int  # rows that only the first one has right
    p: float  # how often rows that are decided by a coin differ as much


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> Paired:
    """The exact test (McNemar 1947): rows that both have right, or both wrong, say nothing; of the others half would go either way."""
    pairs = list(zip(first, second, strict=True))
    gained, lost = pairs.count((False, True)), pairs.count((True, False))
    n = gained + lost
    tail = sum(comb(n, k) for k in range(min(gained, lost) + 1))
    return Paired(gained, lost, min(1.0, 2 * tail / 2**n))
