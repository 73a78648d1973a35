"""How an example's question becomes a prompt, and how an answer is read from the text that comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from promptune.core.decoding import Decoding
from promptune.core.prompt import Message, Prompt
from promptune.core.task import Example


@dataclass(frozen=True)
class Vote:
    """How many samples gave one answer."""

    value: str
    count: int


@dataclass(frozen=True)
class Answer:
    """What was read from a generated text, and how: a result carries its reason."""

    value: str
    how: str
    votes: tuple[Vote, ...] = ()  # most first; only where samples were voted


@dataclass(frozen=True)
class Extra:
    """An example or a passage in a prompt, and why it is there."""

    kind: Literal["example", "passage"]
    title: str  # where it comes from: train row 12, passage 3
    text: str
    answer: str = ""  # of an example
    why: str = ""


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

    @property
    def samples(self) -> int:
        """How many texts it wants for one prompt; their answers are voted."""
        ...

    @property
    def draws(self) -> bool:
        """Whether it shows examples from the task's train rows."""
        ...

    def extras(self, example: Example) -> int:
        """How many examples or passages it would put into the prompt: what can be left out where the window is too small."""
        ...

    def shown(self, example: Example, *, drop: int = 0) -> tuple[Extra, ...]:
        """Those extras, in the order of the prompt."""
        ...

    def render(self, example: Example, turns: Sequence[Message] = (), *, drop: int = 0) -> Prompt:
        """The prompt for one example, after the earlier turns of a conversation, without the `drop` least useful extras."""
        ...

    def read(self, text: str, example: Example) -> Answer: ...
