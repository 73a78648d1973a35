"""The machine that trains: which device, how many threads, and how much memory it took."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

from promptune.core.recipe import Recipe
from promptune.engines.local_models import Loaded, is_out_of_memory
from promptune.errors import EngineError, OutOfMemory


def device_of(setting: str) -> str:
    if setting == "cuda" and not torch.cuda.is_available():
        raise EngineError("there is no CUDA device that torch can use.", where="device", todo="Set PROMPTUNE_DEVICE=auto or cpu.")
    return ("cuda" if torch.cuda.is_available() else "cpu") if setting == "auto" else setting


def threads(loaded: Loaded) -> None:
    torch.set_num_threads(loaded.threads)


def memory(device: str) -> int:
    """MB at the highest: of the GPU where that trains, else of this process."""
    if device == "cuda":
        return int(torch.cuda.max_memory_allocated() // 2**20)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak // (2**20 if sys.platform == "darwin" else 2**10))


def chance() -> dict[str, Tensor]:
    """Where what draws by chance stands, dropout on a GPU too."""
    return {"chance": torch.get_rng_state()} | ({"chance.cuda": torch.cuda.get_rng_state()} if torch.cuda.is_available() else {})


def set_chance(found: Mapping[str, Tensor]) -> None:
    torch.set_rng_state(found["chance"])
    if torch.cuda.is_available() and "chance.cuda" in found:
        torch.cuda.set_rng_state(found["chance.cuda"])


@contextmanager
def naming_memory(recipe: Recipe) -> Iterator[None]:
    """Memory that runs out, wherever in a training, is told with the knob to turn."""
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        half = f"Try --set batch={recipe.batch // 2}" if recipe.batch > 1 else ""
        other = "use the recipe lora" if recipe.method == "full" else "use a smaller model"
        todo = f"{half}, or {other}." if half else f"{other[0].upper()}{other[1:]}."
        raise OutOfMemory("the device ran out of memory.", todo=todo) from None
