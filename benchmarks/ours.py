"""The engine, asked as the lab asks it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from promptune.core.prompt import Prompt
from promptune.engines.local import LocalEngine
from promptune.engines.protocol import Failed, Finished, Request, Weights


@dataclass(frozen=True)
class Answered:
    texts: list[str]
    seconds: float
    firsts: list[float]  # seconds until each one's first token


class Ours:
    def __init__(self, device: str) -> None:
        self.engine = LocalEngine(device)
        self._asked = 0

    def answer(self, prompts: Sequence[Prompt], weights: Sequence[Weights], tokens: Sequence[int], *, temperature: float = 0.0, seed: int = 0) -> Answered:
        """Each text draws with a seed of its own, from `seed` on."""
        self._asked += 1
        requests = [
            Request(f"{self._asked}-{i}", one, prompt, limit, seed=seed + i, temperature=temperature, owner="person")
            for i, (prompt, one, limit) in enumerate(zip(prompts, weights, tokens, strict=True))
        ]
        started, texts, firsts = time.perf_counter(), {}, {}
        for event in self.engine.stream(requests):
            assert not isinstance(event, Failed), event
            if isinstance(event, Finished):
                made = event.generation
                texts[event.id] = made.text
                firsts[event.id] = time.perf_counter() - started - made.seconds + (made.first_token_seconds or 0.0)
        seconds = time.perf_counter() - started
        return Answered([texts[request.id] for request in requests], seconds, [firsts[request.id] for request in requests])

    def forget(self, weights: Weights) -> None:
        """All prompts that it has read."""
        runner = self.engine._shelf.get(weights).runner
        runner.prefixes.clear()
