"""Claims as people read them: on a terminal, and as a page with charts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from promptune.tiny.claims import chart
from promptune.tiny.claims.claim import Cell, Claim

HEAD = """# What the bundled model shows

Made by `python -m promptune.tiny.claims --docs docs`, which asks the model through the same Lab as every user. Test rows were never trained on; answers are
greedy unless it says otherwise. Each figure stands with its 95% interval and its number of rows.
"""


def plain(claim: Claim) -> str:
    lines = [f"\n{claim.says}", *(_line(cell) for cell in claim.cells), *([f"  {claim.told}"] if claim.told else [])]
    return "\n".join([*lines, f"  {'reached' if claim.reached else 'NOT REACHED'}"])


def _line(cell: Cell) -> str:
    figure = f"{cell.score.value:.3f} ({cell.score.low:.3f} to {cell.score.high:.3f})"
    tokens = f"{cell.tokens:5.0f} prompt tokens" if cell.tokens else " " * 19
    wanted = f"{cell.reach!s:12} {'yes' if cell.reached else 'NO'}" if str(cell.reach) else ""
    return f"  {cell.what:42} {figure}  n={cell.rows:<4} {tokens}  {wanted}".rstrip()


def write(folder: Path, claims: Sequence[Claim]) -> None:
    """claims.md, and below pictures/ a chart for every claim that has figures."""
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    pieces = [HEAD]
    for claim in claims:
        pieces.append(f"## {claim.says}\n")
        if claim.cells:
            file = folder / "pictures" / f"claim-{claim.name}.svg"
            file.write_text(chart.svg(claim), encoding="utf-8")
            pieces.append(f"![{claim.unit}: {', '.join(f'{cell.what} {cell.score.value:.2f}' for cell in claim.cells)}](pictures/{file.name})\n")
            pieces.append(table(claim))
        pieces.append(f"{claim.told}\n" if claim.told else "")
        pieces.append("" if claim.reached else "**Not reached.**\n")
    (folder / "claims.md").write_text("\n".join(piece for piece in pieces if piece), encoding="utf-8")


def table(claim: Claim) -> str:
    tokens = any(cell.tokens for cell in claim.cells)
    rows = [["", claim.unit, "95% interval", "rows", *(["prompt tokens"] if tokens else []), "to reach", ""], ["---"] * (7 if tokens else 6)]
    for cell in claim.cells:
        figure = [cell.what, f"{cell.score.value:.3f}", f"{cell.score.low:.3f} to {cell.score.high:.3f}", str(cell.rows)]
        wanted = str(cell.reach)
        rows.append(
            [*figure, *([f"{cell.tokens:.0f}" if cell.tokens else ""] if tokens else []), wanted, ("yes" if cell.reached else "**no**") if wanted else ""]
        )
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
