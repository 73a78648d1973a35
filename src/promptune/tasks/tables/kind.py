"""What kind of table a text is, from what stands in it; the file's name only decides where that is not enough."""

from __future__ import annotations

import re
from itertools import islice

from promptune.tasks.tables.lines import lines
from promptune.tasks.tables.notation import json_value, python_value
from promptune.tasks.tables.table import Format, ReadOptions
from promptune.tasks.tables.values import TOO_DEEP, Fault

SAMPLE = 20  # lines
LINES = (".jsonl", ".ndjson", ".jsonlines")
JSON = (*LINES, ".json")

_ARRAY = re.compile(r"\s*+\[\s*+(?:[\]{]|\Z)")
_OBJECT = re.compile(r'\s*+\{\s*+(?:["}]|\Z)')


def kind_of(text: str, suffix: str, options: ReadOptions) -> Format:
    if options.separator or options.columns or options.quoting is not None:  # only such a table has them
        return "csv"
    if _ARRAY.match(text):
        return "json"
    sample = [text[line.start : line.end] for line in islice(lines(text), SAMPLE)]
    as_json = [_is_object(json_value(line)) for line in sample]
    if any(as_json) and (_like_row(sample[0]) or sum(as_json) * 2 > len(sample) or suffix in LINES):
        only_one = len(sample) == 1 and suffix not in LINES  # {"data": [...]} on one line
        return "json" if only_one else "jsonl"
    as_python = [isinstance(python_value(line), dict) for line in sample]
    if any(as_python) and (_like_row(sample[0]) or sum(as_python) * 2 > len(sample) or suffix in JSON):
        return "python"
    if _OBJECT.match(text):
        return "jsonl" if suffix in LINES else "json"
    return "json" if suffix in JSON and text.lstrip()[:1] in ("[", "{") else "csv"


def _like_row(line: str) -> bool:
    """A first line that is an object, or would be one if it were not broken."""
    return line.strip()[:1] == "{" and line.strip()[-1:] == "}"


def _is_object(value: object) -> bool:
    """Or one that is only nested too deeply."""
    return isinstance(value, dict) or (isinstance(value, Fault) and value.what == TOO_DEEP)
