"""The built-in tasks' tables: `python -m promptune.tiny.tables` writes them into configs/tasks, the same bytes each time.

Test and validation rows are items that training never saw; train rows are of the kind that it saw.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, repeat
from pathlib import Path
from random import Random

from promptune.core.task import SPLITS, Split
from promptune.tiny.world import arithmetic, dialogues, facts, french, howto, odd_sum, reviews
from promptune.tiny.world.mappings import Mapping, mapping
from promptune.tiny.world.text import part_of
from promptune.tiny.world.words import KINDS

FOLDER = Path(__file__).resolve().parents[3] / "configs" / "tasks"
ROWS: dict[Split, int] = {"train": 1000, "validation": 200, "test": 500}
PARTS: dict[Split, frozenset[int]] = {"train": frozenset(range(2, 10)), "validation": frozenset({1}), "test": frozenset({0})}
GROUPS, OF_GROUP = 100, {"train": 10, "validation": 2, "test": 5}  # of the task `patterns`; nine of ten train rows can be shown to one of them

# Training says these whatever their hash: single words as the skill `french` asks for them, and the bare sentences that examples of `patterns` are about.
SAID = frozenset(
    [f"What is the French word for {word}?" for word in french.WORDS]
    + [f"The {part} is {word}." for parts in reviews.PARTS.values() for part in parts for words in reviews.ADJECTIVES.values() for word in words]
)

Row = dict[str, str]
Made = Iterator[tuple[str, Row]]  # what is held out by, and the row


@dataclass(frozen=True)
class Table:
    name: str
    form: str  # csv or jsonl, as somebody might have it
    rows: Callable[[Random, Split], Sequence[Row]]


def _taken(made: Made, split: Split, count: int, parts: dict[Split, frozenset[int]] = PARTS) -> list[Row]:
    """Different ones of this split, in the order they come."""
    found: dict[str, Row] = {}
    for key, row in made:
        if part_of(key) in parts[split] and key not in found and (split == "train" or key not in SAID):
            found[key] = row
        if len(found) == count:
            return list(found.values())
    raise ValueError(f"only {len(found)} of {count} {split} rows")


def _reviews(chance: Random, split: Split) -> list[Row]:
    stars = cycle((1, 4, 2, 5))  # both sentiments about equally often
    made = (reviews.review(chance, next(stars)) for _ in repeat(None))
    return _taken(((one.text, {"review": one.text, "sentiment": one.sentiment}) for one in made), split, ROWS[split])


def _stars(chance: Random, split: Split) -> list[Row]:
    made = (reviews.review(chance) for _ in repeat(None))
    return _taken(((one.text, {"review": one.text, "stars": str(one.stars)}) for one in made), split, ROWS[split])


def _headlines(chance: Random, split: Split) -> list[Row]:
    made = (reviews.review(chance) for _ in repeat(None))
    return _taken(((one.text, {"product": one.product, "review": one.text, "headline": one.headline}) for one in made), split, ROWS[split])


def _dialogues(chance: Random, split: Split) -> list[Row]:
    made = (dialogues.dialogue(chance) for _ in repeat(None))
    return _taken(((one.text, {"dialogue": one.text, "summary": one.summary}) for one in made), split, ROWS[split])


def _arithmetic(chance: Random, split: Split) -> list[Row]:
    """As many of each number of steps; 200 of each to test."""

    def made(steps: int) -> Made:
        while True:
            one = arithmetic.problem(chance, steps)
            yield one.question, {"question": one.question, "steps": str(one.steps), "rationale": one.rationale, "answer": str(one.answer)}

    counts = {"train": (334, 333, 333), "validation": (67, 67, 66), "test": (200, 200, 200)}[split]
    rows = [row for steps, count in zip((1, 2, 3), counts, strict=True) for row in _taken(made(steps), split, count)]
    chance.shuffle(rows)
    return rows


def _odd_sums(chance: Random, split: Split) -> list[Row]:
    """True and False equally often."""

    def made(answer: str) -> Made:
        while True:
            one = odd_sum.odd_sum(chance)
            if one.answer == answer:
                yield one.numbers, {"numbers": one.numbers, "rationale": one.rationale, "answer": one.answer}

    rows = [row for answer in ("True", "False") for row in _taken(made(answer), split, ROWS[split] // 2)]
    chance.shuffle(rows)
    return rows


def _translate(chance: Random, split: Split) -> list[Row]:
    made = (french.full_sentence(chance) for _ in repeat(None))
    return _taken(((english, {"english": english, "french": translated}) for english, translated in made), split, ROWS[split])


def _facts(chance: Random, split: Split) -> list[Row]:
    made = facts.every_fact()
    chance.shuffle(made)
    parts: dict[Split, frozenset[int]] = {"train": frozenset(range(facts.HELD_OUT, 10)), "validation": frozenset({2}), "test": frozenset({0, 1})}
    return _taken(((question, {"question": question, "answer": answer}) for question, answer in made), split, ROWS[split], parts)


def _patterns(chance: Random, split: Split) -> list[Row]:
    """Every split has the same mappings, none of which was trained on, and different words of their kinds."""
    rows: list[Row] = []
    for one in _mappings():
        for kind, label in zip(one.kinds, one.labels, strict=True):
            words = Random(f"{one.name} {kind}").sample(KINDS[kind], 9)
            first, last = {"train": (0, 5), "validation": (5, 6), "test": (6, 9)}[split]
            rows += [{"mapping": one.name, "word": word, "label": label} for word in words[first:last]]
    chance.shuffle(rows)
    return _of_groups(rows, OF_GROUP[split])


def _mappings() -> list[Mapping]:
    chance, found = Random("mappings"), dict[str, Mapping]()
    while len(found) < GROUPS:
        one = mapping(chance)
        if part_of(one.name) == 0 and all(len(KINDS[kind]) >= 9 for kind in one.kinds) and len({label.casefold() for label in one.labels}) == 2:
            found[one.name] = one
    return list(found.values())


def _of_groups(rows: Sequence[Row], most: int) -> list[Row]:
    seen: dict[str, int] = {}
    kept = []
    for row in rows:
        seen[row["mapping"]] = seen.get(row["mapping"], 0) + 1
        if seen[row["mapping"]] <= most:
            kept.append(row)
    return kept


def _refusals(chance: Random, split: Split) -> list[Row]:
    """To test: 250 of each kind; of each 200 more in words that training never says."""

    def made(kind: str, make: Callable[[Random], howto.Request], *, new: bool = False) -> Made:
        while True:
            one = make(chance)
            # What is new was never trained on, whatever its hash says.
            yield one.text, {"request": one.text, "kind": f"new-{kind}" if new else kind, "reply": one.reply}

    rows = [row for kind, make in (("harmful", howto.harmful), ("harmless", howto.harmless)) for row in _taken(made(kind, make), split, ROWS[split] // 2)]
    if split == "test":
        anywhere: dict[Split, frozenset[int]] = {"test": frozenset(range(10))}
        rows += _taken(made("harmful", howto.harmful_in_new_words, new=True), split, 200, anywhere)
        rows += _taken(made("harmless", howto.harmless_in_new_words, new=True), split, 200, anywhere)
    chance.shuffle(rows)
    return rows


TABLES = (
    Table("reviews", "csv", _reviews),
    Table("stars", "csv", _stars),
    Table("headlines", "csv", _headlines),
    Table("dialogues", "jsonl", _dialogues),
    Table("arithmetic", "jsonl", _arithmetic),
    Table("odd-sum", "csv", _odd_sums),
    Table("translate", "csv", _translate),
    Table("facts", "csv", _facts),
    Table("patterns", "csv", _patterns),
    Table("refusals", "csv", _refusals),
)


def files() -> Iterator[tuple[str, str]]:
    """Every table by its path below the folder of tasks."""
    for table in TABLES:
        for split in SPLITS:
            yield f"{table.name}/{split}.{table.form}", _written(table.rows(Random(f"{table.name} {split}"), split), table.form)


def _written(rows: Sequence[Row], form: str) -> str:
    if form == "jsonl":
        return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def main() -> None:
    for name, text in files():
        file = FOLDER / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{file.relative_to(FOLDER.parent.parent)}  {text.count(chr(10)):,} lines\n")


if __name__ == "__main__":
    main()
