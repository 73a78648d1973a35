"""The study as pictures: what was learned against what was kept, a way through the rates for each recipe."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from promptune.tiny.forgetting.found import Mean

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 380, 64, 44, 24, 56  # pixels
INK, FAINT, LINE = "#3d4350", "#8b93a3", "#e2e5ea"
LOOK = {"lora": ("#9a34b4", "circle"), "full": ("#5c940d", "square")}  # readable on white; told apart by shape too


def svg(task: str, metric: str, made: Sequence[Mean], chosen: dict[str, float | None]) -> str:
    mine = [one for one in made if one.task == task]
    low = min(0.9, *(one.score.low for one in mine)) if mine else 0.0
    low = max(0.0, int(low * 10) / 10)
    body = [_axes(low, metric)]
    for recipe in dict.fromkeys(one.recipe for one in mine):
        way = [one for one in mine if one.recipe == recipe]
        points = [(_x(one.score.value, low), _y(one.kept.value)) for one in way]
        color, shape = LOOK[recipe]
        body.append(
            f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}" fill="none" stroke="{color}" stroke-width="1.5" stroke-dasharray="3 3"/>'
        )
        for i, (one, (x, y)) in enumerate(zip(way, points, strict=True)):
            body.append(f'<path d="M{x:.1f} {_y(one.kept.low):.1f}V{_y(one.kept.high):.1f}" stroke="{color}" stroke-width="1" opacity=".5"/>')
            body.append(_spot(x, y, color, shape, one.rate == chosen.get(recipe)))
            side = -1 if recipe == "lora" else 1
            body.append(_text(x + side * 10, y + 4 + 13 * (i % 2) * side, f"{recipe} {one.rate:g}", color, "end" if side < 0 else "start"))
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="system-ui, sans-serif" font-size="12" role="img">'
    title = f"Tuned on {task}: what was learned against what was kept, by recipe and rate"
    return "\n".join(
        [head, f"<title>{escape(title)}</title>", '<rect width="100%" height="100%" rx="8" fill="#ffffff"/>', _text(LEFT, 24, title, INK), *body, "</svg>", ""]
    )


def _axes(low: float, metric: str) -> str:
    lines = [
        f'<path d="M{LEFT} {_y(kept):.1f}H{WIDTH - RIGHT}" stroke="{LINE}"/>' + _text(LEFT - 8, _y(kept) + 4, f"{kept:.0%}", FAINT, "end")
        for kept in (0, 0.5, 1)
    ]
    for i in range(5):
        score = low + (1 - low) * i / 4
        lines.append(_text(_x(score, low), HEIGHT - BOTTOM + 20, f"{score:.2f}", FAINT, "middle"))
    lines.append(_text(WIDTH - RIGHT, HEIGHT - 12, f"{metric} on test rows →", FAINT, "end"))
    lines.append(_text(LEFT, TOP - 4, "↑ other skills kept; ringed: the rate that validation loss chooses", FAINT))
    return "\n".join(lines)


def _spot(x: float, y: float, color: str, shape: str, ringed: bool) -> str:
    ring = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="9" fill="none" stroke="{color}" stroke-width="2"/>' if ringed else ""
    if shape == "square":
        return f'{ring}<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="{color}"/>'
    return f'{ring}<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{color}"/>'


def _x(score: float, low: float) -> float:
    return LEFT + 70 + (WIDTH - LEFT - RIGHT - 150) * (score - low) / (1 - low)


def _y(kept: float) -> float:
    return TOP + 12 + (HEIGHT - TOP - BOTTOM - 12) * (1 - kept)


def _text(x: float, y: float, text: str, color: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" text-anchor="{anchor}">{escape(text)}</text>'
