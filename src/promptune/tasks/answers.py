"""What a task's answers are, seen from the answers themselves."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from promptune.core.task import AnswerType, Example

MOST_CLASSES, LONGEST_CLASS = 12, 40  # different answers, characters of one
MOST_CHOICES = 1_000  # of a declared list that are classes
ROWS_A_CLASS = 4  # fewer, and different answers are not classes yet
NUMBER = re.compile(r"[-−+]?[$€£]?\d[\d,]*(\.\d+)?%?")


@dataclass(frozen=True)
class AnswerKind:
    answer_type: AnswerType
    answer_choices: str  # as a template writes them; empty where an answer is no choice or each row has its own
    metrics: tuple[str, ...]
    choices: tuple[str, ...] = ()  # the same, one by one


def classes(examples: Sequence[Example]) -> Counter[str]:
    """The answers and how many rows have each, where every row chooses from the same list or there are few short answers. Else nothing."""
    offered = {example.choices for example in examples if example.completion is not None}
    if len(offered) == 1 and any(offered) and all(example.answer_type == "choice" for example in examples):
        declared = Counter(example.completion for example in examples if example.completion is not None)
        return declared if 1 < len(declared) <= MOST_CHOICES else Counter()
    return _few(examples)


def _few(examples: Sequence[Example]) -> Counter[str]:
    counts = Counter(example.completion for example in examples if example.completion)
    few = 1 < len(counts) <= MOST_CLASSES and len(examples) >= ROWS_A_CLASS * len(counts)
    return counts if few and all(len(answer) <= LONGEST_CLASS for answer in counts) else Counter()


def answer_kind(examples: Sequence[Example]) -> AnswerKind:
    completions = [example.completion for example in examples if example.completion]
    if any(example.choices for example in examples):
        return AnswerKind("choice", "", ("accuracy",))
    if completions and all(NUMBER.fullmatch(text) for text in completions) and not _few(examples):
        return AnswerKind("number", "", ("numeric_match",))
    if (found := _few(examples)) and not any("|||" in answer or "{" in answer for answer in found):
        return AnswerKind("choice", " ||| ".join(sorted(found)), ("accuracy",), tuple(sorted(found)))
    words = statistics.median([len(text.split()) for text in completions] or [0])
    return AnswerKind("text", "", ("exact_match",) if words <= 3 else ("rougeL", "rouge1", "rouge2", "bleu"))
