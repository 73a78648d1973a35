"""Batches: each is a function of its seed and step, and nothing that is taught goes unscored."""

from __future__ import annotations

from itertools import islice

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from promptune.tiny.corpus import ASIDE, IN_TURNS, ROWS, batch
from promptune.tiny.world.mixture import documents
from promptune.tiny.world.text import Document, plain

TOKENS = 200


def told(words: PreTrainedTokenizerFast, document: Document) -> list[tuple[int, bool]]:
    """Its tokens, each with whether it is taught."""
    return [(one, piece.taught) for piece in document for one in words(piece.text, add_special_tokens=False)["input_ids"]]


def row(words: PreTrainedTokenizerFast, seed: str) -> list[tuple[int, bool]]:
    """One token more than a row has: the last one is only foretold."""
    return [token for document in islice(documents(seed), 40) for token in told(words, document)][: TOKENS + 1]


def test_a_batch_depends_on_its_seed_and_step_alone(words: PreTrainedTokenizerFast) -> None:
    """So training goes on where it stopped, without what came before."""
    last = batch(words, 3, 17, TOKENS)
    for step in (0, 16):
        batch(words, 3, step, TOKENS)
    again = batch(words, 3, 17, TOKENS)
    assert all(torch.equal(getattr(last, name), getattr(again, name)) for name in ("ids", "scored", "next", "weights"))
    for other in (batch(words, 3, 18, TOKENS), batch(words, 4, 17, TOKENS)):
        assert not torch.equal(other.ids, last.ids)


@pytest.mark.parametrize("step", range(IN_TURNS + 1))
def test_what_stands_in_a_batch(words: PreTrainedTokenizerFast, step: int) -> None:
    made = batch(words, 5, step, TOKENS)
    assert made.ids.shape == (ROWS, TOKENS) and made.ids.dtype == torch.int64
    assert made.scored.shape == made.next.shape == made.weights.shape
    rows = [row(words, f"5 {step} {i}") for i in range(ROWS)]
    assert made.ids.tolist() == [[one for one, _ in of_row[:-1]] for of_row in rows]
    following = [token for of_row in rows for token in of_row[1:]]  # as the flattened ids: what comes after each place
    scored = dict(zip(made.scored.tolist(), zip(made.next.tolist(), made.weights.tolist(), strict=True), strict=True))
    assert len(scored) == len(made.scored)
    for place, (token, taught) in enumerate(following):
        if taught:
            assert scored[place] == (token, 1.0)
        elif place in scored:
            assert scored[place] == (token, pytest.approx(ASIDE * IN_TURNS)) and place % IN_TURNS == step % IN_TURNS
        else:
            assert place % IN_TURNS != step % IN_TURNS


def test_every_row_begins_with_a_document_of_its_own(words: PreTrainedTokenizerFast) -> None:
    """A row that began amid one would teach answers to questions that nobody can see."""
    made = batch(words, 1, 2, TOKENS, rows=20)
    begun = [plain(next(documents(f"1 2 {i}"))) for i in range(20)]
    for ids, text in zip(made.ids, begun, strict=True):
        told = words.decode(ids, clean_up_tokenization_spaces=False)
        assert told.startswith(text) or text.startswith(told)
    assert len(set(begun)) > 15
