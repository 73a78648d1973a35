"""Making train, validation and test out of one table: the same rows on every machine, and nothing that stands in two of them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promptune.core.task import SPLITS, Example, Split, normal
from promptune.errors import UserError
from promptune.tasks.answers import classes
from promptune.tasks.dealing import Bundle, deal

TOLD = 10  # groups that a warning names
FAR = 0.05  # of all rows: a split that misses its share by more is told


@dataclass(frozen=True)
class Made:
    indices: Mapping[Split, tuple[int, ...]]  # into the examples, each split in table order
    warnings: tuple[str, ...]


def make(examples: Sequence[Example], fractions: Mapping[Split, float], seed: int) -> Made:
    """A split whose fraction is 0 is left out. Rows of one source, and rows with the same prompt, stay together."""
    shares = _shares(fractions)
    bundles = _bundles(examples)
    if len(bundles) < len(shares):
        raise _too_few(len(examples), len(bundles), list(shares))
    dealt = deal(bundles, shares, seed)
    indices = {split: tuple(sorted(row for bundle in dealt[split] for row in bundle.rows)) for split in shares}
    return Made(indices, (*_missing_groups(examples, indices), *_other_sizes(len(examples), shares, indices)))


def _shares(fractions: Mapping[Split, float]) -> dict[Split, float]:
    if any(not 0 <= share <= 1 for share in fractions.values()) or not math.isclose(sum(fractions.values()), 1, abs_tol=1e-6):
        said = ", ".join(f"{split} {share:g}" for split, share in fractions.items())
        raise UserError(f"the shares ({said or 'none'}) do not add up to 1.", where="splits", todo="Give each one from 0 to 1, such as 0.8, 0.1 and 0.1.")
    return {split: fractions[split] for split in SPLITS if fractions.get(split)}


def _too_few(rows: int, bundles: int, splits: Sequence[Split]) -> UserError:
    names = " and ".join(filter(None, [", ".join(splits[:-1]), splits[-1]]))
    what = f"a table for {names} needs at least {len(splits)} rows"
    what += f", and it has {rows}." if rows == bundles else f" that neither share a source nor repeat a prompt; its {rows} rows make {bundles}."
    return UserError(what, where="splits", todo="Add rows, or set the share of a split to 0.")


def _bundles(examples: Sequence[Example]) -> list[Bundle]:
    """Each row with all that it shares a source or a prompt with, directly or through others; in table order."""
    above = list(range(len(examples)))  # another row of the same bundle; the topmost is above itself

    def top(row: int) -> int:
        while above[row] != row:
            above[row] = above[above[row]]
            row = above[row]
        return row

    first: dict[tuple[str, str], int] = {}
    for row, example in enumerate(examples):
        for key in [("prompt", normal(example.prompt))] + ([("source", example.source)] if example.source is not None else []):
            above[top(row)] = top(first.setdefault(key, row))
    together: dict[int, list[int]] = defaultdict(list)
    for row in range(len(examples)):
        together[top(row)].append(row)
    known = classes(examples)
    return [_bundle(rows, [examples[row] for row in rows], bool(known)) for rows in together.values()]


def _bundle(rows: Sequence[int], examples: Sequence[Example], has_classes: bool) -> Bundle:
    groups = Counter(example.group for example in examples)
    labels = Counter(example.completion if has_classes else None for example in examples)
    return Bundle(tuple(rows), groups, labels, groups.most_common(1)[0][0], labels.most_common(1)[0][0])


def _missing_groups(examples: Sequence[Example], indices: Mapping[Split, Sequence[int]]) -> list[str]:
    there = {split: {examples[row].group for row in rows} for split, rows in indices.items()}
    groups = dict.fromkeys(example.group for example in examples if example.group is not None)
    told = []
    for split in indices:
        if missing := [group for group in groups if group not in there[split]]:
            names = ", ".join(map(repr, missing[:TOLD])) + (f" and {len(missing) - TOLD} more" if len(missing) > TOLD else "")
            told.append(f"No {split} rows of {names}: too few sources to give every split one.")
    return told


def _other_sizes(rows: int, shares: Mapping[Split, float], indices: Mapping[Split, Sequence[int]]) -> list[str]:
    far = [split for split, share in shares.items() if abs(len(indices[split]) - share * rows) > max(1.0, FAR * rows)]
    return [
        f"{split} has {len(indices[split])} of {rows} rows, not {shares[split]:.0%}: every split and group needs rows, and what belongs together was not cut."
        for split in far
    ]
