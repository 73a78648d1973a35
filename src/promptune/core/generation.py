"""What an engine gives back for one prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from promptune.core.prompt import SentPrompt

# stop: the model ended or a stop text came; length: max tokens or the window's end.
FinishReason = Literal["stop", "length", "cancelled", "failed"]


@dataclass(frozen=True)
class Generation:
    prompt: SentPrompt
    text: str
    completion_tokens: int
    first_token_seconds: float | None  # None: nothing came
    seconds: float
    finish_reason: FinishReason
    weights: str  # the weights that really answered, as the engine names them
    seed: int
