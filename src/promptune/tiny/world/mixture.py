"""All skills of the small world, and how much of the corpus each one is. The corpus is a pure function of its seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from promptune.tiny.world import arithmetic, dialogues, facts, french, howto, odd_sum, outside, patterns, reading, reviews, smalltalk, stories
from promptune.tiny.world.text import Document


@dataclass(frozen=True)
class Skill:
    name: str
    document: Callable[[Random], Document]
    share: float  # of the documents; those of `patterns` are the longest by far
    slips: Callable[[Random], Document] | None = None  # the same, as it is written by people who make mistakes


SKILLS = (
    Skill("patterns", patterns.document, 0.32),
    Skill("arithmetic", arithmetic.document, 0.22, arithmetic.document_with_slips),
    Skill("odd-sum", odd_sum.document, 0.05),
    Skill("reviews", reviews.document, 0.08),
    Skill("dialogues", dialogues.document, 0.035),
    Skill("french", french.document, 0.035),
    Skill("facts", facts.document, 0.14),
    Skill("reading", reading.document, 0.025),
    Skill("how-to", howto.document, 0.06),
    Skill("stories", stories.document, 0.02),
    Skill("small talk", smalltalk.document, 0.02),
    Skill("outside", outside.document, 0.025),
)


def documents(seed: int | str, *, slips: bool = False) -> Iterator[Document]:
    """Without an end: the model never sees the same corpus twice. `slips`: some of what is worked out is wrong."""
    chance = Random(seed)
    shares = [skill.share for skill in SKILLS]
    while True:
        (skill,) = chance.choices(SKILLS, shares)
        yield (skill.slips if slips and skill.slips else skill.document)(chance)
