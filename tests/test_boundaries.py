"""The linter refuses a crossed boundary as it is typed: each rule is shown a line that breaks it, for a rule that never fires protects nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def codes(line: str, file: str) -> set[str]:
    """The import rules that a line breaks in a file of that name, whether or not there is such a file."""
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "TID", "--output-format", "json", "--stdin-filename", file, "-"]
    done = subprocess.run(command, input=f"{line}\n", capture_output=True, text=True, cwd=ROOT)
    return {problem["code"] for problem in json.loads(done.stdout)}


@pytest.mark.parametrize(
    ("line", "file", "code"),
    [
        ("import gradio", "src/promptune/jobs/x.py", "TID251"),
        ("import gradio", "src/promptune/lab.py", "TID251"),
        ("from gradio import Blocks", "src/promptune/core/x.py", "TID251"),
        ("from promptune.web import page", "src/promptune/jobs/x.py", "TID251"),
        ("from promptune import web", "src/promptune/lab.py", "TID251"),
        ("from promptune.lab import Lab", "src/promptune/store/x.py", "TID251"),
        ("from promptune.cli import main", "src/promptune/engines/x.py", "TID251"),
        ("from promptune.store import Store", "src/promptune/core/x.py", "TID251"),
        ("from promptune.registry import Registry", "src/promptune/core/x.py", "TID251"),
        ("from promptune.store import Store", "src/promptune/web/x.py", "TID251"),
        ("from promptune.engines.device import Device", "src/promptune/web/x.py", "TID251"),
        ("import torch", "src/promptune/lab.py", "TID253"),
        ("import torch", "src/promptune/web/x.py", "TID253"),
        ("import torch", "src/promptune/core/x.py", "TID253"),
        ("import torch", "src/promptune/engines/device.py", "TID253"),
        ("from transformers import AutoTokenizer", "src/promptune/jobs/worker.py", "TID253"),
        ("import peft", "src/promptune/scoring/x.py", "TID253"),
        ("import torch", "app.py", "TID253"),
        ("from .contender import Contender", "src/promptune/core/x.py", "TID252"),
    ],
)
def test_a_crossed_boundary_is_refused(line: str, file: str, code: str) -> None:
    assert code in codes(line, file)


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("import gradio", "src/promptune/web/compare.py"),
        ("import gradio", "app.py"),
        ("from promptune.lab import Lab", "src/promptune/web/compare.py"),
        ("from promptune.core.contender import Contender", "src/promptune/web/compare.py"),
        ("from promptune.lab import Lab", "src/promptune/cli.py"),
        ("import torch", "src/promptune/engines/local_models.py"),
        ("import torch", "src/promptune/tuning/train.py"),
        ("import torch", "src/promptune/tiny/train.py"),
        ("from promptune.errors import UserError", "src/promptune/core/x.py"),
    ],
)
def test_what_belongs_there_is_allowed(line: str, file: str) -> None:
    assert codes(line, file) == set()
