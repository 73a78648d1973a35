"""What the documentation names is there, and what is there the documentation names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from promptune.prompting.strategies import STRATEGIES
from promptune.tasks.definition import TaskFile
from promptune.tasks.templates import library

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_strategy_is_told() -> None:
    rows = re.findall(r"^\| `([a-z-]+)", (ROOT / "docs" / "strategies.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert rows == STRATEGIES.names()


def test_the_tasks_yaml_in_the_documentation_is_one(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "tasks.md").read_text(encoding="utf-8")
    block = re.search(r"\n\n((?:    .*\n)+)\nInstead", text)
    assert block
    (tmp_path / "task.yaml").write_text(re.sub(r"^    ", "", block[1], flags=re.MULTILINE), encoding="utf-8")
    assert TaskFile.load(tmp_path / "task.yaml").name == "reviews"


def test_every_kind_of_template_is_told() -> None:
    text = (ROOT / "docs" / "tasks.md").read_text(encoding="utf-8")
    assert {template.family for template in library().values()} == {
        family for family in ("classification", "summarisation", "generation", "translation", "question answering", "word problems") if family in text
    }
