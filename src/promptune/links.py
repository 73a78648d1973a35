"""What a link says: whom to ask, in which task, and what. It says nothing of who sent it, and asks nothing by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from promptune.core.contender import Contender, is_slug
from promptune.core.task import SPLITS, Split
from promptune.errors import UserError
from promptune.pane import LETTERS

MOST_CONTENDERS = len(LETTERS)
LONGEST_QUESTION = 4_000  # characters: what servers and messengers pass on
LONGEST = 100_000  # characters of a whole query
LONG, NAMED = 200, 60  # characters of what is wrong that are still told whole; and how many of what is longer


@dataclass(frozen=True)
class Link:
    contenders: tuple[str, ...] = ()
    task: str = ""
    split: Split | None = None
    row: int | None = None
    question: str = ""
    wrong: tuple[str, ...] = ()  # what of it could not be read


def spell(link: Link) -> str:
    """As a query string. A question that is too long for a link is left out."""
    pairs = [("c", contender) for contender in link.contenders]
    if link.task:
        pairs.append(("task", link.task))
    if link.row is not None:
        pairs.append(("row", f"{link.split or 'test'}:{link.row}"))
    if link.question and len(link.question) <= LONGEST_QUESTION:
        pairs.append(("q", link.question))
    return urlencode(pairs)


def read(query: str) -> Link:
    """The inverse of `spell`, of whatever somebody pasted."""
    query = query[:LONGEST]
    try:
        query.encode()  # half of a character is none
        pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        return Link(wrong=("The link is damaged.",))
    values = dict(reversed(pairs))
    contenders, wrong = _contenders([value for key, value in pairs if key == "c"])
    link = Link(contenders, question=values.get("q", ""), wrong=tuple(wrong))
    if task := values.get("task", ""):
        link = replace(link, task=task) if is_slug(task) else replace(link, wrong=(*link.wrong, f"{task[:NAMED]!r} is no name of a task."))
    split, _, row = values.get("row", "").rpartition(":")
    known = next((one for one in SPLITS if one == (split or "test")), None)
    if known and row.isascii() and row.isdecimal() and len(row) < 16:
        return replace(link, split=known, row=int(row))
    return replace(link, wrong=(*link.wrong, f"{values['row'][:NAMED]!r} is no row.")) if values.get("row") else link


def _contenders(spelled: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    good, wrong = [], []
    for one in spelled:
        try:
            good.append(str(Contender.parse(one)))
        except UserError as error:
            told = f"{str(error)[:1].upper()}{str(error)[1:]}"
            wrong.append(told if len(one) <= LONG else f"{one[:NAMED]!r} … is no contender.")
    if len(good) > MOST_CONTENDERS:
        wrong.append(f"It names {len(good)} contenders; the first {MOST_CONTENDERS} are here.")
    return tuple(good[:MOST_CONTENDERS]), wrong
