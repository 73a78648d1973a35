"""Which texts of many share at least 0.8 of their runs of three words, without comparing each with each.

Signatures of random minima (MinHash) estimate the share. Texts whose signatures agree in a whole band are looked at, and every pair that is given was compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import numpy as np
import numpy.typing as npt

from promptune.prompting.search import tokens

ALIKE = 0.8  # shared runs of all runs of two texts (Jaccard)
RUN = 3  # words
FEWEST = 3  # runs, as five words have: of fewer one cannot say more than that two texts are equal
BANDS, MINIMA = 20, 5  # bands of so many minima each: of pairs at 0.8 one in 2,500 is missed, at 0.9 none
ESTIMATE = 0.6  # what the signatures must agree in to be compared: at 0.8 the estimate strays by 0.04
COMMON = 0.5  # of the texts: a run that more of them have is the template's
SAMPLE = 1_000  # texts in which common runs are counted
ENOUGH = 20  # texts before there are common runs
CROWD = 16  # texts of a band that everything else in it is compared with, where many are alike
CHUNK = 2**16  # runs hashed at once
MOST = 200_000  # pairs compared, a few seconds

Words = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Alike:
    one: int  # its place among the texts, the smaller of the two
    other: int
    similarity: float


@dataclass(frozen=True)
class Compared:
    pairs: tuple[Alike, ...]
    complete: bool  # else there were more pairs worth a look than MOST


def compare(texts: Sequence[str]) -> Compared:
    """The pairs in order of the texts. Where more than CROWD texts are alike each is paired with some of the others, not with all."""
    runs = _Runs(texts)
    places, signatures = [], []
    for place in range(len(texts)):
        own = runs.of(place)
        if own.size >= FEWEST:
            places.append(place)
            signatures.append(_signature(own))
    if len(places) < 2:
        return Compared((), True)
    candidates = _candidates(np.stack(signatures))
    looked = [(places[one], places[other]) for one, other in islice(candidates, MOST)]
    compared = (Alike(one, other, _jaccard(runs.of(one), runs.of(other))) for one, other in looked)
    return Compared(tuple(pair for pair in compared if pair.similarity >= ALIKE), next(candidates, None) is None)


class _Runs:
    """Each text's runs of words as numbers, kept for the texts looked at last only: the rest is cheap to make again."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts, self._words = texts, dict[str, int]()
        self._common: Words = np.empty(0, np.uint64)
        self.of = lru_cache(maxsize=20_000)(self._of)
        if len(texts) >= ENOUGH:
            sample = range(0, len(texts), -(-len(texts) // SAMPLE))
            counts = Counter(run for place in sample for run in self._of(place).tolist())
            self._common = np.array(sorted(run for run, count in counts.items() if count > COMMON * len(sample)), np.uint64)

    def _of(self, place: int) -> Words:
        """Sorted, without those that are common."""
        words = self._words
        ids = np.fromiter((words.setdefault(word, len(words)) for word in tokens(self._texts[place])), np.uint64)
        if ids.size < RUN:
            return np.empty(0, np.uint64)
        mixed = _mixed(_mixed(_mixed(ids[:-2]) + ids[1:-1]) + ids[2:])
        return np.setdiff1d(mixed, self._common) if self._common.size else np.unique(mixed)


def _mixed(numbers: Words) -> Words:
    """Splitmix64: near numbers come out far apart, and no two as one."""
    numbers = numbers + np.uint64(0x9E3779B97F4A7C15)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


_FACTORS = _mixed(np.arange(BANDS * MINIMA, dtype=np.uint64)) | np.uint64(1)


def _signature(runs: Words) -> npt.NDArray[np.uint32]:
    """[BANDS * MINIMA]: for each of as many orders of all numbers, the first of these; its upper half is enough to know it by."""
    least = np.minimum.reduce([(runs[start : start + CHUNK, None] * _FACTORS).min(axis=0) for start in range(0, runs.size, CHUNK)])
    return np.asarray(least >> np.uint64(32), np.uint32)


def _candidates(table: npt.NDArray[np.uint32]) -> Iterator[tuple[int, int]]:
    """Pairs of rows of the signatures' table that agree in a band and, as far as the whole signatures tell, enough."""
    found = [np.empty(0, np.int64)]
    for band in range(BANDS):
        keys = np.zeros(len(table), np.uint64)
        for column in table[:, band * MINIMA : (band + 1) * MINIMA].T:
            keys = _mixed(keys ^ column.astype(np.uint64))
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
            if end - start > 1:
                found.append(_pairs(np.sort(order[start:end]), len(table)))
    codes = np.unique(np.concatenate(found))
    for begin in range(0, len(codes), CHUNK):
        ones, others = np.divmod(codes[begin : begin + CHUNK], len(table))
        agree = (table[ones] == table[others]).mean(axis=1) >= ESTIMATE
        yield from zip(ones[agree].tolist(), others[agree].tolist(), strict=True)


def _pairs(bucket: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
    """Each of the first CROWD with all that come after it, as one number a pair."""
    return np.concatenate([bucket[place] * size + bucket[place + 1 :] for place in range(min(CROWD, len(bucket)))])


def _jaccard(one: Words, other: Words) -> float:
    shared = np.intersect1d(one, other, assume_unique=True).size
    return float(shared / (one.size + other.size - shared))
