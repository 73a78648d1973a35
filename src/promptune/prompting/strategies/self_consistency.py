"""Self-consistency (Wang et al. 2022): several chains of thought, drawn apart, vote on the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from promptune.core.decoding import Decoding
from promptune.prompting.strategies.cot import ChainOfThought
from promptune.prompting.strategies.registry import STRATEGIES, within

MOST = 64  # samples: each is a whole answer


@STRATEGIES.register("self-consistency")
@dataclass(frozen=True)
class SelfConsistency(ChainOfThought):
    name: ClassVar[str] = "self-consistency"
    summary: ClassVar[str] = "Thinks step by step n times, each time a little differently, and takes the answer that comes most often."
    decoding: ClassVar[Decoding] = Decoding(t=0.8)

    n: int

    def __post_init__(self) -> None:
        within("n", self.n, 1, MOST)

    @property
    def samples(self) -> int:
        return self.n
