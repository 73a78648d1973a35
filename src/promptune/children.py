"""How processes of our own are started: the same Python, the same code, and an environment without secrets."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

SOURCE = str(Path(__file__).resolve().parents[1])  # where `promptune` is imported from, installed or in a checkout
SECRETS = ("TOKEN", "SECRET", "PASSWORD", "API_KEY")


def argv(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def environment(*, online: bool = False) -> dict[str, str]:
    """Models are read from folders only, so a child needs no network and no token, unless it is the one that fetches them."""
    kept = {name: value for name, value in os.environ.items() if online or not any(word in name.upper() for word in SECRETS)}
    path = os.pathsep.join(dict.fromkeys([SOURCE, *filter(None, kept.get("PYTHONPATH", "").split(os.pathsep))]))
    return kept | {"PYTHONPATH": path, "TOKENIZERS_PARALLELISM": "false"} | ({} if online else {"HF_HUB_OFFLINE": "1"})


def ending(code: int) -> str:
    """How a process ended, from its exit code as subprocess gives it."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {-code}, {signal.Signals(-code).name}"
    except ValueError:  # real-time signals have no name
        return f"signal {-code}"
