"""How a scorecard was measured: what its metrics mean, how sure they are, and how contenders were compared."""

from __future__ import annotations

from collections.abc import Mapping

from promptune.core.score import Scorecard
from promptune.core.verdict import Difference, Verdict
from promptune.errors import NotFound
from promptune.markup import metrics
from promptune.markup.escape import esc
from promptune.markup.palette import Look, looks
from promptune.markup.shapes import table
from promptune.markup.standings import NONE, signed
from promptune.markup.words import plural
from promptune.scoring.metrics import METRICS

INTERVAL = (
    "An interval says how sure a score is: were the rows drawn anew from where these came from, about 95 of 100 such intervals would hold the true score. "
    "Of shares it is Wilson's, of other scores the bootstrap's. Scores are × 100."
)


def view(card: Scorecard, signatures: Mapping[str, str] | None = None) -> str:
    meanings = "".join(f"<dt>{esc(metrics.title(name))}</dt><dd>{_meaning(name, signatures or {})}</dd>" for name in metrics.others(card.contenders))
    return f'<dl class="facts">{meanings}</dl><p>{esc(_rows(card))} {esc(INTERVAL)}</p>{_compared(card, card.verdict) if card.verdict else ""}'


def _meaning(name: str, signatures: Mapping[str, str]) -> str:
    try:
        summary = METRICS.get(name).summary
    except NotFound:  # a card of another version
        summary = "A metric that this version does not know."
    signature = signatures.get(name, "")
    return f"{esc(summary)}{f' <code>{esc(signature)}</code>' if signature else ''}"


def _rows(card: Scorecard) -> str:
    told = f"Every contender was asked the same {plural(card.rows, 'test row')}."
    if card.skipped:
        told += f" {plural(card.skipped, 'row')} whose prompt did not fit the window of one of them {'was' if card.skipped == 1 else 'were'} left out for all."
    return told


def _compared(card: Scorecard, verdict: Verdict) -> str:
    """Each against the best: the differences that the verdict rests on."""
    if not verdict.differences:
        return ""
    by_spelling = {look.spelling: look for look in looks(card.contenders)}
    tests = " and ".join(dict.fromkeys(one.test for one in verdict.differences))
    pairs = len(card.contenders) * (len(card.contenders) - 1) // 2
    told = (
        f"Each contender is compared with the best one, {verdict.best}, row by row. The test: {tests}. Its p says how often chance alone would make "
        f"as large a difference. The best was picked by looking at {'the pair' if pairs == 1 else f'all {pairs} pairs'} of contenders, so p is corrected "
        f"for {'one' if pairs == 1 else 'so many'} (Holm 1979); under 0.05 a difference counts as shown."
    )
    right = any(one.gained is not None for one in verdict.differences)
    head = [
        "Against the best",
        "Difference",
        "95% interval",
        "p, corrected",
        *(["Only it right", "Only the best right"] if right else []),
        "Rows to settle it",
    ]
    rows = [_difference(one, by_spelling, right) for one in verdict.differences]
    return f'<p dir="auto">{esc(told)}</p>{table(head, rows, "Each contender against the best one", "figures compact")}'


def _difference(one: Difference, by_spelling: Mapping[str, Look], right: bool) -> list[str]:
    look = by_spelling.get(one.first)
    counts = [NONE if count is None else f"{count:,}" for count in (one.lost, one.gained)] if right else []
    corrected = "< 0.001" if one.corrected < 0.001 else f"{one.corrected:.3f}"
    return [
        look.name if look else esc(one.first),
        signed(-100 * one.value),
        f"{signed(-100 * one.high)} to {signed(-100 * one.low)}",
        f"<b>{esc(corrected)}</b>" if one.shown else esc(corrected),
        *counts,
        "settled" if one.shown else NONE if one.rows_needed is None else f"about {one.rows_needed:,}",
    ]
