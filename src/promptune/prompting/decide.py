"""From a contender to a request in which everything is decided."""

from __future__ import annotations

from typing import TypeVar

from promptune.core.contender import Contender
from promptune.core.prompt import Prompt
from promptune.core.strategy import Strategy
from promptune.engines.protocol import Request, Weights

N = TypeVar("N", int, float)


def request(id: str, weights: Weights, contender: Contender, strategy: Strategy, prompt: Prompt, *, max_tokens: int, seed: int) -> Request:
    """The contender's decoding first, then its strategy's, then greedy with the given length and seed."""
    asked, default = contender.decoding, strategy.decoding
    return Request(
        id=id,
        weights=weights,
        prompt=prompt,
        max_tokens=_first(asked.max, default.max, max_tokens),
        seed=_first(asked.seed, default.seed, seed),
        temperature=_first(asked.t, default.t, 0.0),
        top_p=_first(asked.top_p, default.top_p, 1.0),
        stop=asked.stop or default.stop,
    )


def _first(asked: N | None, default: N | None, otherwise: N) -> N:
    return next((value for value in (asked, default) if value is not None), otherwise)
