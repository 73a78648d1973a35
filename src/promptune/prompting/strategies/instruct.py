"""Role, context and constraints before the question: the user's own, or plain ones made from the kind of answer that is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from promptune.core.prompt import Message, Prompt, PromptPart
from promptune.core.task import Example
from promptune.prompting.material import NOTHING, Material, Parts
from promptune.prompting.strategies.base import Plain, ask, paragraph, question
from promptune.prompting.strategies.registry import STRATEGIES, saved

ROLE = "You are a careful assistant."


@STRATEGIES.register("instruct")
@dataclass(frozen=True)
class Instruct(Plain):
    name: ClassVar[str] = "instruct"
    summary: ClassVar[str] = "Says first who the model is and what form the answer takes; instruct:NAME says it in your own saved words."

    parts: str = ""
    material: Material = field(default=NOTHING, kw_only=True, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._own()

    def render(self, example: Example, turns: Sequence[Message] = (), *, drop: int = 0) -> Prompt:
        own = self._own()
        told = paragraph(own.role or ROLE, own.instruction or wanted(example), own.constraints)
        return ask(turns, PromptPart("instruction", told), PromptPart("context", paragraph(own.context)), question(example))

    def _own(self) -> Parts:
        return saved("prompts", self.parts, self.material.parts) if self.parts else Parts()


def wanted(example: Example) -> str:
    """What form the answer takes."""
    if example.choices:
        return f"Answer with exactly one of: {', '.join(example.choices)}."
    return "Answer with a number only." if example.answer_type == "number" else "Do what is asked, and write nothing else."
