"""How a metric is called and written on a page: shares in percent, overlaps × 100."""

from __future__ import annotations

from collections.abc import Sequence

from promptune.core.score import Score, Scorecard, Scored

TITLES = {
    "accuracy": "Accuracy",
    "exact_match": "Exact match",
    "numeric_match": "Numeric match",
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rougeL": "ROUGE-L",
    "bleu": "BLEU",
}
SHARES = ("accuracy", "exact_match", "numeric_match")  # of all rows; the others are no share of anything, and get no %


def title(metric: str) -> str:
    return TITLES.get(metric, metric)


def unit(metric: str) -> str:
    return "%" if metric in SHARES else ""


def value(score: Score, metric: str) -> str:
    return f"{100 * score.value:.1f}{unit(metric)}"


def interval(score: Score, metric: str) -> str:
    return f"{value(score, metric)}, 95% interval {100 * score.low:.1f} to {100 * score.high:.1f}"


def first(card: Scorecard) -> str:
    """The metric that counts; nothing on a card that has no score yet."""
    return card.verdict.metric if card.verdict else next(iter(others(card.contenders)), "")


def others(contenders: Sequence[Scored]) -> list[str]:
    """Every metric on the card, in its order."""
    return list(dict.fromkeys(name for one in contenders for name in one.metrics))
