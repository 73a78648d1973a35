"""HTML around a question: where it comes from and what the right answer is. Pure, and through present.esc like everything."""

from __future__ import annotations

from promptune.lab import About
from promptune.web.present import clip, esc

SHORT = 90  # characters of a right answer that fit a line


def invite(text: str) -> str:
    return f'<span class="soft small">{esc(text)}</span>'


def reference(about: About | None, right: str) -> str:
    """Above the panes: what the right answer would be, once for all of them."""
    if not about:
        return _right(right, "") if right else ""
    place = f"{about.split} row {about.row}" if about.row is not None else ""
    if right:
        return _right(right, place)
    why = f"The question of {place} was changed, so no right answer is known." if place else "No right answer is known to a question of your own."
    return f'<p class="soft small ref">{esc(why)}</p>'


def _right(right: str, place: str) -> str:
    source = f' <span class="soft">· {esc(place)}</span>' if place else ""
    if len(right) <= SHORT and "\n" not in right:
        return f'<p class="small ref" dir="auto"><span class="soft">Right answer</span> <b>{esc(right)}</b>{source}</p>'
    return (
        f'<details class="small ref"><summary>Right answer{source}</summary>'
        f'<div class="cell" dir="auto" tabindex="0" role="region" aria-label="Right answer">{esc(right)}</div></details>'
    )


def picked(split: str, row: int, right: str) -> str:
    """Under the box: the row in it."""
    known = f"the right answer is <b>{esc(clip(' '.join(right.split()), SHORT))}</b>, as long as the question stays as it is" if right else "no right answer"
    return f'<p class="soft small" dir="auto" role="status">{esc(split[:1].upper() + split[1:])} row {row}: {known}. Send asks it.</p>'
