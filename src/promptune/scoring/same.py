"""Whether an answer is right. One rule for a pane, for a row of a scorecard and for the metric `accuracy`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from promptune.core.task import Example
from promptune.prompting.answers import alike
from promptune.prompting.choices import bare
from promptune.prompting.numbers import numbers, value


def same(answer: str, example: Example) -> bool:
    return right(answer, example.references, numeric=example.answer_type == "number")


def right(answer: str, references: Sequence[str], *, numeric: bool = False) -> bool:
    """Nothing said is never right. `numeric`: only the amount counts, whatever words stand around it."""
    says = _same_amount if numeric else _same_words
    return bool(answer.strip()) and any(says(answer, reference) for reference in references)


def amount(text: str) -> Fraction | None:
    """The number that a text is or, with other words around it, ends with: `#### 18` and `18 apples` are 18."""
    found = numbers(text)
    return value(text) if value(text) is not None or not found else value(found[-1].text)


def _same_words(answer: str, reference: str) -> bool:
    """Punctuation around an answer says nothing, unless it is all there is."""
    return alike(answer, reference) if bare(answer) and bare(reference) else answer.strip() == reference.strip()


def _same_amount(answer: str, reference: str) -> bool:
    return (given := amount(answer)) is not None and given == amount(reference)
