"""What is installed: the same everywhere, nothing without a reason, and what ships in configs/ can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"([A-Za-z0-9._-]+)==[0-9][A-Za-z0-9.]*")


def pins(file: str) -> list[str]:
    """The packages a file pins, by their normal names; any line that is not an exact pin fails."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / file).read_text().splitlines()]
    matches = [(line, PIN.fullmatch(line)) for line in lines if line]
    assert [line for line, match in matches if match is None] == []
    return [re.sub(r"[-_.]+", "-", match[1]).lower() for _, match in matches if match]


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt", "requirements-bench.txt", "constraints.txt"])
def test_every_requirement_is_pinned_exactly_and_once(file: str) -> None:
    """A hosted platform installs requirements.txt alone: a range, or a line that points to another file, would break there."""
    names = pins(file)
    assert len(set(names)) == len(names)


def test_what_is_asked_for_directly_is_pinned_in_one_place() -> None:
    """Two pins of one package must be changed together, and one day are not."""
    assert set(pins("constraints.txt")) & {*pins("requirements.txt"), *pins("requirements-dev.txt")} == set()


def test_every_dependency_has_its_reason() -> None:
    section = (ROOT / "CONTRIBUTING.md").read_text().partition("## Why each dependency")[2]
    named = re.findall(r"^\| ([\w.-]+) \| ", section, flags=re.MULTILINE)
    assert [name.lower() for name in named[1:]] == pins("requirements.txt")  # the first row is the head


def test_fifty_short_questions_ship_each_of_its_own() -> None:
    """They are the first thing a person sees answered: a torn quote in the YAML would show there as a half question."""
    questions = yaml.safe_load((ROOT / "configs/questions/everyday.yaml").read_text(encoding="utf-8"))
    assert len(questions) == len(set(questions)) == 50
    assert all(isinstance(question, str) and 15 < len(question) < 200 and question[-1] in ".?'" for question in questions)
