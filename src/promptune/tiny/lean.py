"""The same Llama as transformers', written for training on a CPU: fused projections, bf16 matrix products, weights under the same names.

`state_dict()` is what LlamaForCausalLM loads; a test holds the two against each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON, THETA = 1e-5, 10_000.0


@dataclass(frozen=True)
class Shape:
    vocabulary: int = 2048
    width: int = 128
    layers: int = 5
    heads: int = 4
    inner: int = 384
    window: int = 512


class Norm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return functional.rms_norm(x, (x.size(-1),), self.weight.to(x.dtype), EPSILON)


class Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.q_proj = nn.Linear(shape.width, shape.width, bias=False)
        self.k_proj = nn.Linear(shape.width, shape.width, bias=False)
        self.v_proj = nn.Linear(shape.width, shape.width, bias=False)
        self.o_proj = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """x: (rows, tokens, width)."""
        rows, tokens, width = x.shape
        weight = torch.cat([self.q_proj.weight, self.k_proj.weight, self.v_proj.weight])
        q, k, v = functional.linear(x, weight).view(rows, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(_turned(q, cos, sin), _turned(k, cos, sin), v, is_causal=True)
        out: Tensor = self.o_proj(mixed.transpose(1, 2).reshape(rows, tokens, width))
        return out


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


class Gated(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.width, shape.inner, bias=False)
        self.up_proj = nn.Linear(shape.width, shape.inner, bias=False)
        self.down_proj = nn.Linear(shape.inner, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))
        return out


class Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.self_attn, self.mlp = Attention(shape), Gated(shape)
        self.input_layernorm, self.post_attention_layernorm = Norm(shape.width), Norm(shape.width)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        out: Tensor = x + self.mlp(self.post_attention_layernorm(x))
        return out


class Trunk(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.layers = nn.ModuleList([Layer(shape) for _ in range(shape.layers)])
        self.norm = Norm(shape.width)


class LeanLlama(nn.Module):
    """Embeddings are tied: what reads a token also writes it."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape, self.model = shape, Trunk(shape)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                nn.init.normal_(weight, 0, _spread(name, weight, shape))

    def forward(self, ids: Tensor, scored: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """ids: (rows, tokens), scored: (n) places in the flattened ids -> scores (n, vocabulary) of what follows there."""
        width = self.shape.width // self.shape.heads
        turns = torch.outer(torch.arange(ids.size(1), device=ids.device).float(), 1.0 / THETA ** (torch.arange(0, width, 2, device=ids.device).float() / width))
        cos, sin = turns.cos().to(dtype), turns.sin().to(dtype)
        table = self.model.embed_tokens.weight
        x = functional.embedding(ids, table).to(dtype)
        for layer in self.model.layers:
            x = layer(x, cos, sin)
        return functional.linear(self.model.norm(x.flatten(0, 1)[scored]), table.to(dtype))


def _spread(name: str, weight: Tensor, shape: Shape) -> float:
    if "embed" in name:
        return 0.02
    deep = (2 * shape.layers) ** -0.5 if name.endswith(("o_proj.weight", "down_proj.weight")) else 1.0
    return float(weight.size(1) ** -0.5 * deep)
