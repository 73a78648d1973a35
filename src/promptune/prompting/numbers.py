"""Numbers as people and models write them: $1,234.50, −3, 12%, 1/2."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

MINUS, MONEY, GROUPING = "-−﹣－", "$€£¥₹", ",\u00a0\u202f"
# A sign belongs to a number only where no word or number stands before it: 10-12 is a range, 2024-05-01 a date.
# Letters behind are a unit (12kg), but 2nd is no number; nor are 1.2.3 and what stands in B2.
NUMBER = re.compile(
    rf"(?<![\w.])(?:(?<![\w.)])(?P<sign>[{MINUS}]?[{MONEY}]?[{MINUS}]?))?"
    rf"(?P<whole>\d{{1,3}}(?:[{GROUPING}]\d{{3}}){{1,99}}(?!\d)|\d{{1,300}})?(?P<part>\.\d{{1,300}})?(?<=\d)(?P<power>[eE][+-]?\d{{1,3}})?(?:/(?P<under>0{{0,9}}[1-9]\d{{0,300}})(?![\d/.]))?"
    r"(?!\d|\.\d|(?:st|nd|rd|th)\b)",
)


@dataclass(frozen=True)
class Number:
    """One number of a text: where it stands, and its plain spelling: no grouping, no currency, no percent sign."""

    start: int
    end: int
    text: str


def numbers(text: str) -> list[Number]:
    return [Number(match.start(), match.end(), _plain(match)) for match in NUMBER.finditer(text)]


def only(text: str) -> str | None:
    """The number that a text is, if it is nothing else."""
    found = numbers(text)
    around = f"{text[: found[0].start]}{text[found[0].end :]}" if len(found) == 1 else text
    return found[0].text if found and not around.strip(" \t\r\n.,;:!?%()*\"'“”" + MONEY) else None


def value(text: str) -> Fraction | None:
    """What a text amounts to where it is one number, exactly: 1,000.0 and 1000 are equal."""
    plain = only(text)
    if plain is None:
        return None
    over, _, under = plain.partition("/")
    return Fraction(over) / Fraction(under or 1)


def _plain(match: re.Match[str]) -> str:
    sign = "-" if any(char in MINUS for char in match["sign"] or "") else ""
    whole = "".join(char for char in match["whole"] or "0" if char not in GROUPING)
    spelled = f"{sign}{whole}{match['part'] or ''}{match['power'] or ''}" + (f"/{match['under']}" if match["under"] else "")
    return "".join(str(unicodedata.digit(char)) if char.isdigit() else char for char in spelled)
