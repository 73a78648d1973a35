"""How a model is tuned: a method and its settings, everything decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Method = Literal["lora", "full"]


@dataclass(frozen=True)
class Recipe:
    name: str
    method: Method
    rate: float  # of learning, at its highest
    epochs: int = 3
    batch: int = 16  # examples a step
    warmup: float = 0.05  # share of all steps in which the rate rises
    clip: float = 1.0  # largest norm of a gradient
    decay: float = 0.0  # weight decay
    rank: int = 8  # LoRA's
    alpha: int = 16  # LoRA's scale is alpha / rank
    checks: int = 2  # validations an epoch
    patience: int = 3  # checks in a row without a better one, after which it ends
    seed: int = 0
