"""The study as pictures: for each recipe what was learned (dashed) and what was kept (solid), over the rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

from promptune.core.score import Score
from promptune.tiny.forgetting.found import Mean

PANEL, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 340, 330, 56, 66, 20, 56  # pixels
INK, FAINT, LINE = "#3d4350", "#8b93a3", "#e2e5ea"
LEARNED, KEPT = "#4f63d2", "#c0560f"  # readable on white
TITLES = {"lora": "LoRA", "full": "Full tuning"}


def svg(task: str, metric: str, made: Sequence[Mean], chosen: dict[str, float | None]) -> str:
    recipes = [recipe for recipe in TITLES if any((one.task, one.recipe) == (task, recipe) for one in made)]
    width = PANEL * len(recipes)
    title = f"Tuned on {task}: what was learned and what was kept, by rate"
    panels = [
        _panel(i * PANEL, recipe, [one for one in made if (one.task, one.recipe) == (task, recipe)], chosen.get(recipe)) for i, recipe in enumerate(recipes)
    ]
    key = _key(LEFT, 40, LEARNED, "6 4", f"{metric} on test rows") + _key(LEFT + 210, 40, KEPT, "", "other skills kept")
    size = f'width="{width}" height="{HEIGHT}" viewBox="0 0 {width} {HEIGHT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="system-ui, sans-serif" font-size="12" role="img">'
    back = '<rect width="100%" height="100%" rx="8" fill="#ffffff"/>'
    return "\n".join([head, f"<title>{escape(title)}</title>", back, _text(LEFT, 22, title, INK), key, *panels, "</svg>", ""])


def _panel(at: float, recipe: str, mine: Sequence[Mean], chosen: float | None) -> str:
    rates = [one.rate for one in mine]
    pieces = [f'<g transform="translate({at} 0)">', *(_level(share) for share in (0, 0.5, 1))]
    for rate in rates:
        x = _x(rate, rates)
        if rate == chosen:
            pieces.append(f'<rect x="{x - 16:.1f}" y="{TOP}" width="32" height="{HEIGHT - TOP - BOTTOM}" rx="6" fill="#eef0f6"/>')
        pieces.append(_text(x, HEIGHT - BOTTOM + 18, f"{rate:g}", INK if rate == chosen else FAINT, "middle"))
    pieces += [_line(mine, rates, [one.kept for one in mine], KEPT, ""), _line(mine, rates, [one.score for one in mine], LEARNED, "6 4")]
    pieces.append(_text((LEFT + PANEL - RIGHT) / 2, HEIGHT - 12, f"{TITLES[recipe]}: rate; shaded, the one that is shipped", FAINT, "middle"))
    return "\n".join([*pieces, "</g>"])


def _line(mine: Sequence[Mean], rates: Sequence[float], scores: Sequence[Score], color: str, dash: str) -> str:
    points = [(_x(one.rate, rates), score) for one, score in zip(mine, scores, strict=True)]
    way = " ".join(f"{x:.1f},{_y(score.value):.1f}" for x, score in points)
    line = f'<polyline points="{way}" fill="none" stroke="{color}" stroke-width="2" stroke-dasharray="{dash}"/>'
    whiskers = "".join(f'<path d="M{x:.1f} {_y(score.low):.1f}V{_y(score.high):.1f}" stroke="{color}" opacity=".45"/>' for x, score in points)
    return line + whiskers + "".join(f'<circle cx="{x:.1f}" cy="{_y(score.value):.1f}" r="4" fill="{color}"/>' for x, score in points)


def _level(share: float) -> str:
    line = f'<path d="M{LEFT} {_y(share):.1f}H{PANEL - RIGHT}" stroke="{LINE}"/>'
    return line + _text(LEFT - 8, _y(share) + 4, f"{share:g}", FAINT, "end")


def _key(x: float, y: float, color: str, dash: str, text: str) -> str:
    return f'<path d="M{x} {y}h28" stroke="{color}" stroke-width="2" stroke-dasharray="{dash}"/>' + _text(x + 36, y + 4, text, INK)


def _x(rate: float, rates: Sequence[float]) -> float:
    low, high = math.log(min(rates)), math.log(max(rates))
    share = (math.log(rate) - low) / (high - low) if high > low else 0.5
    return LEFT + 24 + (PANEL - LEFT - RIGHT - 48) * share


def _y(share: float) -> float:
    return TOP + 8 + (HEIGHT - TOP - BOTTOM - 8) * (1 - share)


def _text(x: float, y: float, text: str, color: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" text-anchor="{anchor}">{escape(text)}</text>'
