"""One forward pass of a causal model over rows that stand at different places, each behind what its slot holds."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from promptune.engines import local_shared
from promptune.engines.local_adapters import PLAIN, Mix, Mixer
from promptune.engines.local_models import turns_on_others
from promptune.engines.local_slots import Slots

NEEDED = {"input_ids", "attention_mask", "position_ids", "past_key_values", "use_cache"}  # of a model's forward
TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 1e-2}  # of predictions, as a share of the largest


class Reader:
    def __init__(self, model: Any) -> None:
        self.model, self.mixer = model, Mixer(model)
        self.device: torch.device = model.device
        self.layers = int(model.config.get_text_config(decoder=True).num_hidden_layers)
        self.token = 0  # bytes that a token's keys and values take, once something was read
        self.shares = self.device.type == "cpu" and model.config._attn_implementation == "sdpa"  # a beginning that rows have in common
        if self.shares:
            model.set_attn_implementation(local_shared.NAME)
        self._additive = model.config._attn_implementation not in ("sdpa", local_shared.NAME)
        self._picks = "logits_to_keep" in inspect.signature(model.forward).parameters

    def read(self, slots: Slots, first: int, rows: Sequence[Sequence[int]], starts: list[int], mixes: Sequence[Mix], alike: int = 0) -> Tensor:
        """The predictions behind each row's last new token: (rows, vocabulary). The new tokens' keys and values are in the slots then.

        `alike`: so many of their first tokens are the same ones, read with the same adapter.
        Shorter rows are filled up behind their end: what stands there is masked until a later token takes its place.
        """
        lengths = [len(row) for row in rows]
        if min(lengths) == max(lengths):
            with local_shared.beginning_alike(alike if self.shares else 0):
                return self._forward(slots, first, rows, starts, mixes, 1)[:, -1]
        each, last = torch.arange(len(rows), device=self.device), torch.tensor(lengths, device=self.device) - 1
        if not self._picks:
            return self._forward(slots, first, rows, starts, mixes, 0)[each, last]
        ends, places = last.unique(return_inverse=True)  # predictions are made only where some row ends
        return self._forward(slots, first, rows, starts, mixes, ends)[each, places]

    def read_all(self, slots: Slots, first: int, rows: Sequence[Sequence[int]], starts: list[int], mixes: Sequence[Mix]) -> Tensor:
        """The predictions behind every new token: (rows, new, vocabulary)."""
        return self._forward(slots, first, rows, starts, mixes, 0)

    def _forward(self, slots: Slots, first: int, rows: Sequence[Sequence[int]], starts: list[int], mixes: Sequence[Mix], keep: int | Tensor) -> Tensor:
        new = max(len(row) for row in rows)
        slots.reserve(first + len(rows), max(starts) + new)
        slots.at(first, starts, new, self.device)
        lengths = [len(row) for row in rows]
        positions = slots.where
        if min(lengths) < new:  # what fills a row up stands where its last token does: behind the window there may be no position
            positions = torch.minimum(positions, torch.tensor(starts, device=self.device).add(torch.tensor(lengths, device=self.device) - 1).unsqueeze(1))
        mask = slots.mask()
        if mask is not None and self._additive:
            mask = torch.zeros(mask.shape, dtype=self.model.dtype, device=self.device).masked_fill_(~mask, torch.finfo(self.model.dtype).min)
        ids = torch.tensor([[*row, *[row[-1]] * (new - len(row))] for row in rows], device=self.device)
        with self.mixer.mixing(mixes):
            out = self.model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=slots,
                use_cache=True,
                **({"logits_to_keep": keep} if self._picks else {}),
            )
        logits: Tensor = out.logits
        return logits


def reader_of(model: Any) -> Reader | None:
    """None for a model whose rows cannot stand at different places, or whose past is more than keys and values: it says so, or shows it.

    Nobody can know that of every architecture by its name, so two rows are read together, in pieces, and compared with each alone.
    """
    config = model.config.get_text_config(decoder=True)
    kinds = set(getattr(config, "layer_types", None) or ["full_attention" if not getattr(config, "sliding_window", None) else "sliding_attention"])
    if kinds != {"full_attention"} or turns_on_others(model.config) or not set(inspect.signature(model.forward).parameters) >= NEEDED:
        return None
    try:
        reader = Reader(model)
        return reader if _agrees(reader) else None
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, TypeError, ValueError, AttributeError, IndexError, KeyError, AssertionError):  # whatever a model does with what it does not expect
        return None


@torch.inference_mode()
def takes(reader: Reader, mix: Mix) -> bool:
    """Whether a row with this adapter says beside a plain one what it says alone: not where layers see tokens without their rows."""
    ids = [[(5 * i + 2) % _vocabulary(reader) for i in range(7)]]
    try:
        both = reader.read(Slots(reader.layers), 0, ids * 2, [0, 0], [PLAIN, mix])
        each = [reader.read(Slots(reader.layers), 0, ids, [0], [one])[0] for one in (PLAIN, mix)]
    except (RuntimeError, ValueError, IndexError):
        return False
    return all(_alike(row, alone) for row, alone in zip(both, each, strict=True))


def _alike(row: Tensor, alone: Tensor) -> bool:
    return bool((row - alone).abs().max() <= TOLERANCE.get(alone.dtype, 1e-2) * alone.abs().max().clamp(min=1e-6))


def _vocabulary(reader: Reader) -> int:
    return int(reader.model.get_input_embeddings().weight.shape[0])


@torch.inference_mode()
def _agrees(reader: Reader) -> bool:
    vocabulary = _vocabulary(reader)
    short, long = ([(7 * i + at) % vocabulary for i in range(length)] for at, length in ((1, 6), (3, 11)))
    slots, two = Slots(reader.layers), [PLAIN, PLAIN]
    reader.read(slots, 0, [short[:4], long[:7]], [0, 0], two)
    reader.token = sum(keys.nbytes + values.nbytes for keys, values in slots.read(0, 1))
    found = reader.read(slots, 0, [short[4:], long[7:]], [4, 7], two)
    if reader.shares:
        both, same = Slots(reader.layers), [short, short]
        reader.read(both, 0, [one[:-1] for one in same], [0, 0], two)
        apart, together = (reader.read(both, 0, [one[-1:] for one in same], [len(short) - 1] * 2, two, alike) for alike in (0, 4))
        reader.shares = bool((apart - together).abs().max() <= TOLERANCE[torch.float32] * apart.abs().max().clamp(min=1e-6))
    for row, ids in zip(found, (short, long), strict=True):
        alone = reader.model(input_ids=torch.tensor([ids], device=reader.device)).logits[0, -1]
        if not _alike(row, alone):
            return bool(alone.isnan().any())  # damaged weights are told where somebody asks
    return True
