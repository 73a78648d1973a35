"""The rows of a table as it is made."""

from __future__ import annotations

import csv
import io
import json


def rows(made: dict[str, str], task: str, split: str) -> list[dict[str, str]]:
    """`made` is every table's text by its path."""
    [(name, text)] = [(name, text) for name, text in made.items() if name.startswith(f"{task}/{split}.")]
    if name.endswith(".jsonl"):
        return [json.loads(line) for line in text.splitlines()]
    return list(csv.DictReader(io.StringIO(text)))
