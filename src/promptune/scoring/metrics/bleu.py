"""BLEU (Papineni et al. 2002) over a whole corpus, as sacrebleu computes it: the n-grams of all rows are counted together.

So a corpus is not the mean of its rows. A row alone has only a sentence BLEU, which is smoothed and leaves out lengths the row does not have.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from promptune.prompting.search import UNSPACED
from promptune.scoring.intervals import bootstrap
from promptune.scoring.metrics.registry import Corpus, Measured, Prediction, metric

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray
    from sacrebleu.metrics.bleu import BLEU

ORDER = 4  # n-grams of one to four words
ALONE = re.compile(f"[{UNSPACED}]")


@metric("bleu", "Sequences of up to four words shared with the reference, counted over all rows: for translations.")
def bleu(predictions: Sequence[Prediction]) -> Measured:
    import numpy

    tokenize = "13a" if spaced([reference for one in predictions for reference in one.references]) else "char"
    sentences = [scorer(tokenize=tokenize).sentence_score(one.text, list(one.references)) for one in predictions]
    rows = numpy.array([[*one.counts, *one.totals, one.sys_len, one.ref_len] for one in sentences], dtype=float)
    score = bootstrap(rows, corpus(rows.sum(axis=0)), corpora)
    signature = f"corpus BLEU, {tokenize} tokens, exp smoothing, case counts, sacrebleu {version('sacrebleu')}; bootstrap 95%"
    return Measured(score, tuple(_share(one.score) for one in sentences), signature, Corpus(rows, corpora))


@cache
def scorer(**options: Any) -> BLEU:
    """Of single rows: an n-gram longer than a row is not held against it."""
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(**{"effective_order": True, **options})


def corpus(sums: Any, **options: Any) -> float:
    """Of the sums of all rows' counts: n-grams that match, n-grams there are, the texts' length, the references' length."""
    from sacrebleu.metrics.bleu import BLEU

    counts = [int(one) for one in sums]
    matched, there, (length, wanted) = counts[:ORDER], counts[ORDER:-2], counts[-2:]
    return _share(BLEU.compute_bleu(matched, there, length, wanted, **{"smooth_method": "exp", **options}).score)


def corpora(sums: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
    """Many corpora at once, (corpora, counts), by the same formula: an interval and a comparison each need thousands."""
    import numpy

    matched, there, length, wanted = sums[:, :ORDER], sums[:, ORDER:-2], sums[:, -2], sums[:, -1]
    smoothed = numpy.where(matched > 0, matched, 0.5 ** numpy.cumsum(matched == 0, axis=1))  # nothing matched: as a half, the next order as a quarter …
    with numpy.errstate(divide="ignore", invalid="ignore"):  # a corpus without n-grams of an order is 0, whatever comes out here
        precision = numpy.exp(numpy.log(smoothed / there).mean(axis=1))
        found = numpy.minimum(precision * numpy.exp(numpy.minimum(1 - wanted / length, 0)), 1)
    return numpy.where((there > 0).all(axis=1) & (matched > 0).any(axis=1), found, 0.0)


def spaced(texts: Sequence[str]) -> bool:
    """Whether most letters belong to scripts with spaces between words; the others are cut into characters."""
    letters = [char for text in texts for char in text if char.isalpha()]
    return 2 * sum(ALONE.match(char) is not None for char in letters) <= len(letters)


def _share(score: float) -> float:
    """sacrebleu counts to 100, and rounding takes it a little beyond."""
    return min(max(score / 100, 0.0), 1.0)
