"""Attention of rows that begin alike: in a step the keys and values of their common beginning are read once for all of them.

On a CPU a step of many rows behind one long prompt is bound by reading memory, and every row has that prompt in its slot. It is the same in all
of them, so the first row's serves for all; only what is behind it is each row's own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "promptune_shared"
OTHER = ("softcap", "position_bias", "s_aux", "sliding_window")  # of attention, what is left to torch
_now = threading.local()  # .tokens: how many of the pass's rows begin alike


@contextmanager
def beginning_alike(tokens: int) -> Iterator[None]:
    """For one pass, in which every row has the same first tokens, and the same adapter."""
    _now.tokens = tokens
    try:
        yield
    finally:
        _now.tokens = 0


def attend(
    module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, scaling: float | None = None, **kwargs: Any
) -> tuple[Tensor, Tensor | None]:
    """query: (rows, heads, new, dim); key, value: (rows, key heads, width, dim)."""
    tokens: int = getattr(_now, "tokens", 0)
    if not tokens or query.shape[2] > 1 or any(kwargs.get(name) is not None for name in OTHER):
        found: tuple[Tensor, Tensor | None] = sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **kwargs)
        return found
    rows, heads, _, dim = query.shape
    groups = key.shape[1]  # of heads that share their keys
    mine = query.reshape(rows, groups, heads // groups, dim)
    common = torch.matmul(_together(mine), key[0, :, :tokens].transpose(1, 2))  # (groups, rows × heads of a group, tokens)
    own = torch.matmul(mine, key[:, :, tokens:].transpose(2, 3))  # (rows, groups, heads of a group, width - tokens)
    scores = torch.cat([_apart(common, rows), own], dim=-1).mul_(dim**-0.5 if scaling is None else scaling)
    if attention_mask is not None:
        scores.masked_fill_(~attention_mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)
    out = _apart(torch.matmul(_together(weights[..., :tokens]), value[0, :, :tokens]), rows) + torch.matmul(weights[..., tokens:], value[:, :, tokens:])
    return out.reshape(rows, 1, heads, value.shape[3]), None


def _together(rows: Tensor) -> Tensor:
    """(rows, groups, heads of a group, x) -> (groups, rows × heads of a group, x)."""
    return rows.transpose(0, 1).flatten(1, 2)


def _apart(groups: Tensor, rows: int) -> Tensor:
    """The inverse."""
    return groups.view(groups.shape[0], rows, -1, groups.shape[2]).transpose(0, 1)


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, sdpa_mask)
