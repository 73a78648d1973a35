"""The bundled model loaded to be tuned: a fresh copy for each test that changes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from promptune.core.task import Example
from promptune.engines.local_models import Loaded, load
from promptune.models import BUNDLED_FOLDER
from promptune.sandbox import Sandbox
from tests.engines.conftest import base, engine, seq2seq, tiny  # noqa: F401  # fixtures

ROWS = tuple(
    Example(f"Classify this review.\n{text}\nSentiment:", label, choices=("positive", "negative"), answer_type="choice", split="train", row=i)
    for i, (text, label) in enumerate(
        [
            ("This lamp broke on the first day.", "negative"),
            ("I love this chair.", "positive"),
            ("The kettle leaks and the handle is loose. I want my money back.", "negative"),
            ("A great radio.", "positive"),
            ("Worst clock ever.", "negative"),
            ("My sister likes it, and so do I. The sound is clear.", "positive"),
        ]
        * 4,
        1,
    )
)


@pytest.fixture
def loaded() -> Loaded:
    return load(BUNDLED_FOLDER, "cpu")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.close()


def load_folder(folder: str) -> Loaded:
    return load(Path(folder), "cpu")
