"""Right or wrong, row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from promptune.scoring.intervals import wilson
from promptune.scoring.metrics.registry import Measured, Prediction, metric
from promptune.scoring.same import right


@metric("accuracy", "How many of the answers read are right; upper and lower case and punctuation around them do not count.")
def accuracy(predictions: Sequence[Prediction]) -> Measured:
    def is_right(one: Prediction) -> bool:
        return right(one.answer, one.references, numeric=one.answer_type == "number")

    return _share(predictions, is_right, "the answer read, without case and outer punctuation")


@metric("exact_match", "How many of the texts are a reference, character by character; white space around them does not count.")
def exact_match(predictions: Sequence[Prediction]) -> Measured:
    return _share(predictions, lambda one: one.text.strip() in {reference.strip() for reference in one.references}, "the whole text, character by character")


@metric("numeric_match", "How many of the answers read have the right amount: 1,000.0 is 1000.")
def numeric_match(predictions: Sequence[Prediction]) -> Measured:
    return _share(predictions, lambda one: right(one.answer, one.references, numeric=True), "the answer's amount, exactly")


def _share(predictions: Sequence[Prediction], is_right: Callable[[Prediction], bool], signature: str) -> Measured:
    per_row = tuple(float(is_right(one)) for one in predictions)
    return Measured(wilson(sum(per_row), len(per_row)), per_row, f"{signature}; Wilson 95%")
