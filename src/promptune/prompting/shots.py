"""Which train examples are shown before a question: the same ones for every row of a group, and never the row itself."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

from promptune.core.task import Example, normal
from promptune.errors import UserError
from promptune.prompting.search import Index

BY = ("balanced", "random", "nearest")
CLASSES = 20  # where no choices are given, as many different completions at most are classes


class Shots:
    """A pool of train examples and one way to pick from it. Every draw depends on the seed and the group alone, so prompts share a prefix."""

    def __init__(self, examples: Sequence[Example], by: str, seed: int) -> None:
        self._by, self._seed = by, seed
        self.examples = tuple(shot for shot in examples if shot.split == "train" and shot.completion is not None)
        self.groups: dict[str | None, list[Example]] = defaultdict(list)
        for shot in self.examples:
            self.groups[None].append(shot)  # a question of no group may be shown any
            if shot.group is not None:
                self.groups[shot.group].append(shot)
        self._drawn: dict[str | None, list[Example]] = {}
        self._indices: dict[str | None, Index] = {}

    def pick(self, example: Example, k: int) -> list[Example]:
        """The best first. What is missing because the row itself may not be shown is made up by the next one."""
        if example.group is not None and example.group not in self.groups:
            raise UserError(f"no train row belongs to the group {example.group!r}.", todo="Give the group a train row, or use zero-shot.")
        group = example.group
        ordered = self._nearest(group, example) if self._by == "nearest" else self._draw(group)
        picked: list[Example] = []
        for shot in ordered:
            if len(picked) == k:
                break
            if not same_row(shot, example):
                picked.append(shot)
        return picked

    def why(self, example: Example, picked: Sequence[Example]) -> list[str]:
        """Why each of them was picked. The best first."""
        whence = "" if example.group is None else f" among those of {example.group}"
        if self._by == "nearest":
            places = {id(shot): place for place, shot in enumerate(self.groups[example.group])}
            told = self._index(example.group).telling(example.prompt, [places[id(shot)] for shot in picked])
            return [_nearness(words, rank, whence) for rank, words in enumerate(told, 1)]
        turns = ", one of each class in turn" if self._balanced(self.groups[example.group]) else ""
        return [f"drawn at random with seed {self._seed}{whence}{turns}"] * len(picked)

    def _nearest(self, group: str | None, example: Example) -> list[Example]:
        pool = self.groups[group]
        return [pool[place] for place in self._index(group).ranked(example.prompt)]

    def _index(self, group: str | None) -> Index:
        if group not in self._indices:
            self._indices[group] = Index([shot.prompt for shot in self.groups[group]])
        return self._indices[group]

    def _draw(self, group: str | None) -> list[Example]:
        if group not in self._drawn:
            pool = self.groups[group]
            self._drawn[group] = _in_turns(pool, random.Random(f"{self._seed} {group}"), balanced=self._balanced(pool))
        return self._drawn[group]

    def _balanced(self, pool: Sequence[Example]) -> bool:
        return self._by == "balanced" and _has_classes(pool)


def same_row(shot: Example, example: Example) -> bool:
    """The scored row itself, or its double: showing it would show the answer."""
    here = example.row is not None and (shot.split, shot.row) == (example.split, example.row)
    return here or normal(shot.prompt) == normal(example.prompt)


def _nearness(words: Sequence[str], rank: int, whence: str) -> str:
    place = "nearest" if rank == 1 else f"number {rank} of the nearest"
    return f"{place} by words{whence}: {', '.join(words)}" if words else f"it shares no word with the question; the next in the table{whence}"


def _has_classes(pool: Sequence[Example]) -> bool:
    return any(shot.answer_type == "choice" for shot in pool) or len({shot.completion for shot in pool}) <= CLASSES


def _in_turns(pool: Sequence[Example], chance: random.Random, *, balanced: bool) -> list[Example]:
    """Everything in a drawn order. Balanced: one of each class a turn, the classes of each turn in an order of their own."""
    classes: dict[str | None, list[Example]] = defaultdict(list)
    for shot in pool:
        classes[shot.completion if balanced else None].append(shot)
    for shots in classes.values():
        chance.shuffle(shots)
    order: list[Example] = []
    while left := [shots for shots in classes.values() if shots]:
        chance.shuffle(left)
        order += [shots.pop() for shots in left]
    return order
