"""benchmarks/RESULTS.md: one table, a line for each thing that is measured. A benchmark replaces its own line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).resolve().parent / "RESULTS.md"
HEAD = """# Benchmarks

Medians of alternated runs on one machine, outputs asserted equal first; only the ratios travel. `make bench` writes this table.

| what | baseline | Promptune | median of the pairwise ratios | in all honesty |
|---|---|---|---|---|
"""


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
    print(line)
