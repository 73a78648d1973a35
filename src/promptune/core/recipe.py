"""How a model is tuned: method, hyper-parameters, budget."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    name: str
    method: str  # lora, qlora, full, …
    settings: tuple[tuple[str, float | int | str | bool], ...] = ()
    max_steps: int | None = None
    max_seconds: float | None = None
