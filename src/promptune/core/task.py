"""A task, its examples, and what is asked of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AnswerType = Literal["text", "choice", "number"]


@dataclass(frozen=True)
class Example:
    """One row rendered. A question of free chat is an example that has only a prompt."""

    prompt: str
    completion: str | None = None
    choices: tuple[str, ...] = ()
    rationale: str | None = None  # the worked steps, for few-shot chain-of-thought
    group: str | None = None  # the latent task it belongs to: its shots come from the same group
    source: str | None = None  # rows of one source leak into each other: a source never spans splits
    row: int | None = None  # its number in the table, from 1


@dataclass(frozen=True)
class Task:
    """A table of rows, how a row becomes an example, and how its answers are scored."""

    name: str
    title: str
    input: str  # the column a person types into when asking by hand
    template: str  # Jinja, `prompt ||| completion`
    answer_type: AnswerType = "text"
    metrics: tuple[str, ...] = ()
    group: str | None = None  # column
    source: str | None = None  # column
    splits: tuple[str, ...] = ("train", "validation", "test")
