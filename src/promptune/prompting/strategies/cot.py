"""Zero-shot chain of thought (Kojima et al. 2022): ask for the steps, then read the answer behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from promptune.core.prompt import Message, Prompt
from promptune.core.strategy import Answer
from promptune.core.task import Example
from promptune.prompting import answers
from promptune.prompting.strategies.base import STEPS, Plain, ask, cue, question
from promptune.prompting.strategies.registry import STRATEGIES


@STRATEGIES.register("cot")
@dataclass(frozen=True)
class ChainOfThought(Plain):
    name: ClassVar[str] = "cot"
    summary: ClassVar[str] = "Asks the model to think step by step, and reads the answer at the end."

    def render(self, example: Example, turns: Sequence[Message] = (), *, drop: int = 0) -> Prompt:
        return ask(turns, question(example), cue(example, STEPS))

    def read(self, text: str, example: Example) -> Answer:
        return answers.after_steps(text, example)
