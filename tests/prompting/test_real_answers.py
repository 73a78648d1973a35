"""Answers that people wrote out, read as if a model had: worked solutions of word problems and of letter questions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promptune.core.task import Example
from promptune.prompting import answers
from tests.shared import data


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def right(text: str, completion: str, example: Example) -> bool:
    return answers.alike(answers.after_steps(text, example).value, completion)


def test_word_problems_are_read_behind_their_mark_and_nearly_always_without_it() -> None:
    problems = rows(data("gsm8k/test.jsonl"))
    split = [(row["answer"], *row["answer"].split("####")) for row in problems]
    example = Example("", answer_type="number")
    assert all(right(whole, result.strip(), example) for whole, _, result in split)
    assert sum(right(steps, result.strip(), example) for _, steps, result in split) >= 0.95 * len(problems)


@pytest.mark.parametrize("by_letter", [True, False])
def test_letter_questions_are_read_whether_the_letter_or_the_value_is_wanted(by_letter: bool) -> None:
    """Some solutions name neither; none may be made up."""
    read = wrong = 0
    questions = rows(data("aqua/test.jsonl"))
    for row in questions:
        values = tuple(option.partition(")")[2].strip() for option in row["options"])
        choices = tuple("ABCDE") if by_letter else values
        example = Example("\n".join([row["question"], *row["options"]]), choices=choices, answer_type="choice")
        answer = answers.after_steps(row["rationale"], example)
        read += answer.value == choices["ABCDE".index(row["correct"])]
        wrong += answer.value in choices and answer.value != choices["ABCDE".index(row["correct"])]
    assert read >= 0.93 * len(questions) and wrong <= 0.04 * len(questions), (read, wrong, len(questions))
