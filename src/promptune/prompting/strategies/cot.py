"""Zero-shot chain of thought (Kojima et al. 2022): ask for the steps, then read the answer behind them."""

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

CUE = "\nLet's think step by step."


@STRATEGIES.register("cot")
@dataclass(frozen=True)
class ChainOfThought:
    name: ClassVar[str] = "cot"
    summary: ClassVar[str] = "Asks the model to think step by step, and reads the answer at the end."
    decoding: ClassVar[Decoding] = Decoding()

    def render(self, example: Example, turns: Sequence[Message] = ()) -> Prompt:
        return Prompt((*turns, Message("user", (PromptPart("question", example.prompt), PromptPart("cue", CUE)))))

    def read(self, text: str, example: Example) -> Answer:
        return answers.after_steps(text)
