"""HTML of New task: what a file holds, what is wrong with it, the steps. Pure, and through present.esc like everything."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from promptune.web.present import clip, esc, notice, plural, size, table
from promptune.web.reading import BadRow, Found

LONGEST = 200  # characters of a value in the table of first rows
TOLD = 20  # bad rows that are shown


def step(number: int, name: str, line: str, *, open_: bool) -> str:
    """A step's head; `line` is what became of it."""
    current = ' aria-current="step"' if open_ else ""
    told = f'<span class="soft small" dir="auto">{esc(line)}</span>' if line and not open_ else ""
    return f'<div class="line"><h2{current}><span class="soft">{number}</span> {esc(name)}</h2>{told}</div>'


def drop_zone(target: str, ask: str, hint: str) -> str:
    """head.js sends what is chosen or dropped here, and writes its id into the text box `target`."""
    return (
        f'<div class="drop" data-to="{esc(target)}"><label class="drop-ask"><input type="file" class="drop-file">'
        f'<span><b>{esc(ask)}</b> or <span class="drop-choose">choose one</span></span><span class="soft small">{esc(hint)}</span></label>'
        '<div class="drop-at" hidden><div class="line small"><span class="drop-said" role="status"></span>'
        '<button type="button" class="btn close drop-stop">Cancel</button></div>'
        '<div class="bar drop-bar" role="progressbar" aria-label="Upload" aria-valuemin="0" aria-valuemax="100">'
        '<i style="background:var(--accent)"></i></div></div>'
        '<p class="fault drop-why" role="alert" hidden></p></div>'
    )


def found(label: str, tables: Mapping[str, tuple[Found, int]], notes: Sequence[str] = ()) -> str:
    """How each table was read, in a line a person can check."""
    lines = []
    for name, (one, rows) in tables.items():
        split = f" · <b>{esc(name)}</b>" if name else ""
        what = f'<b dir="auto">{esc(clip(label, 60))}</b>{split}: {plural(rows, "good row")}, {size(one.size)}'
        lines.append(f'<p class="small">{what}. Read as {esc(one.words())}</p>')
    return "".join(lines) + notice(" ".join(notes))


def first_rows(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], good: int) -> str:
    head = ["", *(f'<span dir="auto">{esc(clip(column, 60))}</span>' for column in columns)]
    body = [[f'<span class="soft num">{i}</span>', *(_value(row, column) for column in columns)] for i, row in enumerate(rows, 1)]
    caption = f"The first {len(rows):,} of {good:,} rows" if len(rows) < good else "All of its rows"
    return f'<p class="soft small">{caption}</p>{table(head, body, caption)}' if rows else ""


def _value(row: Mapping[str, Any], column: str) -> str:
    """A value exactly as it was found; what is not there is not an empty text."""
    if column not in row:
        return '<span class="faint small">not there</span>'
    value = row[column]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return f'<div class="cell" dir="auto">{esc(clip(text, LONGEST))}</div>' if text else '<span class="faint small">empty</span>'


def bad_rows(bad: Sequence[tuple[str, BadRow]]) -> str:
    """By number and column; `bad` are pairs of a table's name and the row."""
    if not bad:
        return ""
    lines = []
    for name, one in bad[:TOLD]:
        split = f"{name}, " if name else ""
        place = f"{split}row {one.row}" + (f" (line {one.line})" if one.line else "") + (f", column {one.column}" if one.column else "")
        lines.append(f'<li dir="auto"><b>{esc(place[:1].upper() + place[1:])}</b> {esc(one.what)}</li>')
    more = f"<li>and {plural(len(bad) - TOLD, 'other')}</li>" if len(bad) > TOLD else ""
    return f'<div class="badrows" role="alert"><p class="bad">{plural(len(bad), "row")} cannot be used:</p><ul class="small">{"".join(lines)}{more}</ul></div>'


def columns(written: Mapping[str, str]) -> str:
    """What a template calls them, by their own names."""
    told = [f"<code>{{{{ {esc(name)} }}}}</code>{'' if name == column else f' for {esc(clip(column, 40))}'}" for column, name in written.items()]
    return f'<p class="small soft" dir="auto">Columns: {", ".join(told)}. What stands before <code>|||</code> is asked, what follows is the right answer.</p>'


def own() -> str:
    return '<p class="small soft">Your own template. Choose one of the library to begin anew; yours is kept.</p>'


def no_guess() -> str:
    return '<p class="small soft">No template of the library suits these columns by itself. Choose one and say what fills it, or write your own.</p>'


def saved(title: str, slug: str) -> str:
    return (
        f'<p><span class="good" aria-hidden="true">✓</span> <b dir="auto">{esc(title)}</b> is saved. '
        f'<span class="soft small">On the command line it is <code>{esc(slug)}</code>.</span></p>'
    )
