"""The keys and values of a batch: a block of memory for each layer, in it a slot for each row, in that a column for each token.

A row's tokens stand in its slot from column 0 on, as far as that row is. What lies behind them is masked, so rows of any length share a
forward pass, and a row's place among others changes nothing of what it attends to.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, CacheLayerMixin

Kept = list[tuple[Tensor, Tensor]]  # for each layer a row's keys and values: (heads, tokens, dim)
STEP = 128  # columns that are added at once, or a multiple
SMALL = 64 * 2**20  # bytes


class _Layer(CacheLayerMixin):  # type: ignore[no-untyped-call]
    """What a model calls while it runs: new tokens go to their columns, and everything up to the widest row comes back."""

    is_sliding = False

    def __init__(self, slots: Slots) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.slots = slots

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        rows, columns = self.slots.rows, self.slots.columns
        self.keys = key_states.new_zeros((rows, key_states.shape[1], columns, key_states.shape[3]))
        self.values = value_states.new_zeros((rows, value_states.shape[1], columns, value_states.shape[3]))
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """key_states, value_states: (rows, heads, new tokens, dim)."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        assert self.keys is not None and self.values is not None
        at = self.slots
        keys, values = self.keys[at.first : at.first + at.count], self.values[at.first : at.first + at.count]
        if at.same is not None:
            keys[:, :, at.same : at.same + at.new] = key_states
            values[:, :, at.same : at.same + at.new] = value_states
        else:
            keys[at.index, :, at.where] = key_states.transpose(1, 2)
            values[at.index, :, at.where] = value_states.transpose(1, 2)
        return keys[:, :, : at.width], values[:, :, : at.width]

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.slots.width, 0

    def get_seq_length(self) -> int:
        return self.slots.width - self.slots.new

    def get_max_length(self) -> int:
        return -1


class Slots(Cache):
    def __init__(self, layers: int) -> None:
        self.rows = self.columns = 0
        self._layers = [_Layer(self) for _ in range(layers)]
        super().__init__(layers=[*self._layers])
        self.at(0, [0], 1, torch.device("cpu"))

    def at(self, first: int, starts: list[int], new: int, device: torch.device) -> None:
        """The next forward pass reads `new` tokens behind `starts` tokens of the rows from slot `first` on."""
        self.first, self.count, self.new = first, len(starts), new
        self.width = max(starts) + new
        self.same = starts[0] if min(starts) == max(starts) else None  # the column where all rows go on, if it is one
        self.where = torch.tensor(starts, device=device).unsqueeze(1) + torch.arange(new, device=device)  # (rows, new): columns, and positions
        self.index = torch.arange(self.count, device=device).unsqueeze(1) if self.same is None else self.where

    def mask(self) -> Tensor | None:
        """(rows, 1, new, width): whether a new token may see a column. None where it is plain causal attention."""
        if self.same is not None and (self.new == 1 or self.same == 0):
            return None
        return (torch.arange(self.width, device=self.where.device) <= self.where.unsqueeze(-1)).unsqueeze(1)

    def reserve(self, rows: int, columns: int) -> None:
        """Room for so many rows of so many tokens; what is there stays."""
        if rows <= self.rows and columns <= self.columns:
            return
        if rows > self.rows:
            self.rows = max(rows, 2 * self.rows)
        if columns > self.columns:
            self.columns = -(-max(columns, self.columns * 3 // 2) // STEP) * STEP  # in steps that grow: each is a copy of everything
        for layer in self._made():
            for name in ("keys", "values"):
                before: Tensor = getattr(layer, name)
                after = before.new_zeros((self.rows, before.shape[1], self.columns, before.shape[3]))
                after[: before.shape[0], :, : before.shape[2]] = before
                setattr(layer, name, after)

    def read(self, slot: int, tokens: int) -> Kept:
        """A copy of a row's first tokens."""
        return [(layer.keys[slot, :, :tokens].clone(), layer.values[slot, :, :tokens].clone()) for layer in self._made()]

    def write(self, slot: int, kept: Kept, tokens: int) -> None:
        """The first tokens of what was read elsewhere, into a row's slot."""
        for layer, (keys, values) in zip(self._layers, kept, strict=True):
            if not layer.is_initialized:
                layer.lazy_initialization(keys.unsqueeze(0), values.unsqueeze(0))
            assert layer.keys is not None and layer.values is not None
            layer.keys[slot, :, :tokens] = keys[:, :tokens]
            layer.values[slot, :, :tokens] = values[:, :tokens]

    def copy(self, source: int, target: int, tokens: int) -> None:
        for layer in self._made():
            for block in (layer.keys, layer.values):
                block[target, :, :tokens] = block[source, :, :tokens]

    def blank(self, slot: int) -> None:
        """What is no number in it would spoil later rows even where it is masked."""
        for layer in self._made():
            layer.keys[slot].zero_()
            layer.values[slot].zero_()

    def clear(self) -> None:
        self.rows = self.columns = 0
        for layer in self._layers:
            layer.keys = layer.values = None
            layer.is_initialized = False

    def rest(self) -> None:
        """Nothing is in it: it gives its memory back, but for a little that the next question takes again."""
        if sum(layer.keys.nbytes + layer.values.nbytes for layer in self._made()) > SMALL:
            self.clear()

    def _made(self) -> list[Any]:
        return [layer for layer in self._layers if layer.is_initialized]
