"""Small shapes that the page and the report share."""

from __future__ import annotations

from collections.abc import Sequence

from promptune.markup.escape import esc


def name(contender: str) -> str:
    """A contender's spelling, easy on the eye: what answers and how, then the decoding."""
    how, _, decoding = contender.partition("?")
    tail = f' <span class="soft how">{esc(decoding.replace("&", " · "))}</span>' if decoding else ""
    return f"{esc(how.replace('/', ' / ', 1))}{tail}"


def notice(text: str) -> str:
    return f'<p class="notice" role="note">{esc(text)}</p>' if text else ""


def empty(text: str) -> str:
    return f'<p class="soft empty">{esc(text)}</p>'


def mark(correct: bool | None) -> str:
    """Right or wrong, told by shape and word as well as by colour; nothing where nobody knows."""
    if correct is None:
        return ""
    word, sign, mood = ("right", "✓", "good") if correct else ("wrong", "✗", "bad")
    return f' <span class="mark {mood}"><span aria-hidden="true">{sign}</span> {word}</span>'


def table(head: Sequence[str], rows: Sequence[Sequence[str]], caption: str, kind: str = "") -> str:
    """Head and cells are markup already: their text went through `esc` or a function that does. `kind` is a class of the style sheet."""
    th = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>' for row in rows)
    label = esc(caption)
    return (
        f'<div class="{f"tscroll {kind}".strip()}" tabindex="0" role="region" aria-label="{label}"><table><caption class="vh">{label}</caption>'
        f"<thead><tr>{th}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def facts(pairs: Sequence[tuple[str, object]]) -> str:
    """Name and value lines; a pair without a value is left out."""
    lines = "".join(f"<dt>{esc(label)}</dt><dd>{esc(value)}</dd>" for label, value in pairs if value not in ("", None))
    return f'<dl class="facts small">{lines}</dl>'
