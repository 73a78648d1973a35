"""What counts as right: amounts for numbers, letters for words, never silence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promptune.core.task import Example
from promptune.scoring.metrics import Prediction, measure
from promptune.scoring.same import right, same


@pytest.mark.parametrize(
    ("answer", "reference", "is_right"),
    [
        ("Positive.", "positive", True),
        (' "positive" ', "Positive", True),
        ("positively", "positive", False),
        ("not positive", "positive", False),
        ("", "positive", False),
        (" ", " ", False),
        ("!", "?", False),
        ("!", "!", True),
        ("ÜBER", "über", True),
        ("-5", "5", False),
        ("5.0", "5", True),
        ("New  York", "new york", True),
    ],
)
def test_an_answer_of_words(answer: str, reference: str, is_right: bool) -> None:
    assert right(answer, [reference]) is is_right


@pytest.mark.parametrize(
    ("answer", "reference", "is_right"),
    [
        ("1,000.0", "1000", True),
        ("$18", "#### 18", True),
        ("18", "18 apples", True),
        ("-18", "18", False),
        ("0.5", "1/2", True),
        ("12", "120", False),
        ("twelve", "12", False),
        ("", "0", False),
        ("no number here", "neither here", False),
    ],
)
def test_an_answer_that_is_a_number(answer: str, reference: str, is_right: bool) -> None:
    assert right(answer, [reference], numeric=True) is is_right
    assert bool(measure(["numeric_match"], [Prediction(answer, answer, (reference,))])["numeric_match"].score.value) is is_right


def test_any_reference_will_do_and_the_example_says_what_kind_it_is() -> None:
    example = Example("How many?", "#### 18", also=("20",), answer_type="number")
    assert same("18.00", example) and same("20", example) and not same("19", example)
    assert not same("18.00", replace(example, answer_type="text"))
    assert not same("18", Example("a question of free chat"))


def test_a_pane_and_the_metric_agree() -> None:
    example = Example("How many?", "18 apples", answer_type="number")
    for answer in ("18", "18.0", "17", ""):
        prediction = Prediction(answer, answer, example.references, example.answer_type)
        assert bool(measure(["accuracy"], [prediction])["accuracy"].score.value) is same(answer, example)


def test_an_exact_match_is_of_the_whole_text_as_it_is() -> None:
    predictions = [Prediction(text, "positive", ("positive",)) for text in ("positive", " positive\n", "Positive", "positive.", "It is positive")]
    assert measure(["exact_match"], predictions)["exact_match"].per_row == (1, 1, 0, 0, 0)
    assert measure(["accuracy"], predictions)["accuracy"].score.value == 1
