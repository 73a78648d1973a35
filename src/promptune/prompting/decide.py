"""From a contender to requests in which everything is decided."""

from __future__ import annotations

from typing import TypeVar

from promptune.core.contender import Contender
from promptune.core.decoding import MAX_SEED
from promptune.core.prompt import Prompt
from promptune.core.strategy import Strategy
from promptune.engines.protocol import Request, Weights

N = TypeVar("N", int, float)


def requests(
    id: str, weights: Weights, contender: Contender, strategy: Strategy, prompt: Prompt, *, max_tokens: int, seed: int, owner: str = ""
) -> tuple[Request, ...]:
    """One for each sample of the strategy, named `id`, `id.1`, …, each with a seed of its own.

    The contender's decoding comes first, then its strategy's, then greedy with the given length and seed.
    """
    asked, default = contender.decoding, strategy.decoding
    first = _first(asked.seed, default.seed, seed)
    return tuple(
        Request(
            id=f"{id}.{i}" if i else id,
            weights=weights,
            prompt=prompt,
            max_tokens=_first(asked.max, default.max, max_tokens),
            seed=(first + i) % (MAX_SEED + 1),
            temperature=_first(asked.t, default.t, 0.0),
            top_p=_first(asked.top_p, default.top_p, 1.0),
            stop=asked.stop or default.stop,
            kept=asked.max,
            owner=owner,
        )
        for i in range(strategy.samples)
    )


def _first(asked: N | None, default: N | None, otherwise: N) -> N:
    return next((value for value in (asked, default) if value is not None), otherwise)
