"""The house as a whole: which part may import which, what starting up may load, and what a file may hold.

The linter refuses the crossings that matter most as they are typed (tests/test_boundaries.py); here the whole table is checked, imports inside functions too.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "promptune"

# From the ground up: a part imports from its own floor and from those below.
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"errors"}),
    frozenset({"core"}),
    frozenset({"registry", "sandbox", "sandbox_child", "sandbox_strict", "sandbox_tasks", "children"}),
    frozenset({"settings"}),
    frozenset({"tasks", "prompting", "engines", "scoring", "store", "tuning"}),
    frozenset(
        {
            "jobs",
            "compare",
            "pane",
            "models",
            "saved",
            "taskroom",
            "uploads",
            "hub",
            "hub_child",
            "export",
            "export_scores",
            "fitting",
            "markup",
            "probes",
            "reports",
            "runs",
            "talk",
            "links",
        }
    ),  # what the lab is made of
    frozenset({"ready"}),
    frozenset({"scores", "tunes", "asked"}),
    frozenset({"duels", "talks"}),
    frozenset({"lab"}),
    frozenset({"web", "cli", "cli_duel", "cli_jobs", "cli_score", "cli_tasks", "cli_talks", "cli_tune", "terminal", "tiny"}),
    frozenset({"__main__"}),
)
HEAVY = {"torch", "transformers", "peft", "accelerate", "bitsandbytes"}
SKIPPED = {"__pycache__", "promptune-data", "build", "dist"}


def part(file: Path) -> str:
    return file.relative_to(SOURCE).parts[0].removesuffix(".py")


def floor(name: str) -> int:
    found = [number for number, names in enumerate(FLOORS) if name in names]
    assert found, f"promptune.{name} is new: give it a floor in this test"
    return found[0]


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "promptune":
            yield from (f"promptune.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def ours(file: Path) -> set[str]:
    return {name.split(".")[1] for name in imported(file) if name.startswith("promptune.")} - {"__version__"}


def sources() -> list[Path]:
    return [file for file in sorted(SOURCE.rglob("*.py")) if file != SOURCE / "__init__.py"]


def files() -> Iterator[Path]:
    """Every file of the project, but nothing that was made by running it."""
    for path in sorted(ROOT.iterdir()):
        if path.name in SKIPPED or (path.name.startswith(".") and path.name not in (".ci", ".gitignore")):
            continue
        yield from (file for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file() and not made(file))


def made(file: Path) -> bool:
    return any(name in SKIPPED or name.endswith(".egg-info") for name in file.relative_to(ROOT).parts)


def test_imports_go_downwards_only() -> None:
    """A cycle between the floors would make each of them impossible to understand, test or start alone."""
    upwards = [
        f"{file.relative_to(ROOT)} imports promptune.{name}"
        for file in sources()
        for name in ours(file)
        if name != part(file) and floor(name) > floor(part(file))
    ]
    assert upwards == []


def test_the_core_imports_nothing_of_ours_but_the_errors() -> None:
    assert {name for file in (SOURCE / "core").glob("*.py") for name in ours(file)} <= {"core", "errors"}


def test_only_the_web_knows_gradio() -> None:
    """The command line and the workers start without it: importing it takes seconds."""
    assert {part(file) for file in sources() for name in imported(file) if name.partition(".")[0] == "gradio"} <= {"web"}


def loaded_by(statement: str) -> set[str]:
    """The top-level modules in memory after a statement, in a process of its own."""
    script = f"import sys; {statement}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env={"PYTHONPATH": str(SOURCE.parent)})
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module", ["promptune.core.contender", "promptune.settings", "promptune.store", "promptune.jobs.scheduler", "promptune.lab", "promptune.cli"]
)
def test_starting_up_loads_neither_torch_nor_gradio(module: str) -> None:
    """torch belongs to the device and worker processes; a command must answer before gradio could even be imported."""
    assert loaded_by(f"import {module}").isdisjoint(HEAVY | {"gradio"})


def test_no_file_grows_past_what_one_can_hold_in_the_head() -> None:
    lengths = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in files() if file.suffix == ".py"}
    assert {name: lines for name, lines in lengths.items() if lines >= 400} == {}


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    """Such a path works for one person, and tells strangers about their machine."""
    personal = re.compile(r"(?<![\w./-])/(?:root|home/\w+|Users/\w+)/|" + re.escape(f"{ROOT}/"))
    found = [f"{file.relative_to(ROOT)}: {match[0]}" for file in files() if (match := personal.search(file.read_text(encoding="utf-8", errors="ignore")))]
    assert found == []
