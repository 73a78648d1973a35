"""In-context learning: tasks that exist only in the prompt. Which label means what is drawn anew each time, so only the examples tell."""

from __future__ import annotations

from random import Random

from promptune.tiny.world.forms import form
from promptune.tiny.world.latents import latent
from promptune.tiny.world.text import ASSISTANT, END, USER, Document, Piece


def document(chance: Random) -> Document:
    """Examples of one task in one form, one after the other. In most documents the last one is asked in chat; in the others nobody asks."""
    task = latent(chance)
    written = task.form if task.form and chance.random() < 0.3 else form(chance, review=task.review)
    count = chance.randrange(2, task.most + 1)
    shown = [task.draw() for _ in range(count)]
    between = chance.choice(("\n", "\n\n", "\n\n"))
    asked = chance.random() < 0.65
    pieces = [Piece(USER, False)] if asked else []
    told: set[str] = set()
    for place, (x, y) in enumerate(shown):
        last = place == count - 1
        pieces.append(Piece((between if place else "") + written.format(x=x) + (ASSISTANT if asked and last else ""), False))
        # A label that nobody has shown yet can only be guessed, and guessing is not to be learned.
        pieces.append(Piece(f" {y}{END if last else ''}", y in told or not task.labels))
        told.add(y)
    return tuple(pieces)
