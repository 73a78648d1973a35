"""The question as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from promptune.core.prompt import Message, Prompt
from promptune.core.task import Example
from promptune.prompting.strategies.base import Plain, ask, question
from promptune.prompting.strategies.registry import STRATEGIES


@STRATEGIES.register("zero-shot")
@dataclass(frozen=True)
class ZeroShot(Plain):
    name: ClassVar[str] = "zero-shot"
    summary: ClassVar[str] = "The question as it stands, with no help."

    def render(self, example: Example, turns: Sequence[Message] = (), *, drop: int = 0) -> Prompt:
        return ask(turns, question(example))
