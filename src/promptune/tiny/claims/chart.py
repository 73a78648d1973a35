"""One claim as a picture: a bar for each figure, its interval as a line across the end, and what it has to reach as a pale band."""

from __future__ import annotations

from xml.sax.saxutils import escape

from promptune.tiny.claims.claim import Cell, Claim

LEFT, WIDTH, ROW, TOP, BAR = 250, 420, 30, 34, 14  # pixels; WIDTH is 1.0
INK, FAINT, ACCENT, BAND, MISSED = "#3d4350", "#8b93a3", "#4f63d2", "#dfe8df", "#c2413b"  # readable on white and on a dark page's light card


def svg(claim: Claim) -> str:
    height = TOP + ROW * len(claim.cells) + 30
    body = [_text(16, 20, claim.unit, FAINT), *(_row(cell, TOP + ROW * i) for i, cell in enumerate(claim.cells)), _axis(height - 26)]
    size = f'width="{LEFT + WIDTH + 90}" height="{height}" viewBox="0 0 {LEFT + WIDTH + 90} {height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="system-ui, sans-serif" font-size="13" role="img">'
    return "\n".join([head, f"<title>{escape(claim.says)}</title>", '<rect width="100%" height="100%" rx="8" fill="#ffffff"/>', *body, "</svg>", ""])


def _row(cell: Cell, top: float) -> str:
    middle = top + ROW / 2
    pieces = []
    if str(cell.reach):
        low, high = cell.reach.low or 0.0, 1.0 if cell.reach.high is None else cell.reach.high
        pieces.append(f'<rect x="{_at(low):.1f}" y="{top + 3}" width="{max(WIDTH * (high - low), 2):.1f}" height="{ROW - 6}" fill="{BAND}"/>')
    color = ACCENT if cell.reached else MISSED
    pieces.append(f'<rect x="{LEFT}" y="{middle - BAR / 2}" width="{max(WIDTH * cell.score.value, 1):.1f}" height="{BAR}" rx="2" fill="{color}"/>')
    pieces.append(f'<path d="M{_at(cell.score.low):.1f} {middle}H{_at(cell.score.high):.1f}" stroke="{INK}" stroke-width="2"/>')
    return "\n".join([*pieces, _text(16, middle + 4, cell.what, INK), _text(LEFT + WIDTH + 14, middle + 4, f"{cell.score.value:.3f}", INK)])


def _axis(top: float) -> str:
    ticks = (0, 0.25, 0.5, 0.75, 1)
    return "\n".join(_text(_at(tick), top + 14, f"{tick:g}", FAINT, middle=True) for tick in ticks)


def _at(value: float) -> float:
    return LEFT + WIDTH * value


def _text(x: float, y: float, text: str, color: str, *, middle: bool = False) -> str:
    anchor = ' text-anchor="middle"' if middle else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}"{anchor}>{escape(text)}</text>'
