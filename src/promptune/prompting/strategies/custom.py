"""A saved prompt of the user's own, exactly as it was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from promptune.core.prompt import Message, Prompt, PromptPart
from promptune.core.strategy import Answer
from promptune.core.task import Example
from promptune.prompting import answers
from promptune.prompting.material import NOTHING, Material, Parts
from promptune.prompting.strategies.base import CUES, Plain, ask, cue, paragraph, question
from promptune.prompting.strategies.registry import STRATEGIES, saved


@STRATEGIES.register("custom")
@dataclass(frozen=True)
class Custom(Plain):
    name: ClassVar[str] = "custom"
    summary: ClassVar[str] = "Your own saved words around the question, and nothing else."

    parts: str
    material: Material = field(default=NOTHING, kw_only=True, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._own()

    def render(self, example: Example, turns: Sequence[Message] = (), *, drop: int = 0) -> Prompt:
        own = self._own()
        told = PromptPart("instruction", paragraph(own.role, own.instruction, own.constraints))
        return ask(turns, told, PromptPart("context", paragraph(own.context)), question(example), cue(example, own.cue))

    def read(self, text: str, example: Example) -> Answer:
        """A cue such as "Answer:" asks for the answer at once; any other asks for something before it."""
        own = self._own().cue.rstrip()
        return answers.after_steps(text, example) if own and not own.endswith(CUES) else answers.direct(text, example)

    def _own(self) -> Parts:
        return saved("prompts", self.parts, self.material.parts)
