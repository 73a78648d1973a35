"""Retrieval: the passages of an attached text that share the most telling words with the question, put before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from promptune.core.prompt import Message, Prompt, PromptPart
from promptune.core.strategy import Extra
from promptune.core.task import Example
from promptune.prompting.material import NOTHING, Material
from promptune.prompting.search import Index
from promptune.prompting.strategies.base import Plain, ask, paragraph, question
from promptune.prompting.strategies.registry import STRATEGIES, saved, within

MOST = 1000
TITLE = "What may help:"


@STRATEGIES.register("retrieve")
@dataclass(frozen=True)
class Retrieve(Plain):
    name: ClassVar[str] = "retrieve"
    summary: ClassVar[str] = "Puts the k passages of an attached text that fit the question best before it."

    k: int
    from_: str
    material: Material = field(default=NOTHING, kw_only=True, repr=False, compare=False)

    def __post_init__(self) -> None:
        within("k", self.k, 1, MOST)
        saved("passages", self.from_, self.material.passages)

    def extras(self, example: Example) -> int:
        return min(self.k, len(self.material.passages[self.from_]))

    def shown(self, example: Example, *, drop: int = 0) -> tuple[Extra, ...]:
        passages = self.material.passages[self.from_]
        best = self._best(example, drop)
        told = self._index.telling(example.prompt, best)
        return tuple(
            Extra("passage", f"passage {place + 1} of {self.from_}", passages[place], why=_why(rank, words))
            for rank, (place, words) in enumerate(zip(best, told, strict=True), 1)
            if passages[place].strip()
        )

    def render(self, example: Example, turns: Sequence[Message] = (), *, drop: int = 0) -> Prompt:
        passages = self.material.passages[self.from_]
        best = [passages[place] for place in self._best(example, drop)]
        return ask(turns, PromptPart("context", paragraph(TITLE, *best, between="\n\n") if best else ""), question(example))

    def _best(self, example: Example, drop: int) -> list[int]:
        return self._index.ranked(example.prompt)[: max(0, self.extras(example) - drop)]

    @cached_property
    def _index(self) -> Index:
        return Index(self.material.passages[self.from_])


def _why(rank: int, words: Sequence[str]) -> str:
    return f"rank {rank} by words: {', '.join(words)}" if words else f"rank {rank}; it shares no word with the question"
