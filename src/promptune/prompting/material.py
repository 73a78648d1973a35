"""What strategies draw from besides the example itself: frozen with a job, so that nothing is looked up again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from promptune.core.task import Example


@dataclass(frozen=True)
class Parts:
    """A saved prompt of the user's own: what stands before and behind the question. An empty one is left out."""

    role: str = ""  # who the model is to be
    instruction: str = ""
    context: str = ""
    constraints: str = ""
    cue: str = ""  # behind the question


@dataclass(frozen=True)
class Material:
    shots: tuple[Example, ...] = ()  # the task's train examples, in the order of their table
    parts: Mapping[str, Parts] = field(default_factory=dict)  # by slug
    passages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by slug


NOTHING = Material()
