"""ROUGE (Lin 2004) as papers report it: F1 with Porter stemming, the best of several references, the mean over rows.

The usual tokenizer knows only a to z and digits, and gives 0 even to equal texts of other scripts. Where a reference is mostly
written in another one, both texts are cut into its words instead, and the signature says for how many rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from promptune.prompting.search import tokens
from promptune.scoring.intervals import bootstrap_mean
from promptune.scoring.metrics.registry import Measured, Prediction, metric


@metric("rouge1", "Words shared with the reference (F1).")
def rouge1(predictions: Sequence[Prediction]) -> Measured:
    return _rouge("rouge1", predictions)


@metric("rouge2", "Pairs of neighbouring words shared with the reference (F1).")
def rouge2(predictions: Sequence[Prediction]) -> Measured:
    return _rouge("rouge2", predictions)


@metric("rougeL", "The longest sequence of words shared with the reference (F1).")
def rouge_l(predictions: Sequence[Prediction]) -> Measured:
    return _rouge("rougeL", predictions)


@cache
def scorer(name: str, *, latin: bool = True, stemmer: bool = True) -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer([name], use_stemmer=stemmer) if latin else RougeScorer([name], tokenizer=AnyScript())


@cache
def tokenizer(*, latin: bool) -> Any:
    from rouge_score.tokenizers import DefaultTokenizer

    return DefaultTokenizer(use_stemmer=True) if latin else AnyScript()


class AnyScript:
    """Words of any script, single characters where a script puts no spaces between words; signs where there is nothing else."""

    def tokenize(self, text: str) -> list[str]:
        return tokens(text) or [char for char in text if not char.isspace()]


def is_latin(text: str) -> bool:
    """Whether the usual tokenizer sees most of a text."""
    said = [char for char in text if char.isalnum()]
    return 2 * sum(char.isascii() for char in said) > len(said)


def _rouge(name: str, predictions: Sequence[Prediction]) -> Measured:
    per_row = tuple(max((_f1(name, reference, one.text) for reference in one.references), default=0.0) for one in predictions)
    others = sum(not all(map(is_latin, one.references)) for one in predictions)
    words = f"; {others} of {len(predictions)} rows by words of any script, not stemmed" if others else ""
    signature = f"F1, best reference, tokens of a-z and 0-9 in lower case, Porter stemmer, rouge-score {version('rouge-score')}{words}; bootstrap 95%"
    return Measured(bootstrap_mean(per_row), per_row, signature)


def _f1(name: str, reference: str, text: str) -> float:
    latin = is_latin(reference)
    if name != "rougeL":
        return float(scorer(name, latin=latin).score(reference, text)[name].fmeasure)
    wanted, said = tokenizer(latin=latin).tokenize(reference), tokenizer(latin=latin).tokenize(text)
    return 2 * common(wanted, said) / (len(wanted) + len(said)) if wanted and said else 0.0


def common(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest common subsequence, with a bit for each token of `first` (Hyyrö 2004).

    rouge_score fills a table of their lengths multiplied: gigabytes for two long texts.
    """
    places: dict[str, int] = {}
    for place, token in enumerate(first):
        places[token] = places.get(token, 0) | 1 << place
    everywhere = unmet = (1 << len(first)) - 1
    for token in second:
        met = unmet & places.get(token, 0)
        unmet = ((unmet + met) | (unmet - met)) & everywhere
    return len(first) - unmet.bit_count()
