"""The question as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from promptune.core.decoding import Decoding
from promptune.core.prompt import Message, Prompt, PromptPart
from promptune.core.strategy import Answer
from promptune.core.task import Example
from promptune.prompting import answers
from promptune.prompting.strategies.registry import STRATEGIES


@STRATEGIES.register("zero-shot")
@dataclass(frozen=True)
class ZeroShot:
    name: ClassVar[str] = "zero-shot"
    summary: ClassVar[str] = "The question as it stands, with no help."
    decoding: ClassVar[Decoding] = Decoding()

    def render(self, example: Example, turns: Sequence[Message] = ()) -> Prompt:
        return Prompt((*turns, Message("user", (PromptPart("question", example.prompt),))))

    def read(self, text: str, example: Example) -> Answer:
        return answers.whole(text)
