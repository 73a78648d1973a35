"""An engine in this process, by name. Only device and worker processes call it: `local` imports torch."""

from __future__ import annotations

from promptune.engines.protocol import Engine


def engine_for(kind: str, device: str) -> Engine:
    if kind == "scripted":
        from promptune.engines.scripted import Scripted

        return Scripted()
    from promptune.engines.local import LocalEngine

    return LocalEngine(device)
