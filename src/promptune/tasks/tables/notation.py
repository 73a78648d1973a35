"""One value from its text, in JSON or as Python writes it. What cannot be kept exactly becomes a Fault in its place."""

from __future__ import annotations

import ast
import json
import math
import re
from collections import Counter
from decimal import Decimal, DecimalException
from typing import Any

from promptune.tasks.tables.table import MAX_RECORD
from promptune.tasks.tables.values import TOO_DEEP, Fault

LONGEST_NUMBER = 400  # characters
MOST_ITEMS = 100_000  # of a Python literal: its syntax tree takes a thousand times the memory of its text

# What `repr` writes for texts, numbers, lists, dicts and None. Anything else never reaches Python's parser.
_STRING = r"""(?:'(?:[^'\\\n]|\\[\\'"abfnrtvxuUN0-7])*+'|"(?:[^"\\\n]|\\[\\'"abfnrtvxuUN0-7])*+")"""
_NUMBER = r"-?\d++(?:\.\d*+)?(?:[eE][-+]?\d++)?"
_LITERAL = re.compile(rf"(?:\s++|[\[\](){{}},:]|{_STRING}|{_NUMBER}|True|False|None)++")
_STRINGS, _FLOATS = re.compile(_STRING), re.compile(r"(?<!\d)-?\d++(?:\.\d*+(?:[eE][-+]?\d++)?|[eE][-+]?\d++)")


def json_value(text: str) -> Any:
    """A Fault where it is no JSON."""
    if len(text) > MAX_RECORD:
        return Fault(f"is longer than {MAX_RECORD:,} characters")
    try:
        return DECODER.decode(text)
    except json.JSONDecodeError as error:
        return Fault(f"is no JSON: {error.msg} at character {error.pos + 1}")
    except RecursionError:
        return Fault(TOO_DEEP)


def python_value(text: str) -> Any:
    """Evaluates nothing: only literals pass. A Fault where it is none."""
    text = text.strip()
    if len(text) > MAX_RECORD:
        return Fault(f"is longer than {MAX_RECORD:,} characters")
    if not _LITERAL.fullmatch(text):
        return Fault("is no Python literal of texts, numbers, lists and dicts")
    bare = _STRINGS.sub("''", text)
    if bare.count(",") > MOST_ITEMS:
        return Fault(f"holds more than {MOST_ITEMS:,} items")
    fault = next((value for number in _FLOATS.findall(bare) if isinstance(value := _float(number), Fault)), None)
    try:
        tree = ast.parse(text, mode="eval")
        return fault or _twice(tree) or ast.literal_eval(tree)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError) as error:
        return Fault(f"is no Python literal: {getattr(error, 'msg', None) or error or TOO_DEEP}")


def _twice(tree: ast.AST) -> Fault | None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            counts = Counter(key.value for key in node.keys if isinstance(key, ast.Constant))
            if twice := [key for key, number in counts.items() if number > 1]:
                return Fault(f"has the key {twice[0]!r} twice")
    return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                values[key] = Fault("is there twice")
            seen.add(key)
    return values


def _float(text: str) -> float | Fault:
    value = float(text) if len(text) <= LONGEST_NUMBER else math.nan
    if len(text) <= 16 and "e" not in text.lower():  # at most 15 digits always survive
        return value
    try:
        exact = math.isfinite(value) and Decimal(text) == Decimal(repr(value))
    except DecimalException:
        exact = False
    shown = text if len(text) <= 40 else f"{text[:40]}…"
    return value if exact else Fault(f"is the number {shown}, which would lose digits: write it as a text")


def _integer(text: str) -> int | Fault:
    return int(text) if len(text) <= LONGEST_NUMBER else Fault(f"is a number of {len(text):,} digits: write it as a text")


def _constant(name: str) -> Fault:
    return Fault(f"is {name}, which is no number")


DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_int=_integer, parse_constant=_constant)
