"""How numbers and contenders are spoken of: short names, percentages, points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promptune.core.contender import Contender
from promptune.core.decoding import number
from promptune.core.score import Score, Scorecard, Scored

COUNTED = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
RECIPES = {"lora": "LoRA", "full": "full tuning"}
# A strategy with a count, such as few-shot:6: what there are so many of.
MANY = {"few-shot": "example", "few-shot-cot": "worked example", "retrieve": "passage", "self-consistency": "vote"}
PLAIN = {"zero-shot": "zero-shot", "cot": "step by step"}


@dataclass(frozen=True)
class Reading:
    """How a metric is read aloud."""

    says: str  # of one: answers {} right
    say: str  # of several
    unit: str
    works: float  # below it nobody would rely on the answers
    matters: float  # a difference that a person would pay for


ANSWERS = Reading("answers {} right", "answer {} right", "%", works=0.5, matters=0.05)
READINGS = {
    "accuracy": ANSWERS,
    "exact_match": Reading("writes {} exactly as wanted", "write {} exactly as wanted", "%", works=0.5, matters=0.05),
    "numeric_match": Reading("gets {} of the amounts right", "get {} of the amounts right", "%", works=0.5, matters=0.05),
    # Texts that share no more with the reference than any text about the same thing would; two points are what papers call better.
    "rouge1": Reading("reaches ROUGE-1 {}", "reach ROUGE-1 {}", "", works=0.20, matters=0.02),
    "rouge2": Reading("reaches ROUGE-2 {}", "reach ROUGE-2 {}", "", works=0.05, matters=0.02),
    "rougeL": Reading("reaches ROUGE-L {}", "reach ROUGE-L {}", "", works=0.15, matters=0.02),
    "bleu": Reading("reaches BLEU {}", "reach BLEU {}", "", works=0.10, matters=0.02),
}


def reading(metric: str) -> Reading:
    return READINGS.get(metric) or Reading(f"reaches {metric} {{}}", f"reach {metric} {{}}", "", works=0.0, matters=0.02)


def names(card: Scorecard) -> dict[str, str]:
    """By spelling. Where two would share a name, or there are several models, the spelling says it."""
    short_ones = {one.contender: short(one) for one in card.contenders}
    if len({Contender.parse(one).model for one in short_ones}) > 1:
        return {one: one for one in short_ones}
    taken = list(short_ones.values())
    return {one: name if taken.count(name) == 1 else one for one, name in short_ones.items()}


def short(one: Scored) -> str:
    """LoRA, six examples, zero-shot."""
    contender = Contender.parse(one.contender)
    asked = _strategy(contender)
    if contender.run is None:
        return asked
    tuned = RECIPES.get(one.tuning.recipe, one.tuning.recipe) if one.tuning else contender.run
    strength = f" at {number(contender.strength)}" if contender.strength != 1 else ""
    return f"{tuned}{strength}" + (f" with {asked}" if asked != PLAIN["zero-shot"] else "")


def said(name: str, metric: str, score: Score) -> str:
    """LoRA answers 99.4% right (98.3 to 99.8)."""
    read = reading(metric)
    return f"{name} {(read.say if plural(name) else read.says).format(level(metric, score.value))} ({between(score)})"


def level(metric: str, value: float) -> str:
    return f"{100 * value:.1f}{reading(metric).unit}"


def between(score: Score) -> str:
    return f"{100 * score.low:.1f} to {100 * score.high:.1f}"


def points(value: float) -> str:
    figure = f"{round(100 * value, 1) + 0.0:.1f}"  # no "-0.0"
    return f"{figure} point{'' if figure == '1.0' else 's'}"


def chance(p: float, *, corrected: bool) -> str:
    """p = 0.11 after correction."""
    figure = "p < 0.001" if p < 0.001 else f"p = {p:.2f}" if p >= 0.1 else f"p = {p:.3f}".rstrip("0")
    return figure + (" after correction" if corrected else "")


def about(count: int) -> str:
    """2,137 to two figures: 2,100."""
    digits = max(len(str(count)) - 2, 0)
    return f"{round(count, -digits):,}"


def duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s" if seconds < 180 else f"{seconds / 60:.0f} minutes"


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(words: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def capital(text: str) -> str:
    """A sentence's beginning; a spelling such as tiny/zero-shot stays as it is."""
    return text if "/" in text.split(" ")[0] else text[:1].upper() + text[1:]


def plural(name: str) -> bool:
    return name.endswith("s") and "/" not in name


def _strategy(contender: Contender) -> str:
    """What it is asked with; a saved instruction or prompt by its name."""
    if contender.strategy in MANY and contender.args and isinstance(contender.args[0], int):
        count, noun = contender.args[0], MANY[contender.strategy]
        return f"{COUNTED[count] if 0 <= count < len(COUNTED) else count} {noun}{'' if count == 1 else 's'}"
    arguments = " ".join(map(str, contender.args))
    return PLAIN.get(contender.strategy, contender.strategy) + (f" {arguments}" if arguments else "")
