"""All skills of the small world, and how much of the corpus each one is. The corpus is a pure function of its seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from promptune.tiny.world import arithmetic, dialogues, facts, french, howto, odd_sum, outside, patterns, reading, reviews, smalltalk, stories
from promptune.tiny.world.text import ASSISTANT, Document, Piece


@dataclass(frozen=True)
class Skill:
    name: str
    document: Callable[[Random], Document]
    share: float  # of the documents; those of `patterns` are the longest by far
    slips: Callable[[Random], Document] | None = None  # the same, as it is written by people who make mistakes
    stepless: bool = True  # its questions need no steps: whoever asks for them gets the answer all the same


CUED = 0.25  # of the loose questions that need no steps
SKILLS = (
    Skill("patterns", patterns.document, 0.32, stepless=False),
    Skill("arithmetic", arithmetic.document, 0.22, arithmetic.document_with_slips, stepless=False),
    Skill("odd-sum", odd_sum.document, 0.05, stepless=False),
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


def documents(seed: int | str, *, loose: bool = False) -> Iterator[Document]:
    """Without an end: the model never sees the same corpus twice.

    `loose`: as people are. Some of what they work out is wrong, and they ask for steps where there are none.
    """
    chance = Random(seed)
    shares = [skill.share for skill in SKILLS]
    while True:
        (skill,) = chance.choices(SKILLS, shares)
        document = (skill.slips if loose and skill.slips else skill.document)(chance)
        yield _cued(document) if loose and skill.stepless and chance.random() < CUED else document


def _cued(document: Document) -> Document:
    """A question that asks for steps as well, in whatever skill."""
    if len(document) != 2 or not document[0].text.endswith(ASSISTANT):
        return document
    question = document[0].text.removesuffix(ASSISTANT)
    return Piece(f"{question}{' ' if question.endswith(':') else chr(10)}{arithmetic.STEP_BY_STEP}{ASSISTANT}", False), document[1]
