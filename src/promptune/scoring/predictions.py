"""Predictions in a file, ours or another program's: JSON objects, one a line.

    {"prediction": "…", "reference": "…"}      or      {"prediction": "…", "references": ["…", "…"]}

`answer`, what was read from the prediction, and `contender` may stand beside them; other keys are not looked at.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from promptune.core.task import AnswerType
from promptune.errors import Problem, Problems, UserError
from promptune.scoring.metrics.registry import Prediction

LARGEST = 512 * 2**20  # bytes
TOLD = 20  # bad lines that are named


@dataclass(frozen=True)
class Predictions:
    """Of one contender; a file of another program has one without a name."""

    contender: str
    rows: tuple[Prediction, ...]


def read_predictions(path: Path) -> list[Predictions]:
    """In the order in which the contenders first appear. Every bad line is told, for a score of the others would be another score."""
    found: dict[str, list[Prediction]] = {}
    problems: list[Problem] = []
    for number, line in enumerate(_text(path).split("\n"), 1):
        if line.strip():
            try:
                values = _values(line)
                found.setdefault(_named(values), []).append(prediction(values))
            except UserError as error:
                problems.append(Problem(f"line {number}", str(error)))
    if len(problems) > TOLD:
        problems[TOLD:] = [Problem(f"{len(problems) - TOLD} more lines", "they are wrong as well.")]
    if problems:
        raise Problems(problems, where=path.name)
    if not found:
        raise UserError("it is empty.", where=path.name, todo='Write one {"prediction": …, "reference": …} a line.')
    return [Predictions(contender, tuple(rows)) for contender, rows in found.items()]


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise UserError(f"it is larger than {LARGEST // 2**20} MB.", where=path.name, todo="Score a part of it.")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"it cannot be read: {error.strerror}.", where=str(path), todo="Give a scorecard's id, or a file of predictions.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"byte {error.start} is no UTF-8.", where=path.name, todo="Save the file as UTF-8.") from None


def _values(line: str) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except json.JSONDecodeError as error:
        raise UserError(f"it is no JSON: {error.msg} at character {error.pos + 1}.") from None
    except (ValueError, RecursionError):  # a number of five thousand digits; brackets in brackets
        raise UserError("it is no JSON that can be read: a number is too long, or it is nested too deeply.") from None
    if not isinstance(values, dict):
        raise UserError("it is no JSON object.", todo='Write {"prediction": …, "reference": …}.')
    return values


def _named(values: dict[str, Any]) -> str:
    name = values.get("contender", "")
    if not isinstance(name, str):
        raise UserError("its contender is no text.")
    return name


def prediction(values: dict[str, Any]) -> Prediction:
    """One line's."""
    text, kind = values.get("prediction"), values.get("answer_type", "text")
    if not isinstance(text, str):
        raise UserError("it has no prediction." if text is None else "its prediction is no text.")
    answer = values.get("answer")
    if not isinstance(answer, str | None):
        raise UserError("its answer is no text.")
    if kind not in get_args(AnswerType):
        raise UserError(f"its answer_type is none of {', '.join(get_args(AnswerType))}.")
    return Prediction(text, text if answer is None else answer, _references(values), kind)


def _references(values: dict[str, Any]) -> tuple[str, ...]:
    if ("reference" in values) == ("references" in values):
        raise UserError("it has both reference and references." if "reference" in values else "it has no reference.")
    given = values["references"] if "references" in values else [values["reference"]]
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise UserError("its references are no list of texts." if "references" in values else "its reference is no text.")
    if not any(one.strip() for one in given):
        raise UserError("its reference is empty.")
    return tuple(one for one in given if one.strip())
