"""Rows of tokens to train on. Every batch is a function of the seed and its step alone, so training can go on where it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from promptune.tiny.world.mixture import documents
from promptune.tiny.world.text import Document

ROWS = 8
ASIDE, IN_TURNS = 0.2, 4  # what is not taught weighs so much, and each step scores one in four of it, with the weight of all four: that saves time


@dataclass(frozen=True)
class Batch:
    ids: Tensor  # (rows, tokens)
    scored: Tensor  # (n): places in the flattened ids whose next token is scored
    next: Tensor  # (n): that token
    weights: Tensor  # (n): of its loss

    def to(self, device: str) -> Batch:
        return Batch(self.ids.to(device), self.scored.to(device), self.next.to(device), self.weights.to(device))


def batch(tokenizer: PreTrainedTokenizerFast, seed: int, step: int, tokens: int, *, loose: bool = False, rows: int = ROWS) -> Batch:
    made = [_row(tokenizer, documents(f"{seed} {step} {row}", loose=loose), tokens + 1) for row in range(rows)]
    ids, taught = torch.tensor([ids for ids, _ in made]), torch.tensor([taught for _, taught in made])[:, 1:].flatten()
    (scored,) = torch.where(taught | (torch.arange(len(taught)) % IN_TURNS == step % IN_TURNS))
    return Batch(ids[:, :-1], scored, ids[:, 1:].flatten()[scored], torch.where(taught[scored], 1.0, ASIDE * IN_TURNS))


def _row(tokenizer: PreTrainedTokenizerFast, made: Iterator[Document], tokens: int) -> tuple[list[int], list[bool]]:
    """Whole documents one after the other; the last one loses its end."""
    ids: list[int] = []
    taught: list[bool] = []
    for document in made:
        encoded = tokenizer([piece.text for piece in document], add_special_tokens=False)["input_ids"]
        for piece, of_piece in zip(document, encoded, strict=True):
            ids += of_piece
            taught += [piece.taught] * len(of_piece)
        if len(ids) >= tokens:
            return ids[:tokens], taught[:tokens]
    raise AssertionError("documents never end")
