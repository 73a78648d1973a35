"""The verdict at the top of a scorecard: its headline, the first sentence to read at once, the others a line each."""

from __future__ import annotations

import re

from promptune.core.score import Scorecard
from promptune.markup.escape import esc
from promptune.markup.shapes import empty

ENTITY = re.compile(r"(&[#\w]+;)")  # escaped text holds digits that nobody wrote: &#x27;
# What a reader looks for first: shares, differences, break-evens; not the digits of a name, nor how wide an interval is.
TELLING = re.compile(r"(?<![\w.,/:@+-])[+−-]?\d[\d,]*(?:\.\d+)?(?:%(?!\s+interval)|\s(?:questions?|points?)\b)")


def view(card: Scorecard) -> str:
    if card.verdict is None:
        return empty("The verdict comes once everything is scored." if card.contenders else "No contender is scored yet.")
    first, *others = card.verdict.sentences or ("",)
    rest = "".join(f'<li dir="auto">{_told(sentence, 1)}</li>' for sentence in others)
    listed = f'<ul class="verdict more">{rest}</ul>' if rest else ""
    return f'<h2 class="headline" dir="auto">{esc(card.verdict.headline)}</h2><p class="verdict" dir="auto">{_told(first, 2)}</p>{listed}'


def _told(sentence: str, most: int) -> str:
    """Escaped first; then its first telling numbers are set bold, and nothing else can have become markup. Where all are bold none is."""
    left, pieces = most, []
    for piece in ENTITY.split(esc(sentence)):
        told, found = (piece, 0) if ENTITY.fullmatch(piece) or not left else TELLING.subn(r"<b>\g<0></b>", piece, count=left)
        left -= found
        pieces.append(told)
    return "".join(pieces)
