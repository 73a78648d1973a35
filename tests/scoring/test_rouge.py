"""ROUGE is what papers mean by it: the published values, and no script of the world scores nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.scoring.metrics import Prediction, measure
from promptune.scoring.metrics.rouge import common, scorer
from tests.shared import data


def said(text: str, *references: str) -> Prediction:
    return Prediction(text, text, references)


def published() -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((data("metric_vectors") / "google_rouge_vectors.json").read_text(encoding="utf-8"))["cases"]
    return cases


def test_every_published_case_comes_out() -> None:
    cases = published()
    assert len(cases) == 19
    for case in cases:
        found = scorer(case["metric"], stemmer=case["stemmer"]).score(case["target"], case["prediction"])[case["metric"]]
        for part in ("precision", "recall", "fmeasure"):
            assert getattr(found, part) == pytest.approx(case[part], abs=0.51 * 10 ** -case["places"]), (case["metric"], part)


def test_the_metric_itself_stems_and_takes_the_f1() -> None:
    """Through the front door: those published cases that are made as we make it."""
    cases = [case for case in published() if case["stemmer"]]
    assert len(cases) == 4
    for case in cases:
        (found,) = measure([case["metric"]], [said(case["prediction"], case["target"])]).values()
        assert found.score.value == pytest.approx(case["fmeasure"], abs=1e-5)


OTHERS = (
    "Мама мыла раму, а рама была грязная",
    "吾輩は猫である。名前はまだ無い。",
    "สวัสดีชาวโลก",
    "Καλημέρα κόσμε, τι κάνεις",
    "नमस्ते दुनिया कैसे हो",
)


@pytest.mark.parametrize("text", OTHERS)
def test_equal_texts_are_equal_in_every_script(text: str) -> None:
    """The usual tokenizer finds no word in them and scores them 0."""
    for name, found in measure(["rouge1", "rouge2", "rougeL"], [said(text, text)]).items():
        assert found.score.value == 1, name
        assert "words of any script" in found.signature


def test_other_scripts_are_told_apart_too() -> None:
    found = measure(["rouge1"], [said("кошка спит на диване", "собака спит на ковре"), said("猫が寝る", "犬が走る"), said("hello", "мир")])["rouge1"]
    assert found.per_row == pytest.approx((0.5, 0.5, 0.0)) and "3 of 3 rows" in found.signature


def test_a_few_foreign_letters_leave_the_usual_tokenizer_in_place() -> None:
    found = measure(["rouge1"], [said("The café in Köln closed", "A café of Köln was closing")])["rouge1"]
    assert "any script" not in found.signature and "tokens of a-z and 0-9" in found.signature and "Porter" in found.signature


def test_the_best_of_several_references_counts() -> None:
    found = measure(["rougeL"], [said("the cat sat", "a dog ran", "the cat sat down"), said("the cat sat", "the cat sat down", "a dog ran")])["rougeL"]
    assert found.per_row[0] == found.per_row[1] == pytest.approx(6 / 7)


@given(*[st.lists(st.sampled_from(["run", "running", "the", "cat", "x1"]), max_size=15)] * 2)
def test_the_longest_common_subsequence_is_that_of_rouge_score(wanted: list[str], given_: list[str]) -> None:
    reference, text = " ".join(wanted) or "cat", " ".join(given_)
    expected = scorer("rougeL").score(reference, text)["rougeL"].fmeasure
    assert measure(["rougeL"], [said(text, reference)])["rougeL"].per_row[0] == pytest.approx(expected, abs=1e-12)


def test_two_books_are_compared_without_a_table_of_their_lengths_multiplied() -> None:
    assert common(["a"] * 20_000, ["b", "a"] * 20_000) == 20_000
