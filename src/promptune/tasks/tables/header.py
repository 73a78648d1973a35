"""Whether the first record names the columns, and names that can be used where it does not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from promptune.errors import UserError

_NUMBER = re.compile(r"\s*[-+]?(?:\d[\d,]*)?\.?\d+(?:[eE][-+]?\d+)?%?\s*")
_NAME = re.compile(r"\s*[^\W\d][^\r\n.,;!]*\s*|\s*")
LONGEST = 40  # characters of what surely is a name
WORDS = 4
FEW = 20  # different values that make a column one of classes


@dataclass(frozen=True)
class Names:
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


def like_names(cells: Sequence[str]) -> bool:
    """Short, different, no sentences, no numbers. One may be empty: an index that was written along has no name."""
    named = [cell for cell in cells if cell.strip()]
    return (
        len(named) >= max(1, len(cells) - 1)
        and len(set(named)) == len(named)
        and all(len(cell) <= LONGEST and len(cell.split()) <= WORDS and _NAME.fullmatch(cell) for cell in named)
    )


def _is_number(cell: str) -> bool:
    return len(cell) <= LONGEST and _NUMBER.fullmatch(cell) is not None


def is_header(first: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Numbers, and values that stand in the rows below as well, are no names. A first cell that is unlike all below it is one."""
    if any(_is_number(cell) for cell in first):
        return False
    columns = list(zip(*(row for row in body if len(row) == len(first)), strict=True))
    unlike = False
    for name, values in zip(first, columns, strict=False):
        different = set(values)
        if name.strip() and name in different:
            return False
        classes = len(different) <= min(FEW, len(values) / 3)
        filled = [value for value in different if value.strip()]
        unlike = unlike or classes or bool(filled and all(map(_is_number, filled)))
    return unlike or like_names(first)


def usable(cells: Sequence[str]) -> Names:
    """Names as they are in the file but for outer white space; an empty one and one that is there twice are told apart."""
    names: list[str] = []
    notes: list[str] = []
    counts = Counter(cell.strip() for cell in cells)
    for position, cell in enumerate(cells, start=1):
        wanted = cell.strip() or f"column{position}"
        name, number = wanted, 2
        while name in names or (name != wanted and name in counts):
            name, number = f"{wanted}_{number}", number + 1
        if not cell.strip():
            notes.append(f"Column {position} has no name: it is called {name}.")
        elif name != wanted:
            notes.append(f"Two columns are called {wanted!r}: column {position} is now {name!r}.")
        names.append(name)
    return Names(tuple(names), tuple(notes))


def given(columns: Sequence[str], width: int) -> Names:
    """What a person calls the columns."""
    if len(columns) != width:
        raise UserError(f"the file has {width} columns, and {len(columns)} names were given.", todo="Give as many.")
    if twice := [name for name, number in Counter(columns).items() if number > 1 or not name.strip()]:
        raise UserError(f"the column name {twice[0]!r} is empty or given twice.", todo="Give each column a name of its own.")
    return Names(tuple(columns))
