"""The rows behind a scorecard: what was asked, what is right, and what each contender said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from promptune.core.score import Scored
from promptune.markup.escape import esc
from promptune.markup.palette import Look, base_of, looks
from promptune.markup.shapes import empty, mark
from promptune.markup.words import clip, plural

Show = Literal["flips", "disagreements", "worst", "all"]
Row = Mapping[str, Any]

TITLES: dict[Show, tuple[str, str]] = {
    "flips": ("Flips", "tuning made right what was wrong, or wrong what was right"),
    "disagreements": ("Disagreements", "some contenders are right and some are wrong"),
    "worst": ("All wrong", "no contender is right"),
    "all": ("All rows", "flips and disagreements first"),
}
LONGEST, WHOLE = 300, 4000  # characters of an answer, and of a question or a whole text


@dataclass(frozen=True)
class Sample:
    """One test row with everything that was said to it, in the order of the card."""

    replies: tuple[tuple[Look, Row], ...]
    flip: bool
    harm: bool  # a flip to the wrong side: the first to look at

    @property
    def row(self) -> Row:
        return self.replies[0][1]

    @property
    def right(self) -> set[bool]:
        return {bool(row.get("correct")) for _, row in self.replies}

    def among(self, show: Show) -> bool:
        found = {"flips": self.flip, "disagreements": len(self.right) > 1, "worst": self.right == {False}, "all": True}
        return found[show]

    @property
    def rank(self) -> tuple[int, bool]:
        """Flips, of them those to the wrong side first; then disagreements, then what nobody knows."""
        return next(i for i, show in enumerate(TITLES) if self.among(show)), not self.harm


def counts(rows: Sequence[Row], contenders: Sequence[Scored]) -> dict[Show, int]:
    """How many rows each filter shows."""
    found = samples(rows, contenders)
    return {show: sum(one.among(show) for one in found) for show in TITLES}


def view(rows: Sequence[Row], contenders: Sequence[Scored], show: Show = "flips", most: int = 30) -> str:
    found = sorted((one for one in samples(rows, contenders) if one.among(show)), key=lambda one: one.rank)
    if not found:
        return empty({"flips": "Tuning changed no answer from right to wrong or back.", "worst": "On every row somebody is right."}.get(show, "No such row."))
    more = f'<p class="soft small note">{plural(len(found) - most, "more row")} like these: the predictions hold them all.</p>' if len(found) > most else ""
    return f'<div class="samples-of">{"".join(map(_sample, found[:most]))}</div>{more}'


def samples(rows: Sequence[Row], contenders: Sequence[Scored]) -> list[Sample]:
    """Row by row; a prediction of somebody who is not on the card is left out."""
    all_ = looks(contenders)
    by_spelling = {look.spelling: look for look in all_}
    known = sorted((row for row in rows if row.get("contender") in by_spelling), key=lambda row: row["place"])
    found = []
    for _, group in groupby(known, key=lambda row: row["place"]):
        replies = sorted(((by_spelling[row["contender"]], row) for row in group), key=lambda reply: reply[0].index)
        right = {look: bool(row.get("correct")) for look, row in replies}
        turned = [right[look] for look in right if look.tuned and (base := base_of(look, all_)) in right and right[look] != right[base]]
        found.append(Sample(tuple(replies), bool(turned), False in turned))
    return found


def question(row: Row) -> str:
    """The question's parts of the prompt, without its template and examples."""
    return "".join(str(part.get("text", "")) for part in row.get("prompt") or () if part.get("kind") == "question").strip()


def _sample(sample: Sample) -> str:
    asked = next((text for _, row in sample.replies if (text := question(row))), "")
    wanted = " or ".join(f"<b>{esc(clip(str(one), LONGEST))}</b>" for one in sample.row.get("references") or ())
    place = f"{sample.row.get('split') or 'row'} {sample.row['row']}" if sample.row.get("row") is not None else f"row {sample.row['place']}"
    said = "".join(_reply(list(group)) for _, group in groupby(sorted(sample.replies, key=_order), key=_order))
    return (
        f'<article class="sample"><span class="where">{esc(place)}</span><div class="asked" dir="auto">{esc(clip(asked, WHOLE)) or "<i>no question</i>"}</div>'
        f'<p class="want" dir="auto">Right answer {wanted or "not known"}</p>{said}</article>'
    )


def _order(reply: tuple[Look, Row]) -> tuple[bool, str, str]:
    """Right ones first, and the same answer together."""
    _, row = reply
    return (not row.get("correct"), str(row.get("error") or ""), _answer(row))


def _answer(row: Row) -> str:
    return str(row.get("answer") if row.get("answer") not in (None, "") else row.get("prediction") or "").strip()


def _reply(replies: Sequence[tuple[Look, Row]]) -> str:
    """One answer and everybody who gave it."""
    row = replies[0][1]
    by = "".join(look.name for look, _ in replies)
    if row.get("error"):
        body = f'<div class="text bad" dir="auto">{esc(clip(str(row["error"]), LONGEST))}</div>'
    else:
        body = f'<div class="text" dir="auto">{esc(clip(_answer(row), LONGEST)) or "<i>nothing</i>"}</div>'
    return f'<div class="reply">{mark(bool(row.get("correct")))}{body}<div class="by">{by}</div>{_whole(replies)}</div>'


def _whole(replies: Iterable[tuple[Look, Row]]) -> str:
    """What was written where it is more than the answer read from it."""
    longer = [(look, text) for look, row in replies if (text := str(row.get("prediction") or "").strip()) not in ("", _answer(row))]
    told = "".join(f'<div class="small">{look.name}</div><div class="text" dir="auto">{esc(clip(text, WHOLE))}</div>' for look, text in longer)
    return f"<details><summary>Whole text</summary>{told}</details>" if told else ""
