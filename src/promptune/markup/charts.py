"""The pictures of a scorecard: quality against cost, and what was learned against what was kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from promptune.core.score import Score, Scorecard
from promptune.markup import metrics
from promptune.markup.curves import curves as curves
from promptune.markup.palette import Look, base_of, looks
from promptune.markup.plot import HEIGHT, SPOT, WIDTH, Box, Frame, Label, along, apart, labels, picture, spot, text, top_of_scale, way, whisker
from promptune.markup.shapes import empty

COST, KEPT = "Quality against cost", "Learned against kept"
HOW_COST = "Higher is better, further left is cheaper. Thin lines are 95% intervals."
HOW_KEPT = "Right is better at the task; a line that falls has forgotten other skills on the way. Thin lines are 95% intervals."
HALVES = (0.0, 0.5, 1.0)
INSIDE = Box(2, 2, WIDTH - 2, HEIGHT - 46)  # where labels may stand
Point = tuple[float, float]


class Shown(NamedTuple):
    """One contender in a picture: values, not places."""

    look: Look
    score: Score
    other: float  # the other axis: tokens a question, or the share kept
    about: str
    kept: Score | None = None


def quality_cost(card: Scorecard) -> str:
    """Up is better, left is cheaper."""
    metric = metrics.first(card)
    shown = []
    for look, one in zip(looks(card.contenders), card.contenders, strict=True):
        if metric in one.metrics and card.rows:
            tokens = (one.cost.prompt_tokens + one.cost.completion_tokens) / card.rows
            shown.append(Shown(look, one.metrics[metric], tokens, f"{_scored(look, one.metrics[metric], metric)}, {tokens:,.0f} tokens a question."))
    if not shown:
        return _nothing(COST, "Nothing is scored yet.")
    frame = Frame(top_of_scale(max(one.other for one in shown)), _most(metric, [one.score for one in shown]))
    places = apart([(frame.x(one.other), frame.y(one.score.value)) for one in shown], SPOT + 2)
    bars = [((x, frame.y(one.score.high)), (x, frame.y(one.score.low))) for one, (x, _) in zip(shown, places, strict=True)]
    drawn = "".join(whisker(one.look.kind, *bar) for one, bar in zip(shown, bars, strict=True)) + _spots(shown, places)
    named = labels([Label(x, y, one.look.label) for one, (x, y) in zip(shown, places, strict=True)], INSIDE, [box for bar in bars for box in along(*bar)])
    axes = frame.axes([(part * frame.x_most, f"{part * frame.x_most:,g}") for part in HALVES], _ticks(frame.y_most, metric))
    return picture(COST, axes + _names("tokens a question →", f"{metrics.title(metric)} ↑") + drawn + named, [one.about for one in shown], HOW_COST)


def learned_kept(card: Scorecard) -> str:
    """From the base, which has lost nothing, a line to each contender made of it: up is kept, right is learned."""
    metric = metrics.first(card)
    all_ = looks(card.contenders)
    tuned, scores = [], {}
    for look, one in zip(all_, card.contenders, strict=True):
        if metric in one.metrics:
            scores[look] = one.metrics[metric]
            if look.tuned and one.retention and (kept := one.retention.overall):
                share = f"{100 * kept.value:.0f}% of the other skills kept, 95% interval {100 * kept.low:.0f} to {100 * kept.high:.0f}"
                tuned.append(Shown(look, scores[look], kept.value, f"{_scored(look, scores[look], metric)}, {share}.", kept))
    if not tuned:
        return _nothing(KEPT, "No tuned contender here was asked about other skills, so what was forgotten is not known.")
    found = dict.fromkeys(base for one in tuned if (base := base_of(one.look, all_)) in scores and base)
    bases = [Shown(base, scores[base], 1.0, f"{_scored(base, scores[base], metric)}, the base, which keeps everything.") for base in found]
    frame = Frame(_most(metric, [one.score for one in bases + tuned]), 1.0)
    starts = [(frame.x(one.score.value), frame.y(1.0)) for one in bases]
    ends = apart([(frame.x(one.score.value), frame.y(one.other)) for one in tuned], SPOT)
    drawn, taken = "", []
    for mine, end in zip(tuned, ends, strict=True):
        for start in (start for base, start in zip(bases, starts, strict=True) if base.look == base_of(mine.look, all_)):
            drawn += way(mine.look.kind, [start, end])
            taken += along(start, end)
        for bar in _cross(frame, mine, end):
            drawn += whisker(mine.look.kind, *bar)
            taken += along(*bar)
    drawn += _spots(bases + tuned, starts + ends)
    named = labels([Label(x, y, one.look.label) for one, (x, y) in zip(bases + tuned, starts + ends, strict=True)], INSIDE, taken)
    axes = frame.axes(_ticks(frame.x_most, metric), _ticks(1.0, "accuracy")) + _names(f"{metrics.title(metric)} →", "other skills kept ↑")
    return picture(KEPT, axes + drawn + named, [one.about for one in bases + tuned], HOW_KEPT)


def _scored(look: Look, score: Score, metric: str) -> str:
    return f"{look.spelling}: {metrics.title(metric)} {metrics.interval(score, metric)}"


def _most(metric: str, scores: Sequence[Score]) -> float:
    """Where the axis ends: shares are seen against 100%, other scores against the best of them."""
    return 1.0 if metrics.unit(metric) else min(1.0, top_of_scale(max(score.high for score in scores)))


def _ticks(most: float, metric: str) -> list[tuple[float, str]]:
    return [(part * most, f"{100 * part * most:.3g}{metrics.unit(metric)}") for part in HALVES]


def _names(across: str, up: str) -> str:
    return text(WIDTH - 12, HEIGHT - 8, across, "end") + text(2, HEIGHT - 8, up)


def _spots(shown: Sequence[Shown], places: Sequence[Point]) -> str:
    return "".join(spot(x, y, one.look.kind, one.look.shape, one.about) for one, (x, y) in zip(shown, places, strict=True))


def _cross(frame: Frame, one: Shown, at: Point) -> list[tuple[Point, Point]]:
    """How sure both values are."""
    kept, (x, y) = one.kept or Score(one.other, one.other, one.other), at
    return [((frame.x(one.score.low), y), (frame.x(one.score.high), y)), ((x, frame.y(kept.high)), (x, frame.y(kept.low)))]


def _nothing(heading: str, why: str) -> str:
    return f'<figure class="chart"><figcaption>{heading}</figcaption>{empty(why)}</figure>'
