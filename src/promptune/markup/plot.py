"""What pictures are drawn with: a frame with two scales, and labels that keep out of each other's way. Units are about a pixel at full size."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from promptune.markup.escape import esc

WIDTH, HEIGHT = 360, 280
LETTER, LINE = 6.3, 13.0  # of a label: the width of a letter, the height of a line
SPOT = 6.5  # half a marker
ROUND = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: Box) -> float:
        """The area they share."""
        wide, high = min(self.right, other.right) - max(self.left, other.left), min(self.bottom, other.bottom) - max(self.top, other.top)
        return wide * high if wide > 0 and high > 0 else 0.0


@dataclass(frozen=True)
class Frame:
    """Values to places; y grows upwards."""

    x_most: float
    y_most: float
    left: float = 42
    top: float = 26
    right: float = WIDTH - 12
    bottom: float = HEIGHT - 42

    def x(self, value: float) -> float:
        return self.left + (self.right - self.left) * value / self.x_most

    def y(self, value: float) -> float:
        return self.bottom - (self.bottom - self.top) * value / self.y_most

    def axes(self, x_ticks: Sequence[tuple[float, str]], y_ticks: Sequence[tuple[float, str]]) -> str:
        across = "".join(
            f'<path class="{"rule" if value else "axis"}" d="M{self.left} {self.y(value):.1f}H{self.right}"/>'
            + text(self.left - 8, self.y(value) + 4, words, "end")
            for value, words in y_ticks
        )
        return across + "".join(text(self.x(value), self.bottom + 17, words, "middle") for value, words in x_ticks)


@dataclass(frozen=True)
class Label:
    """A point's name, before it has a place."""

    x: float
    y: float
    text: str


def text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{esc(words)}</text>'


def picture(heading: str, body: str, told: Iterable[str], reading: str = "", height: int = HEIGHT) -> str:
    """`told` says in words what is drawn, for those who do not see it; `reading` tells everybody how to read it."""
    title = f"<title>{esc(' '.join([f'{heading}.', *told]))}</title>"
    drawing = f'<svg viewBox="0 0 {WIDTH} {height}" role="img">{title}{body}</svg>'
    return f'<figure class="chart"><figcaption>{esc(heading)}</figcaption>{drawing}{f"<p>{esc(reading)}</p>" if reading else ""}</figure>'


def spot(x: float, y: float, kind: str, shape: str, about: str) -> str:
    return f'<g class="spot {kind}" transform="translate({x:.1f} {y:.1f})"><title>{esc(about)}</title>{shape}</g>'


def whisker(kind: str, from_: tuple[float, float], to: tuple[float, float]) -> str:
    return f'<path class="whisker {kind}" d="M{from_[0]:.1f} {from_[1]:.1f}L{to[0]:.1f} {to[1]:.1f}"/>'


def way(kind: str, points: Sequence[tuple[float, float]]) -> str:
    """A line through points."""
    return f'<path class="way {kind}" d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in points)}"/>' if len(points) > 1 else ""


def top_of_scale(value: float) -> float:
    """The next round number."""
    if not value > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((factor * power for factor in ROUND if factor * power >= value * (1 - 1e-9)), 10 * power)


def apart(points: Sequence[tuple[float, float]], step: float) -> list[tuple[float, float]]:
    """Markers that would hide each other stand side by side: each moves right until half of every earlier one is seen. Heights stay exact."""
    placed: list[tuple[float, float]] = []
    for x, y in points:
        while any(abs(x - other_x) < step and abs(y - other_y) < step for other_x, other_y in placed):
            x += step
        placed.append((x, y))
    return placed


def along(from_: tuple[float, float], to: tuple[float, float]) -> list[Box]:
    """A line as small boxes that labels keep off."""
    (x, y), (end_x, end_y) = from_, to
    pieces = max(1, round(math.hypot(end_x - x, end_y - y) / 6))
    places = [(x + (end_x - x) * i / pieces, y + (end_y - y) * i / pieces) for i in range(pieces + 1)]
    return [Box(x - 2, y - 2, x + 2, y + 2) for x, y in places]


def labels(wanted: Sequence[Label], within: Box, taken: Iterable[Box] = ()) -> str:
    """Each beside its point, where it covers no marker, no line and no other label; from afar with a line to it."""
    blocked = [*taken, *(Box(one.x - SPOT, one.y - SPOT, one.x + SPOT, one.y + SPOT) for one in wanted)]
    lines, words = [], []
    for one in wanted:
        box, far = _place(one, within, blocked)
        blocked.append(box)
        end_x, end_y = min(max(one.x, box.left), box.right), box.bottom if box.bottom < one.y else box.top
        lines.append(f'<path class="leader" d="M{one.x:.1f} {one.y:.1f}L{end_x:.1f} {end_y:.1f}"/>' if far else "")
        words.append(text(box.left, box.bottom - 3, one.text))
    return "".join(lines + words)


def _place(one: Label, within: Box, blocked: Sequence[Box]) -> tuple[Box, bool]:
    """The first free place of those around the point, near ones first; where none is free, the one that covers least."""
    wide = width(one.text)
    right, left = one.x + SPOT + 4, one.x - SPOT - 4 - wide
    best, least, best_far = Box(0, 0, 0, 0), math.inf, False
    for ring in range(16):
        down = ring * LINE / 2
        beside = [(side, dy) for dy in ([-down, down] if ring else [0.0]) for side in (right, left)]
        across = [(one.x - wide / 2, dy) for dy in (-down - LINE, down + LINE)]
        for x, dy in [*beside, *across]:
            x = min(max(x, within.left), within.right - wide)
            box = Box(x, one.y + dy - LINE / 2, x + wide, one.y + dy + LINE / 2)
            outside = max(0.0, within.top - box.top) + max(0.0, box.bottom - within.bottom)
            cost = sum(box.overlap(other) for other in blocked) + 1000 * outside
            if cost < least:
                best, least, best_far = box, cost, ring > 2
            if cost == 0:
                return best, best_far
    return best, best_far


def stacked(wanted: Sequence[Label], lowest: float) -> str:
    """Right of the ends of lines, each on a line of its own and none below `lowest`."""
    placed: list[tuple[float, Label]] = []
    for one in sorted(wanted, key=lambda one: one.y):
        placed.append((max(one.y, placed[-1][0] + LINE) if placed else one.y, one))
    up = max(0.0, placed[-1][0] - lowest) if placed else 0.0
    return "".join(text(one.x + SPOT + 2, y - up + 4, one.text) for y, one in placed)


def width(words: str) -> float:
    """About what a label takes; East Asian letters are twice as wide."""
    return sum(2 * LETTER if unicodedata.east_asian_width(letter) in "WF" else LETTER for letter in words)
