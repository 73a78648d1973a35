"""Tasks as strategies meet them: train rows in groups, saved words and texts, and a contender for every strategy."""

from __future__ import annotations

from hypothesis import strategies as st

from promptune.core.contender import Contender
from promptune.core.strategy import Strategy
from promptune.core.task import Example
from promptune.prompting.material import Material, Parts
from promptune.prompting.strategies import build

SPELLINGS = (
    "tiny/zero-shot",
    "tiny/instruct",
    "tiny/instruct:mine",
    "tiny/few-shot:3",
    "tiny/few-shot:3,by=random,seed=4",
    "tiny/few-shot:3,by=nearest",
    "tiny/cot",
    "tiny/few-shot-cot:2",
    "tiny/self-consistency:3",
    "tiny/retrieve:2,from=book",
    "tiny/custom:mine",
)
LABELS = ("good", "bad", "so-so")
WORDS = ("the horse", "a boat", "rice", "12 apples", "naïve 👩‍👩‍👧", "שלום", "正面", "{{ x }}", "<|user|>", "a\nline", "A:", " ")


def material(rows: int = 24, groups: tuple[str | None, ...] = (None,)) -> Material:
    shots = []
    for row in range(1, rows + 1):
        label = LABELS[row % 3]
        steps = f"Word {row} is {label}." + (f" The answer is {label}." if row % 2 else "")
        shots.append(_example(f"Review: it is number {row} of them\nMood:", label, steps, group=groups[row % len(groups)], row=row))
    book = ("The horse eats rice.", "A boat is made of wood.", "Twelve apples are a dozen.", "")
    mine = Parts("You are a cook.", "Name the mood.", "It rains.", "One word only.", "Mood:")
    return Material(tuple(shots), {"mine": mine}, {"book": book})


def _example(prompt: str, label: str, steps: str, *, group: str | None, row: int) -> Example:
    return Example(prompt, label, LABELS, "choice", rationale=steps, group=group, split="train", row=row)


def strategy(spelling: str, given: Material) -> Strategy:
    return build(Contender.parse(spelling), given)


texts = st.one_of(st.text(min_size=1, max_size=60), st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join))
questions = st.builds(lambda prompt, group: Example(prompt, group=group, split="test", row=1), texts, st.none())


def text_of(kind: str, made: object) -> str:
    """Everything of one kind in a prompt's last message."""
    return "".join(part.text for part in made.messages[-1].parts if part.kind == kind)  # type: ignore[attr-defined]
