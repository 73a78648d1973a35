"""What strategies have in common, and the pieces their prompts are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from promptune.core.decoding import Decoding
from promptune.core.prompt import Message, Prompt, PromptPart
from promptune.core.strategy import Answer, Extra
from promptune.core.task import Example
from promptune.prompting import answers

STEPS = "Let's think step by step."
CUES = (":", "：", "=", "→", "->")  # an answer follows on the same line


@dataclass(frozen=True)
class Plain:
    """One text for one prompt, nothing that could be left out, and an answer at its beginning."""

    decoding: ClassVar[Decoding] = Decoding()

    @property
    def samples(self) -> int:
        return 1

    @property
    def draws(self) -> bool:
        return False

    def extras(self, example: Example) -> int:
        return 0

    def shown(self, example: Example, *, drop: int = 0) -> tuple[Extra, ...]:
        return ()

    def read(self, text: str, example: Example) -> Answer:
        return answers.direct(text, example)


def ask(turns: Sequence[Message], *parts: PromptPart) -> Prompt:
    """The parts as the next thing the person says; empty ones are left out."""
    return Prompt((*turns, Message("user", tuple(part for part in parts if part.text))))


def question(example: Example) -> PromptPart:
    return PromptPart("question", example.prompt)


def cue(example: Example, text: str) -> PromptPart:
    return PromptPart("cue", joint(example.prompt) + text if text else "")


def joint(prompt: str) -> str:
    """What stands between a prompt and what follows it: a space where the prompt ends with a cue, else a line break."""
    if prompt[-1:].isspace():
        return ""
    return " " if prompt.endswith(CUES) else "\n"


def paragraph(*texts: str, between: str = "\n") -> str:
    """Those that are not empty, and a blank line behind them."""
    filled = [text for text in texts if text.strip()]
    return between.join(filled) + "\n\n" if filled else ""
