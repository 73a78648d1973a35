"""The table of a scorecard: what each contender reaches and what it costs, the best one first."""

from __future__ import annotations

from promptune.core.score import Score, Scorecard, Scored
from promptune.markup import metrics, shapes
from promptune.markup.escape import esc
from promptune.markup.palette import Look, base_of, looks
from promptune.markup.shapes import empty, name, notice
from promptune.markup.words import NBSP, plural, seconds

NONE = '<span class="faint">–</span>'
RAIL = 180  # units: 0 to 100%
FEW = 0.8  # less than this share of the other skills kept is marked
Ranked = tuple[Scored, Look]


def table(card: Scorecard) -> str:
    if not card.contenders:
        return empty("No contender is scored yet.") + _missing(card)
    metric = metrics.first(card)
    all_ = looks(card.contenders)
    ranked = sorted(zip(card.contenders, all_, strict=True), key=lambda one: -one[0].metrics[metric].value if metric in one[0].metrics else 1)
    by_look = {look: scored for scored, look in ranked}
    columns = [("Contender", [_who(card, scored, look) for scored, look in ranked])]
    if metric:
        columns.append((f'<span class="ci-head">{esc(metrics.title(metric))}, 95% interval</span>', [_rail(scored, look, metric) for scored, look in ranked]))
        columns += [(_metric_head(other), [_plain(scored, other) for scored, _ in ranked]) for other in metrics.others(card.contenders) if other != metric]
        columns.append(("vs zero\N{NON-BREAKING HYPHEN}shot", [_against(scored, base_of(look, all_), look, by_look, metric) for scored, look in ranked]))
    columns.append((f"Tokens{NBSP}/ question", [_per(one.cost.prompt_tokens + one.cost.completion_tokens, card.rows, 0) for one, _ in ranked]))
    columns.append((f"Seconds{NBSP}/ 100", [_per(100 * one.cost.seconds, card.rows, 1) for one, _ in ranked]))
    if any(look.tuned for look in all_):
        columns.append(("Tuning", [seconds(one.tuning.seconds) if one.tuning else NONE for one, _ in ranked]))
    if any(one.retention and one.retention.overall for one in card.contenders):
        columns.append(
            ('<span title="Of what the base gets right of other skills, the share still right">Kept</span>', [_kept(one, look) for one, look in ranked])
        )
    rows = [list(cells) for cells in zip(*(cells for _, cells in columns), strict=True)]
    caption = f"Contenders on {plural(card.rows, 'test row')} of {card.task}, the best first"
    return shapes.table([head for head, _ in columns], rows, caption, "figures") + _missing(card)


def _missing(card: Scorecard) -> str:
    return "".join(notice(f"Not here: {one}") for one in card.missing)


def _who(card: Scorecard, scored: Scored, look: Look) -> str:
    verdict = card.verdict
    chips = []
    if verdict:
        chips += ["best"] if look.spelling == verdict.best else ["tied"] if look.spelling in verdict.tied else []
        chips += ["cheapest"] if verdict.tied and look.spelling == verdict.cheapest else []  # of one alone it says nothing
    notes = [
        f"{plural(scored.errors, 'row')} failed" if scored.errors else "",
        f"{plural(scored.dropped, 'row')} with examples left out" if scored.dropped else "",
    ]
    pills = "".join(f' <span class="pill">{chip}</span>' for chip in chips)
    under = f'<span class="under">{" · ".join(filter(None, notes))}</span>' if any(notes) else ""
    short, long = f'<span class="spelled short" dir="auto">{esc(look.label)}</span>', f'<span class="spelled long" dir="auto">{name(look.spelling)}</span>'
    return f"{look.key}{short}{long}{pills}{under}"  # a narrow screen shows the label, and the spelling small under it


def _rail(scored: Scored, look: Look, metric: str) -> str:
    score = scored.metrics.get(metric)
    if score is None:
        return '<span class="ci-head faint">not scored yet</span>'
    label = esc(f"{metrics.title(metric)} {metrics.interval(score, metric)}")
    low, at, high = (RAIL * part for part in (score.low, score.value, score.high))
    point = f'<g class="spot" transform="translate({at:.1f} 10)">{look.shape}</g>'
    drawing = f'<path class="rail" d="M0 10H{RAIL}"/><path class="range" d="M{low:.1f} 10H{high:.1f}"/>{point}'
    picture = f'<svg class="{look.kind}" viewBox="0 0 {RAIL} 20" role="img" aria-label="{label}"><title>{label}</title>{drawing}</svg>'
    return f'<span class="ci"><b>{metrics.value(score, metric)}</b>{picture}<span class="soft small">{100 * score.low:.1f}–{100 * score.high:.1f}</span></span>'


def _metric_head(metric: str) -> str:
    return esc(metrics.title(metric)) + ("" if metrics.unit(metric) else ' <span class="faint">× 100</span>')


def _plain(scored: Scored, metric: str) -> str:
    score = scored.metrics.get(metric)
    return f'<span title="{esc(metrics.interval(score, metric))}">{metrics.value(score, metric)}</span>' if score else NONE


def _against(scored: Scored, base: Look | None, look: Look, by_look: dict[Look, Scored], metric: str) -> str:
    """Points above or below the untuned model asked plainly; in colour where their intervals are apart."""
    mine = scored.metrics.get(metric)
    its = by_look[base].metrics.get(metric) if base else None
    if mine is None or its is None or base == look:
        return NONE
    mood = "good" if mine.low > its.high else "bad" if mine.high < its.low else ""
    return f'<span class="{mood}">{signed(100 * (mine.value - its.value))}</span>' if mood else signed(100 * (mine.value - its.value))


def signed(points: float) -> str:
    """With a real minus; what rounds to nothing has no sign."""
    text = f"{abs(points):.1f}"
    return text if text == "0.0" else f"{'+' if points > 0 else '−'}{text}"


def _per(total: float, rows: int, digits: int) -> str:
    return f"{total / rows:,.{digits}f}" if rows and total else NONE


def _kept(scored: Scored, look: Look) -> str:
    """The base keeps all it can by definition."""
    if not look.tuned:
        return "100%"
    score: Score | None = scored.retention.overall if scored.retention else None
    if score is None:
        return NONE
    about = esc(f"95% interval {100 * score.low:.0f} to {100 * score.high:.0f}%")
    return f'<span title="{about}"{" class=bad" if score.value < FEW else ""}>{100 * score.value:.0f}%</span>'
