"""Which column fills a field of a template, told by what columns are called and by a sample of what they hold."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promptune.tasks.names import expression_names, names


@dataclass(frozen=True)
class Like:
    expression: str  # a column's name, or Jinja over such names
    holds: str = ""  # a regular expression that every value of its first column matches


def find(likes: Sequence[Like], columns: Sequence[str], rows: Sequence[Mapping[str, Any]], taken: Collection[str]) -> str:
    """The first that suits and is not taken: a column as it is named, or an expression as a template writes it; empty where nothing suits."""
    written = names(columns)
    by_key = {_key(column): column for column in reversed(columns)}
    found: list[str] = []
    for like in likes:
        of = {name: by_key.get(_key(name)) for name in expression_names(like.expression)}
        wanted = {name: column for name, column in of.items() if column is not None and column not in taken}
        if len(wanted) < len(of) or not _hold(like.holds, next(iter(wanted.values())), rows):
            continue
        if like.expression.isidentifier():
            found.append(wanted[like.expression])
        elif not found:
            return _renamed(like.expression, {name: written[column] for name, column in wanted.items()})
    there = [column for column in found if not rows or any(column in row for row in rows)]
    if not there:
        return ""
    # Another table of the same task may call it otherwise: a column that no sampled row has is that.
    elsewhere = [column for column in found if column not in there]
    return " | default(".join(written[column] for column in (there[0], elsewhere[0])) + ")" if elsewhere else there[0]


def _hold(holds: str, column: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    if not holds:
        return True
    values = [row[column] for row in rows if row.get(column) not in (None, "")]  # an empty one makes a bad row, which is told
    texts = [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values]
    return bool(texts) and all(re.fullmatch(holds, text, re.DOTALL) for text in texts)


def _renamed(expression: str, new: Mapping[str, str]) -> str:
    return re.sub(r"\w+", lambda word: new.get(word[0], word[0]), expression)


def _key(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()
