"""Rows that stand in two splits, or twice in one: with the same prompt, or nearly the same. And sources and groups that given splits treat badly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations_with_replacement, islice
from typing import Literal

from promptune.core.task import SPLITS, Example, Split, normal

TOLD = 100  # pairs of rows, sources and groups that are named
MOST = 100_000  # different prompts looked at for near ones


@dataclass(frozen=True)
class Pair:
    split: Split
    row: int
    other_split: Split
    other_row: int
    similarity: float  # of the prompts, 0.8 … 1: runs of three words they share, the template's left out
    exact: bool


@dataclass(frozen=True)
class Between:
    """Rows of `other` that stand in `one` too; where both are one split, rows that stand there before."""

    one: Split
    other: Split
    exact: int
    near: int  # those that are not there exactly
    rows: int  # of `other`, in all
    pairs: tuple[Pair, ...]  # some of them, exact ones first

    def words(self) -> str:
        where = f"again in {self.one}" if self.one == self.other else f"in {self.one} too"
        counts = [f"{self.exact}" if self.exact else "", f"{self.near} nearly" if self.near else ""]
        return f"Of {self.rows} {self.other} rows {' and '.join(filter(None, counts))} stand {where}."


@dataclass(frozen=True)
class Spread:
    """A source, and the splits it stands in; or a group, and the splits it is missing from."""

    name: str
    splits: tuple[Split, ...]


@dataclass(frozen=True)
class Overlaps:
    between: tuple[Between, ...]  # only where there are any
    cut_sources: int
    sources: tuple[Spread, ...]  # some of those that stand in more than one split
    thin_groups: int
    groups: tuple[Spread, ...]  # some of those that are missing from a split
    complete: bool  # else there were so many prompts, or so many alike, that near ones may have been missed

    def lines(self) -> list[str]:
        said = [one.words() for one in self.between]
        if self.cut_sources:
            first = self.sources[0]
            sources = "1 source stands" if self.cut_sources == 1 else f"{self.cut_sources} sources stand"
            said.append(f"{sources} in more than one split, such as {first.name!r} in {' and '.join(first.splits)}.")
        if self.thin_groups:
            first = self.groups[0]
            groups = "1 group is" if self.thin_groups == 1 else f"{self.thin_groups} groups are"
            said.append(f"{groups} missing from a split, such as {first.name!r} from {' and '.join(first.splits)}.")
        return said if self.complete else [*said, "There are too many prompts to find all that are nearly the same."]


@dataclass
class _Prompt:
    """All rows with one prompt: their numbers, by split. The same words asked in another group ask something else."""

    text: str
    rows: dict[Split, list[int]] = field(default_factory=dict)


@dataclass
class _Tally:
    exact: int = 0
    near: set[int] = field(default_factory=set)  # rows of `other`
    pairs: list[Pair] = field(default_factory=list)

    def tell(self, pairs: Iterable[Pair]) -> None:
        self.pairs += islice(pairs, TOLD - len(self.pairs))


_Tallies = Mapping[tuple[Split, Split], _Tally]


def overlaps(splits: Mapping[Split, Sequence[Example]]) -> Overlaps:
    return _found(splits, near=True)


def exact(splits: Mapping[Split, Sequence[Example]]) -> Overlaps:
    """The quick half of it: no near duplicates."""
    return _found(splits, near=False)


def _found(splits: Mapping[Split, Sequence[Example]], *, near: bool) -> Overlaps:
    there = [split for split in SPLITS if splits.get(split)]
    prompts = _prompts(splits, there)
    tallies = {pair: _Tally() for pair in combinations_with_replacement(there, 2)}
    for prompt in prompts:
        _count_exact(prompt, tallies)
    complete = _count_near(prompts, tallies) if near else True
    between = [Between(one, other, tally.exact, len(tally.near), len(splits[other]), tuple(tally.pairs)) for (one, other), tally in tallies.items()]
    sources = _spread(splits, there, "source", lambda found: tuple(found) if len(found) > 1 else ())
    groups = _spread(splits, there, "group", lambda found: tuple(split for split in there if split not in found))
    told = tuple(one for one in between if one.exact or one.near)
    return Overlaps(told, len(sources), tuple(sources[:TOLD]), len(groups), tuple(groups[:TOLD]), complete)


def _prompts(splits: Mapping[Split, Sequence[Example]], there: Sequence[Split]) -> list[_Prompt]:
    found: dict[tuple[str | None, str], _Prompt] = {}
    for split in there:
        for number, example in enumerate(splits[split], 1):
            text = normal(example.prompt)
            found.setdefault((example.group, text), _Prompt(text)).rows.setdefault(split, []).append(number if example.row is None else example.row)
    return list(found.values())


def _count_exact(prompt: _Prompt, tallies: _Tallies) -> None:
    for (one, other), tally in tallies.items():
        rows = [] if one not in prompt.rows else prompt.rows[one][1:] if one == other else prompt.rows.get(other, [])
        tally.exact += len(rows)
        tally.tell(Pair(one, prompt.rows[one][0], other, row, 1.0, exact=True) for row in rows)


def _count_near(prompts: Sequence[_Prompt], tallies: _Tallies) -> bool:
    from promptune.tasks.similar import compare  # numpy, for those who ask

    compared = compare([prompt.text for prompt in prompts[:MOST]])
    for pair in compared.pairs:
        one, other = prompts[pair.one], prompts[pair.other]
        if one.text == other.text:  # of two groups
            continue
        for (split, later), tally in tallies.items():
            for here, there in ((one, other), (other, one)):
                if split not in here.rows or later not in there.rows or (split == later and here.rows[split][0] > there.rows[split][0]):
                    continue
                if split == later or split not in there.rows:  # else those rows are counted as exact ones
                    new = [row for row in there.rows[later][: 1 if split == later else None] if row not in tally.near]
                    tally.near.update(new)
                    tally.tell(Pair(split, here.rows[split][0], later, row, pair.similarity, exact=False) for row in new)
    return compared.complete and len(prompts) <= MOST


def _spread(
    splits: Mapping[Split, Sequence[Example]], there: Sequence[Split], of: Literal["source", "group"], odd: Callable[[Sequence[Split]], tuple[Split, ...]]
) -> list[Spread]:
    """Every source or group with the splits that are odd about those it was found in."""
    found: dict[str, dict[Split, None]] = {}
    for split in there:
        for example in splits[split]:
            if (name := getattr(example, of)) is not None:
                found.setdefault(name, {})[split] = None
    return [Spread(name, told) for name, where in found.items() if (told := odd(tuple(where)))]
