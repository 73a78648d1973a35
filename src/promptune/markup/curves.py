"""How a training run goes: its loss, and the score on validation rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from promptune.markup.plot import WIDTH, Frame, Label, picture, spot, stacked, top_of_scale, way
from promptune.markup.shapes import empty
from promptune.markup.words import plural

MOST = 200  # points of a line that are drawn: more cannot be told apart
DOT = '<circle r="3"/>'
HEIGHT = 170  # units: a run's curves are lower than a scorecard's pictures
ROOM = 96  # units right of the lines, for the last values
Line = list[tuple[float, float]]  # steps and values


def curves(points: Sequence[Mapping[str, Any]], checks: Sequence[Mapping[str, Any]]) -> str:
    """`points` are steps with their training loss, `checks` validations with loss and score (0…1)."""
    train, held_out, score = _line(points, "loss"), _line(checks, "loss"), _line(checks, "score")
    if not train and not held_out and not score:
        return empty("The curves begin with the first step.")
    steps = max(step for line in (train, held_out, score) for step, _ in line) or 1.0
    most = max((value for line in (train, held_out) for _, value in line), default=1.0)
    losses = _picture("Loss", steps, top_of_scale(most), [("train", "k0", train, "{:.2f}"), ("validation", "k1 dashed", held_out, "{:.2f}")], "{:.3g}")
    scores = _picture("Validation score", steps, 1.0, [("", "right-share", [(step, min(max(value, 0.0), 1.0)) for step, value in score], "{:.1%}")], "{:.0%}")
    return f'<div class="curves">{losses}{scores}</div>'


def _picture(heading: str, steps: float, most: float, lines: Sequence[tuple[str, str, Line, str]], tick: str) -> str:
    if not any(line for _, _, line, _ in lines):
        return f'<figure class="chart"><figcaption>{heading}</figcaption>{empty("Comes with the first check.")}</figure>'
    frame = Frame(steps, most, right=WIDTH - ROOM, bottom=HEIGHT - 24)
    axes = frame.axes([(0.0, "0"), (steps, plural(round(steps), "step"))], [(part * most, tick.format(part * most)) for part in (0.0, 0.5, 1.0)])
    body, last, told = "", [], []
    for name, kind, line, form in lines:
        if not line:
            continue
        drawn = [(frame.x(step), frame.y(value)) for step, value in thinned(line)]
        said = f"{name} {form.format(line[-1][1])}".strip()
        about = f"{said} at step {line[-1][0]:,.0f}."
        body += way(kind, drawn) + spot(*drawn[-1], kind, DOT, about)
        last.append(Label(*drawn[-1], said))
        told.append(about)
    return picture(heading, axes + body + stacked(last, frame.bottom - 4), told, height=HEIGHT)


def thinned(line: Line) -> Line:
    """At most 200 points, the first and the last among them."""
    if len(line) <= MOST:
        return line
    return [line[round(i * (len(line) - 1) / (MOST - 1))] for i in range(MOST)]


def _line(rows: Sequence[Mapping[str, Any]], key: str) -> Line:
    """What is not there yet, and what is no number (a loss that ran away), is left out."""
    found = [(float(row["step"]), float(row[key])) for row in rows if row.get(key) is not None]
    return [(step, value) for step, value in found if math.isfinite(value)]
