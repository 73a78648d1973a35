"""The machine that trains: which device, how many threads, and how much memory it took."""

from __future__ import annotations

import resource
import sys

import torch

from promptune.engines.local_models import Loaded
from promptune.errors import EngineError


def device_of(setting: str) -> str:
    if setting == "cuda" and not torch.cuda.is_available():
        raise EngineError("there is no CUDA device that torch can use.", where="device", todo="Set PROMPTUNE_DEVICE=auto or cpu.")
    return ("cuda" if torch.cuda.is_available() else "cpu") if setting == "auto" else setting


def threads(loaded: Loaded) -> None:
    torch.set_num_threads(loaded.threads)


def memory() -> int:
    """MB at the highest: of the GPU where there is one, else of this process."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated() // 2**20)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak // (2**20 if sys.platform == "darwin" else 2**10))
