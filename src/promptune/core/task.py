"""A task, its examples, and what is asked of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

AnswerType = Literal["text", "choice", "number"]
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True)
class Row:
    """One line of a table, its values exactly as they were found. A column that the line does not have is absent, never None."""

    number: int  # in its table, from 1, the header not counted
    values: dict[str, Any]


@dataclass(frozen=True)
class Example:
    """One row rendered. A question of free chat is an example that has only a prompt."""

    prompt: str
    completion: str | None = None
    choices: tuple[str, ...] = ()
    answer_type: AnswerType = "text"
    also: tuple[str, ...] = ()  # other completions that are right as well
    rationale: str | None = None  # the worked steps, for few-shot chain-of-thought
    group: str | None = None  # the latent task it belongs to: its shots come from the same group
    source: str | None = None  # rows of one source leak into each other: a source never spans splits
    split: Split | None = None
    row: int | None = None  # its number in the table of its split

    @property
    def references(self) -> tuple[str, ...]:
        """Every completion that counts as right."""
        return () if self.completion is None else (self.completion, *self.also)


def normal(prompt: str) -> str:
    """Two prompts count as the same where this is."""
    return " ".join(prompt.casefold().split())


@dataclass(frozen=True)
class Task:
    """How a row becomes an example, and how its answers are scored. Four fields are Jinja over the row's columns."""

    name: str  # a slug
    title: str
    template: str  # Jinja, `prompt ||| completion`
    input: str  # the column a person types into when asking by hand
    answer_choices: str = ""  # Jinja, choices between `|||`; the template knows them as answer_choices
    rationale: str = ""  # Jinja: the worked steps
    also: str = ""  # Jinja, other right completions between `|||`
    answer_type: AnswerType = "text"
    metrics: tuple[str, ...] = ("exact_match",)  # the first is the one that counts
    group: str = ""  # column, if any
    source: str = ""  # column, if any
    columns: tuple[str, ...] = ()  # all of its tables', in their order: how a template writes them depends on all of them
    description: str = ""
