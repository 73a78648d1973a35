"""An attached text or table as passages: what `retrieve` puts before a question."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from promptune.errors import UserError
from promptune.tasks.tables import read_table
from promptune.tasks.tables.encoding import decode

LONGEST = 1_200  # characters of a passage: some 300 tokens, so that several fit a window
MOST = 20_000
TEXTS = (".txt", ".md", ".rst", "")
END = re.compile(r"(?<=[.!?])\s+")


def read_passages(file: Path) -> tuple[str, ...]:
    """A text's paragraphs, the long ones in pieces that end with a sentence; a table's rows, each as `column: value` lines."""
    found = tuple(_of_text(file) if file.suffix.lower() in TEXTS else _of_table(file))
    if not found:
        raise UserError("it holds no text.", where=file.name, todo="Attach a text with paragraphs, or a table with rows.")
    if len(found) > MOST:
        raise UserError(f"it has {len(found):,} passages, and at most {MOST:,} are kept.", where=file.name, todo="Attach a part of it.")
    return found


def _of_text(file: Path) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", decode(file).text.replace("\r\n", "\n")):
        yield from _pieces(paragraph.strip())


def _pieces(text: str) -> Iterator[str]:
    if len(text) <= LONGEST:
        if text:
            yield text
        return
    piece = ""
    for sentence in END.split(text):
        if piece and len(piece) + len(sentence) >= LONGEST:
            yield piece
            piece = ""
        piece = f"{piece} {sentence}".strip()
        while len(piece) > LONGEST:
            cut = piece.rfind(" ", 1, LONGEST)
            cut = cut if cut > 0 else LONGEST
            yield piece[:cut]
            piece = piece[cut:].strip()
    if piece:
        yield piece


def _of_table(file: Path) -> Iterator[str]:
    table = read_table(file)
    if table.bad:
        raise UserError(f"{table.bad[0]}.", where=file.name, todo="Mend the row.")
    for row in table.rows:
        yield from _pieces("\n".join(f"{name}: {value}" for name, value in row.values.items() if value not in ("", None)))
