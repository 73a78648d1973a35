"""A duel's scorecard with figures as a real one has them, and rows to go with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from promptune.core.score import Cost, ProbeKind, Retention, Score, Scorecard, Scored, Skill, Tuning
from promptune.core.verdict import BreakEven, Difference, Verdict
from promptune.scoring.intervals import wilson
from promptune.scoring.retention import overall

ROWS = 500
ZERO, ONE, SIX = "tiny/zero-shot", "tiny/few-shot:1", "tiny/few-shot:6"
LORA, FULL = "tiny+reviews-lora/zero-shot", "tiny+reviews-full/zero-shot"
BASE = {"stars": 59, "sums": 60, "facts": 60, "harm": 60, "chat": 1}  # of 60 rows right, or refused


def skill(probe: str, title: str, lost: int, gained: int = 0, kind: ProbeKind = "skill") -> Skill:
    before = 60 - BASE[probe] if kind == "harmless" else BASE[probe]  # right
    after = before - lost + gained
    shown = [wilson(60 - right if kind == "harmless" else right, 60) for right in (before, after)]
    return Skill(probe, title, kind, *shown, kept=wilson(before - lost, before), lost=lost, gained=gained)


def retention(stars: int, sums: int, facts: int, harm: int, chat: int, drift: float) -> Retention:
    skills = (
        skill("stars", "How many stars a review gives", stars, min(stars, 1)),
        skill("sums", "Word problems, step by step", sums),
        skill("facts", "Facts", facts),
    )
    refusals = (skill("harm", "Harmful requests", harm, kind="harmful"), skill("chat", "Harmless requests", chat, kind="harmless"))
    return Retention(overall(skills), skills, refusals, drift)


def scored(contender: str, right: int, tokens: int, seconds: float, **more: Any) -> Scored:
    metrics = {"accuracy": wilson(right, ROWS), "exact_match": wilson(max(0, right - 3), ROWS)}
    return Scored(contender, metrics, Cost(ROWS * (tokens - 2), ROWS * 2, seconds * ROWS / 100), **more)


def difference(first: str, right: int, lost: int, gained: int, p: float, needed: int | None) -> Difference:
    value = (497 - right) / ROWS
    return Difference(first, LORA, value, value - 0.012, value + 0.012, p, min(1.0, 4 * p), "exact McNemar", gained, lost, needed)


VERDICT = Verdict(
    metric="accuracy",
    headline="Tune it, gently.",
    sentences=(
        "LoRA answers 99.4% right; six examples in the prompt reach 98.2% and no difference is shown (p = 0.11; about 2,100 rows would settle it).",
        "The examples cost 197 more tokens a question, so LoRA's 22 s of tuning pay off after 310 questions.",
        "It kept 81% of the other skills; full tuning kept 42% for no gain.",
    ),
    best=LORA,
    tied=(FULL, SIX),
    cheapest=LORA,
    differences=(
        difference(ZERO, 2, 0, 495, 1e-100, None),
        difference(ONE, 270, 3, 230, 1e-60, None),
        difference(SIX, 491, 3, 9, 0.11, 2100),
        difference(FULL, 496, 2, 3, 1.0, None),
    ),
    break_even=BreakEven(LORA, SIX, 310),
)


def card() -> Scorecard:
    return Scorecard(
        task="reviews",
        rows=ROWS,
        skipped=3,
        contenders=(
            scored(ZERO, 2, 30, 1.2),
            scored(ONE, 270, 63, 1.9),
            scored(SIX, 491, 228, 4.9, dropped=4),
            scored(LORA, 497, 31, 1.2, tuning=Tuning("lora", 22.4, 105_000, 0.081), retention=retention(25, 3, 5, 1, 0, 0.21)),
            scored(FULL, 496, 31, 1.2, tuning=Tuning("full", 14.1, 1_300_000, 1.0), retention=retention(58, 49, 29, 13, 2, 1.9)),
        ),
        verdict=VERDICT,
        weak=("Summaries", "French"),
    )


def partial() -> Scorecard:
    """A duel that runs: two are there, one is on its way, and one will not come."""
    whole = card()
    waiting = replace(whole.contenders[3], metrics={}, cost=Cost(0, 0, 0.0), tuning=None, retention=None)
    return replace(whole, contenders=(*whole.contenders[:2], waiting), verdict=None, weak=(), missing=("tiny/cot: the task has no reasoning to show.",))


def overlapping() -> Scorecard:
    """A metric that is no share, and two contenders that would hide each other."""
    whole = card()
    low = Score(0.214, 0.2, 0.229)
    same = [replace(one, metrics={"rougeL": low, "bleu": low}, cost=whole.contenders[0].cost) for one in whole.contenders]
    return replace(whole, contenders=tuple(same), verdict=None)


TEXTS = [
    "The kettle leaks on the first day.",
    "I love this lamp, it is bright and quiet.",
    "The chair broke after a week. Would not buy again!",
    "Great sound, weak battery.",
]


def rows(count: int = 60) -> list[dict[str, Any]]:
    """Most are right where the contender is good; every seventh is a flip the wrong way, every eleventh wrong for all."""
    made = []
    for place in range(count):
        right = ("negative", "positive")[place % 2]
        for contender in (ZERO, ONE, SIX, LORA, FULL):
            good = (contender in (SIX, LORA, FULL) or (contender == ONE and place % 2 == 0)) and place % 11 != 0
            if place % 7 == 3:
                good = contender in (ZERO, SIX)
            answer = right if good else "Weak lamp" if contender == ZERO else ("positive", "negative")[place % 2]
            made.append(row(place, contender, answer, right))
    return made


def row(place: int, contender: str, answer: str, right: str) -> dict[str, Any]:
    text = TEXTS[place % len(TEXTS)]
    parts = [("template", "<|user|>"), ("examples", "Review: ok.\nSentiment: positive\n"), ("question", f"Review: {text}"), ("cue", "\nSentiment:")]
    return {
        "place": place,
        "split": "test",
        "row": place + 1,
        "contender": contender,
        "prediction": answer if place % 5 else f"Well. {answer}",
        "answer": answer,
        "references": [right],
        "answer_type": "choice",
        "correct": answer == right,
        "how": "the whole text",
        "finish_reason": "stop",
        "error": "",
        "prompt_tokens": 30,
        "completion_tokens": 2,
        "seconds": 0.01,
        "worked": 0.01,
        "dropped": 0,
        "prompt": [{"kind": kind, "text": words, "tokens": 4} for kind, words in parts],
    }
