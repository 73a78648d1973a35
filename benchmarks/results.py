"""benchmarks/RESULTS.md: one table, a line for each thing that is measured. A benchmark replaces its own line."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

FILE = Path(__file__).resolve().parent / "RESULTS.md"
HEAD = """# Benchmarks

Medians of alternated runs on one machine, outputs asserted equal first; only the ratios travel. `make bench` writes this table.

| what | baseline | Promptune | median of the pairwise ratios | in all honesty |
|---|---|---|---|---|
"""
T = TypeVar("T")


@dataclass(frozen=True)
class Line:
    what: str
    baseline: str
    ours: str
    ratio: float  # above 1: Promptune is quicker
    honestly: str

    def __str__(self) -> str:
        return f"| {self.what} | {self.baseline} | {self.ours} | {self.ratio:.2f}× | {self.honestly} |"


def record(line: Line) -> None:
    there = FILE.read_text(encoding="utf-8").splitlines() if FILE.exists() else []
    rows = [row for row in there if row.startswith("| ") and not row.startswith(("| what |", f"| {line.what} |"))]
    FILE.write_text(HEAD + "\n".join(sorted([*rows, str(line)])) + "\n", encoding="utf-8")
    print(line, flush=True)


def alternate(ways: Mapping[str, Callable[[int], T]], rounds: int) -> dict[str, list[T]]:
    """What every way gives, once a round; each time another one begins."""
    found: dict[str, list[T]] = {name: [] for name in ways}
    names = list(ways)
    for at in range(rounds):
        for name in (*names[at % len(names) :], *names[: at % len(names)]):
            found[name].append(ways[name](at))
    return found


def ratio(theirs: Sequence[float], own: Sequence[float]) -> float:
    return statistics.median(their / mine for their, mine in zip(theirs, own, strict=True))


def spell(seconds: Sequence[float]) -> str:
    middle = statistics.median(seconds)
    return f"{middle:.2f} s" if middle >= 1 else f"{1e3 * middle:.3g} ms"
