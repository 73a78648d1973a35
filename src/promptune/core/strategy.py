"""How an example's question becomes a prompt, and how an answer is read from the text that comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from promptune.core.decoding import Decoding
from promptune.core.prompt import Message, Prompt
from promptune.core.task import Example


@dataclass(frozen=True)
class Answer:
    """What was read from a generated text, and how: a result carries its reason."""

    value: str
    how: str


class Strategy(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def summary(self) -> str:
        """One sentence for people."""
        ...

    @property
    def decoding(self) -> Decoding:
        """What it asks for where the contender leaves it open."""
        ...

    def render(self, example: Example, turns: Sequence[Message] = ()) -> Prompt:
        """The prompt for one example, after the earlier turns of a conversation."""
        ...

    def read(self, text: str, example: Example) -> Answer: ...
