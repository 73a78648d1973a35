"""What of a model a recipe trains. A new method is one branch here; the training is the same for all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from promptune.core.recipe import Recipe
from promptune.engines.local_models import Loaded


@dataclass(frozen=True)
class Trainable:
    parameters: int
    share: float  # of all its parameters, the added ones too


def prepare(loaded: Loaded, recipe: Recipe) -> Any:
    """The model to train. Its new weights are drawn by the recipe's seed."""
    torch.manual_seed(recipe.seed)
    if recipe.method == "full":
        return loaded.model.float().requires_grad_(True)  # small steps would be lost in half precision
    from peft import LoraConfig, get_peft_model  # seconds to import

    loaded.model.requires_grad_(False)
    kind = "SEQ_2_SEQ_LM" if loaded.seq2seq else "CAUSAL_LM"
    return get_peft_model(loaded.model, LoraConfig(task_type=kind, r=recipe.rank, lora_alpha=recipe.alpha, target_modules="all-linear"))


def trainable(model: Any) -> Trainable:
    every = [*model.parameters()]
    count = sum(one.numel() for one in every if one.requires_grad)
    return Trainable(count, count / sum(one.numel() for one in every))


def weights(model: Any) -> dict[str, Tensor]:
    """What is trained, by name; tied weights once."""
    return {name: one for name, one in model.named_parameters() if one.requires_grad}


def save(model: Any, folder: Path) -> None:
    """As PEFT or transformers have it: safetensors and a config."""
    model.save_pretrained(folder, safe_serialization=True)
