"""A prompt: messages made of parts, and how an engine really sent it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]

# `template` is whatever the model's chat template adds around our parts: role marks, special tokens.
PartKind = Literal["instruction", "context", "examples", "question", "cue", "template"]


@dataclass(frozen=True)
class PromptPart:
    kind: PartKind
    text: str


@dataclass(frozen=True)
class Message:
    role: Role
    parts: tuple[PromptPart, ...]

    @property
    def content(self) -> str:
        return "".join(part.text for part in self.parts)


@dataclass(frozen=True)
class Prompt:
    """What a strategy renders: the conversation so far, its last message asking for the next."""

    messages: tuple[Message, ...]


@dataclass(frozen=True)
class SentPart:
    """One part as it was sent. `start` and `end` are token positions, half open."""

    kind: PartKind
    text: str
    start: int
    end: int

    @property
    def tokens(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class SentPrompt:
    """The exact prompt a model read: the parts' texts join to `text`, their spans cover `ids` without a gap.

    A token belongs to the part that holds its first byte, so the parts' tokens always add up to the prompt's.
    """

    text: str
    ids: tuple[int, ...]
    parts: tuple[SentPart, ...]
    window: int  # tokens the model can attend to, prompt and completion together

    @property
    def tokens(self) -> int:
        return len(self.ids)
