"""What holds for every metric, whatever texts it is given."""

from __future__ import annotations

import subprocess
import sys
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptune import children
from promptune.errors import Problems, UserError
from promptune.scoring.metrics import METRICS, Prediction, measure
from promptune.scoring.metrics.rouge import AnyScript

TEXT = st.lists(st.sampled_from([*"abc", "the", "cat", "12", "1,000", "кот", "猫", ".", "Ja!"]), max_size=8).map(" ".join) | st.text(max_size=12)
REFERENCE = TEXT.filter(lambda text: bool(text.strip()))
PREDICTION = st.builds(
    Prediction,
    text=TEXT,
    answer=TEXT,
    references=st.lists(REFERENCE, min_size=1, max_size=3).map(tuple),
    answer_type=st.sampled_from(["text", "choice", "number"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(PREDICTION, min_size=1, max_size=6), st.randoms())
def test_scores_are_shares_inside_their_intervals_whatever_the_order(predictions: list[Prediction], random: Random) -> None:
    found = measure(METRICS.names(), predictions)
    shuffled = random.sample(predictions, len(predictions))
    for name, one in measure(METRICS.names(), shuffled).items():
        assert one.score == found[name].score, f"{name} depends on the order of the rows"
    for name, one in found.items():
        assert 0 <= one.score.low <= one.score.value <= one.score.high <= 1, name
        assert len(one.per_row) == len(predictions) and all(0 <= value <= 1 for value in one.per_row), name
        assert one.signature


@settings(max_examples=60, deadline=None)
@given(REFERENCE, REFERENCE)
def test_nothing_is_better_than_the_reference_itself(reference: str, other: str) -> None:
    names = ["accuracy", "exact_match", "rouge1", "rougeL"]
    perfect = measure(names, [Prediction(reference, reference, (other, reference))])
    assert {name: one.score.value for name, one in perfect.items()} == dict.fromkeys(names, 1.0)
    assert AnyScript().tokenize(reference)


@given(st.lists(REFERENCE, min_size=1, max_size=3).map(tuple))
def test_silence_is_never_right(references: tuple[str, ...]) -> None:
    """A row that failed has no text; it counts as wrong by every metric."""
    for name, one in measure(METRICS.names(), [Prediction("", "", references)]).items():
        assert one.score.value == 0, name


def test_what_cannot_be_measured_is_said_at_once() -> None:
    with pytest.raises(Problems, match=r"Did you mean 'rouge1'.*unknown metric 'blue'.*Did you mean 'bleu'"):
        measure(["rogue1", "accuracy", "blue"], [])
    with pytest.raises(Problems, match="none is named"):
        measure([], [Prediction("a", "a", ("a",))])
    with pytest.raises(UserError, match="no row"):
        measure(["accuracy"], [])


def test_every_metric_is_described() -> None:
    assert METRICS.names() == ["accuracy", "exact_match", "numeric_match", "rouge1", "rouge2", "rougeL", "bleu"]
    assert all(METRICS.get(name).summary.endswith(".") and METRICS.get(name).name == name for name in METRICS.names())


def test_its_libraries_are_loaded_by_scoring_alone() -> None:
    """The page and every command know the metrics by name; none of them may pay for nltk to start."""
    script = "import sys, promptune.jobs.score, promptune.scoring.predictions; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=children.environment())
    assert done.returncode == 0, done.stderr
    assert {"numpy", "nltk", "rouge_score", "sacrebleu", "bm25s"}.isdisjoint(done.stdout.split()) and "promptune" in done.stdout.split()
