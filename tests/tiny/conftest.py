"""What the tests of the bundled model's making share: documents drawn once, and a tokenizer learned from a few of them. None needs a trained model."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from promptune.tiny import tables, tokenizer
from promptune.tiny.world.mixture import documents
from promptune.tiny.world.text import Document, plain


@pytest.fixture(scope="session")
def corpus() -> tuple[Document, ...]:
    return tuple(islice(documents("tests"), 30_000))


@pytest.fixture(scope="session")
def texts(corpus: tuple[Document, ...]) -> tuple[str, ...]:
    return tuple(map(plain, corpus))


@pytest.fixture(scope="session")
def made() -> dict[str, str]:
    """The built-in tasks' tables as they are made now, by their paths."""
    return dict(tables.files())


@pytest.fixture(scope="session")
def words() -> PreTrainedTokenizerFast:
    return tokenizer.learn(2_000)


@pytest.fixture
def _one_thread() -> Iterator[None]:
    """Sums of floats depend on how many threads share them."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
