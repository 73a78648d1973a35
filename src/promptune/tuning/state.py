"""How far a training is, and what its checks found. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LEAST = 0.001  # nats a token: a loss that falls by less is no better, and training on would only move the model further away


@dataclass(frozen=True)
class Said:
    """What the model wrote for one validation row."""

    question: str
    answer: str
    wanted: str
    right: bool


@dataclass(frozen=True)
class Check:
    """One validation."""

    step: int
    loss: float  # nats a token of the answers
    score: float  # the task's first metric, on texts that were really generated
    said: tuple[Said, ...] = ()

    def better_than(self, other: Check | None) -> bool:
        """First what the task asks for; where that is equal, the more certain one, if it is more certain by much. Else the earlier one stays."""
        return other is None or self.score > other.score or (self.score == other.score and self.loss < other.loss - LEAST)


@dataclass(frozen=True)
class State:
    step: int = 0  # steps that are done
    seconds: float = 0.0  # of training and validation, over all attempts
    tokens: int = 0  # seen
    worse: int = 0  # checks since the best one
    best: Check | None = None
    last: Check | None = None
    loss: float = 0.0  # of the train rows, smoothed
    memory: int = 0  # MB at the highest, over all attempts

    @classmethod
    def read(cls, values: dict[str, Any]) -> State:
        return cls(**{**values, "best": _check(values["best"]), "last": _check(values["last"])})


def _check(values: dict[str, Any] | None) -> Check | None:
    return None if values is None else Check(**{**values, "said": tuple(Said(**one) for one in values["said"])})
