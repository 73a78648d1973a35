"""Few-shot (Brown et al. 2020): solved examples of the task before the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from promptune.core.prompt import Message, Prompt, PromptPart
from promptune.core.strategy import Answer, Extra
from promptune.core.task import Example
from promptune.errors import UserError
from promptune.prompting import answers
from promptune.prompting.material import NOTHING, Material
from promptune.prompting.shots import BY, Shots
from promptune.prompting.strategies.base import Plain, ask, joint, question
from promptune.prompting.strategies.registry import STRATEGIES, one_of, within

MOST = 1000


@STRATEGIES.register("few-shot")
@dataclass(frozen=True)
class FewShot(Plain):
    name: ClassVar[str] = "few-shot"
    summary: ClassVar[str] = "Shows k solved examples from the task's train rows before the question."

    k: int
    by: str = "balanced"
    seed: int = 0
    material: Material = field(default=NOTHING, kw_only=True, repr=False, compare=False)

    def __post_init__(self) -> None:
        within("k", self.k, 1, MOST)
        one_of("by", self.by, BY)
        within("seed", self.seed, 0, 10**15)
        pool = self._shots
        if not pool.examples:
            raise UserError("there are no train rows to take examples from.", todo="Choose a task that has train rows, or use zero-shot.")
        name, rows = min(pool.groups.items(), key=lambda group: len(group[1]))
        if len(rows) < self.k:
            whose = "the task has" if name is None else f"the group {name!r} has"
            count = "1 train row" if len(rows) == 1 else f"{len(rows)} train rows"
            raise UserError(f"{whose} {count}, and {self.k} examples are asked for.", todo=f"Write {self.name}:{len(rows)}.")

    @property
    def draws(self) -> bool:
        return True

    def extras(self, example: Example) -> int:
        return len(self._shots.pick(example, self.k))

    def shown(self, example: Example, *, drop: int = 0) -> tuple[Extra, ...]:
        best = self._best(example, drop)
        whys = self._shots.why(example, best)
        extras = [Extra("example", f"train row {shot.row}", shot.prompt, self._solution(shot), why) for shot, why in zip(best, whys, strict=True)]
        return tuple(extras[::-1] if self.by == "nearest" else extras)

    def render(self, example: Example, turns: Sequence[Message] = (), *, drop: int = 0) -> Prompt:
        return ask(turns, PromptPart("examples", "".join(map(self._shown, self._picked(example, drop)))), question(example))

    def read(self, text: str, example: Example) -> Answer:
        return answers.direct(self._own(text, example), example)

    def _best(self, example: Example, drop: int) -> list[Example]:
        picked = self._shots.pick(example, self.k)
        return picked[: max(0, len(picked) - drop)]

    def _picked(self, example: Example, drop: int) -> list[Example]:
        """The nearest one stands next to the question."""
        best = self._best(example, drop)
        return best[::-1] if self.by == "nearest" else best

    def _shown(self, shot: Example) -> str:
        return f"{shot.prompt}{joint(shot.prompt)}{self._solution(shot)}\n\n"

    def _solution(self, shot: Example) -> str:
        return shot.completion or ""

    def _own(self, text: str, example: Example) -> str:
        return answers.first_only(text, example, self._shots.pick(example, self.k))

    @cached_property
    def _shots(self) -> Shots:
        return Shots(self.material.shots, self.by, self.seed)
