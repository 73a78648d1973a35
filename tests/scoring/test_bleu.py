"""BLEU is sacrebleu's: the published values, the corpus put together from its rows, and its interval."""

from __future__ import annotations

import json
from typing import Any

import numpy
import pytest

from promptune.scoring.metrics import Prediction, measure
from promptune.scoring.metrics.bleu import ORDER, corpora, corpus, scorer
from tests.shared import data


def cases(metric: str) -> list[dict[str, Any]]:
    found = json.loads((data("metric_vectors") / "sacrebleu_vectors.json").read_text(encoding="utf-8"))["cases"]
    return [case for case in found if case["metric"] == metric]


def rows(case: dict[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    """A published case names its references stream by stream: the k-th of every row."""
    return [(text, tuple(stream[i] for stream in case["references"])) for i, text in enumerate(case["hypotheses"])]


def by_sums(case: dict[str, Any], **smoothing: Any) -> float:
    """As the metric does it: the counts of the rows, added up."""
    sentences = [scorer(tokenize=case.get("tokenize", case.get("options", {}).get("tokenize", "13a"))).sentence_score(text, refs) for text, refs in rows(case)]
    counts = [[*one.counts, *one.totals, one.sys_len, one.ref_len] for one in sentences]
    assert all(len(one) == 2 * ORDER + 2 for one in counts)
    return 100 * corpus([sum(column) for column in zip(*counts, strict=True)], **smoothing)


def test_every_published_corpus_comes_out() -> None:
    assert len(cases("bleu_corpus")) == 6
    for case in cases("bleu_corpus"):
        smoothing = {key: value for key, value in case["options"].items() if key.startswith("smooth")}
        assert by_sums(case, **smoothing) == pytest.approx(case["expected"], abs=case["tolerance"]), case["options"]


def test_the_metric_itself_is_the_published_default() -> None:
    for case in (case for case in cases("bleu_corpus") if case["options"] in ({}, {"tokenize": "13a"})):
        predictions = [Prediction(text, text, references) for text, references in rows(case)]
        assert 100 * measure(["bleu"], predictions)["bleu"].score.value == pytest.approx(case["expected"], abs=case["tolerance"])


def test_every_published_raw_corpus_comes_out() -> None:
    """Short ones, smoothed another way, n-grams longer than the corpus left out."""
    assert len(cases("bleu_raw_corpus")) == 6
    for case in cases("bleu_raw_corpus"):
        found = by_sums(case, smooth_method=case["smooth_method"], smooth_value=case["smooth_value"], effective_order=True)
        assert found == pytest.approx(case["expected"], abs=case["tolerance"]), case["hypotheses"]


def test_every_published_sentence_comes_out() -> None:
    assert len(cases("bleu_sentence")) == 18
    for case in cases("bleu_sentence"):
        options = {key: value for key, value in case["options"].items() if key != "use_effective_order"}
        ((text, references),) = rows(case)
        assert scorer(**options).sentence_score(text, references).score == pytest.approx(case["expected"], abs=case["tolerance"]), options


def test_rows_may_have_different_numbers_of_references() -> None:
    several = Prediction("the cat sat on the mat", "", ("a dog ran over the road", "the cat sat on the mat"))
    found = measure(["bleu"], [several, Prediction("it is late", "", ("it is late",))])
    assert found["bleu"].score.value == pytest.approx(1)


def test_a_script_without_spaces_is_cut_into_characters() -> None:
    """As words, one sentence would be one word, and equal ones would have no n-gram of four."""
    found = measure(["bleu"], [Prediction("今日は良い天気です", "", ("今日は良い天気です",))])["bleu"]
    assert found.score.value == pytest.approx(1) and "char" in found.signature


def test_its_interval_is_as_wide_as_the_rows_differ() -> None:
    good = Prediction("the cat sat on the mat today", "", ("the cat sat on the mat today",))
    bad = Prediction("no idea what", "", ("the dog ran over the long road",))
    few, many = (measure(["bleu"], [good, bad] * n)["bleu"].score for n in (5, 100))
    assert few.value == pytest.approx(many.value)
    assert 0 < few.low < few.value < few.high < 1 and few.high - few.low > 2 * (many.high - many.low)


def test_a_few_perfect_translations_do_not_promise_the_next() -> None:
    texts = ["the cat sat on the mat", "it was raining all day long", "a man is walking in a field"]
    found = measure(["bleu"], [Prediction(text, text, (text,)) for text in texts])["bleu"].score
    assert found.value == pytest.approx(1.0) and found.low < 0.5


def test_many_corpora_at_once_are_sacrebleus() -> None:
    """Their formula is written anew for speed: it may differ nowhere, not where nothing matches nor where a corpus is shorter than an n-gram."""
    random = numpy.random.default_rng(0)
    length = random.integers(0, 12, 500)
    there = [numpy.maximum(length - order, 0) for order in range(ORDER)]
    matched = [random.binomial(there[0], random.random(500))]
    for more in there[1:]:
        matched.append(random.binomial(numpy.minimum(matched[-1], more), random.random(500)))
    sums = numpy.stack([*matched, *there, length, random.integers(1, 14, 500)], axis=1).astype(float)
    assert (sums[:, 0] == 0).any() and (length < ORDER).any() and (matched[3] > 0).any()
    assert corpora(sums) == pytest.approx([corpus(one) for one in sums], abs=1e-12)
