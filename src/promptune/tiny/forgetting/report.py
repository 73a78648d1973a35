"""The study as people read it: on a terminal, and as a page with charts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from promptune.core.score import Score
from promptune.tiny.forgetting import chart
from promptune.tiny.forgetting.found import NEAR, Mean, chosen, means
from promptune.tiny.forgetting.grid import RATES, Result

METRICS = {"reviews": "accuracy", "translate": "BLEU / 100"}
Told = tuple[str, list[Mean], list[Mean], list[Mean]]
SOLVED = 0.98  # from this score on a task counts as learned
HEAD = f"""# Learning against forgetting

Made by `python -m promptune.tiny.forgetting` on the bundled model, through the same Lab as everything a user does; the base is asked once. For each
recipe four learning rates, each with three seeds, on two tasks. *Loss* is of the validation rows, *score* of the test rows; *kept* is the mean over
the other skills of the share of rows the base had right that the run still has right. Figures are means over the seeds, with Student's 95% interval,
which is wide for three seeds that differ. *Drift* is the KL from the base's predictions to the run's on general text.

The rate that is shipped is chosen on validation loss alone: the gentlest whose loss is within {NEAR} nats a token of the best one's on every task.
"""


def plain(found: Sequence[Result]) -> str:
    made = means(found)
    lines = [
        f"{one.task:10} {one.recipe:5} {one.rate:<8g} {one.seeds} seeds  loss {one.loss:.4f}  score {_said(one.score)}  kept {_said(one.kept)}" for one in made
    ]
    return "\n".join([*lines, *(f"{recipe}: the rate that validation loss chooses is {_rate(made, recipe)}" for recipe in RATES)])


def write(folder: Path, found: Sequence[Result]) -> None:
    """forgetting.md, and below pictures/ a chart for each task."""
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    made = means(found)
    rates = {recipe: chosen(made, recipe) for recipe in RATES}
    pieces = [HEAD, f"Chosen: {', '.join(f'{recipe} {_rate(made, recipe)}' for recipe in RATES)}.\n", *map(_matched, _by_task(made, rates)), ""]
    for task in dict.fromkeys(one.task for one in made):
        file = folder / "pictures" / f"forgetting-{task}.svg"
        file.write_text(chart.svg(task, METRICS[task], made, rates), encoding="utf-8")
        pieces.append(f"## {task}\n\n![score and kept skills, by recipe and rate](pictures/{file.name})\n\n{_table([one for one in made if one.task == task])}")
        pieces.append(_skills([one for one in found if one.cell.task == task], rates))
    (folder / "forgetting.md").write_text("\n".join(pieces), encoding="utf-8")


def _by_task(made: Sequence[Mean], rates: dict[str, float | None]) -> list[Told]:
    """Each task with its chosen rates, those with the lowest loss, and for each recipe the solved one that kept most."""
    found = []
    for task in dict.fromkeys(one.task for one in made):
        mine = [one for one in made if one.task == task]
        solved = [
            max(options, key=lambda one: one.kept.value)
            for recipe in RATES
            if (options := [one for one in mine if one.recipe == recipe and one.score.value >= SOLVED])
        ]
        lowest = [min((one for one in mine if one.recipe == recipe), key=lambda one: one.loss) for recipe in dict.fromkeys(one.recipe for one in mine)]
        found.append((task, [one for one in mine if one.rate == rates[one.recipe]], lowest, solved))
    return found


def _matched(told: Told) -> str:
    task, taken, lowest_, solved = told
    at_chosen = "; ".join(f"{one.recipe} at {one.rate:g} scores {_said(one.score)} and keeps {_said(one.kept)}" for one in taken)
    lowest = "; ".join(f"{one.recipe} at {one.rate:g} scores {_said(one.score)} and keeps {_said(one.kept)}" for one in lowest_)
    best = "; ".join(f"{one.recipe} at {one.rate:g} keeps {_said(one.kept)}" for one in solved) or "no rate gets there"
    return f"- **{task}**, chosen rates: {at_chosen or 'none'}. The lowest loss of all: {lowest}. Of the rates that reach {SOLVED}, what keeps most: {best}."


def _table(made: Sequence[Mean]) -> str:
    rows = [["recipe", "rate", "loss", "score", "kept", "drift", "seconds"], ["---"] * 7]
    rows += [[one.recipe, f"{one.rate:g}", f"{one.loss:.4f}", _said(one.score), _said(one.kept), f"{one.drift:.2f}", f"{one.seconds:.0f}"] for one in made]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _skills(found: Sequence[Result], rates: dict[str, float | None]) -> str:
    """What was kept of each skill at the chosen rates, mean over the seeds."""
    lines = []
    for recipe, rate in rates.items():
        mine = [one for one in found if (one.cell.recipe, one.cell.rate) == (recipe, rate)]
        if mine:
            names = [skill.title for skill in mine[0].retention.skills]
            kept = [sum(one.retention.skills[i].kept.value for one in mine) / len(mine) for i in range(len(names))]
            refused = [
                (skill.kind, sum(one.retention.refusals[i].after.value for one in mine) / len(mine)) for i, skill in enumerate(mine[0].retention.refusals)
            ]
            told = [f"{name} {share:.2f}" for name, share in zip(names, kept, strict=True)] + [
                f"{kind} requests refused {share:.2f}" for kind, share in refused
            ]
            lines.append(f"At the chosen rate {recipe} kept: {', '.join(told)}.\n")
    return "\n".join(lines)


def _rate(made: Sequence[Mean], recipe: str) -> str:
    rate = chosen(made, recipe)
    return "none" if rate is None else f"{rate:g}"


def _said(score: Score) -> str:
    return f"{score.value:.3f} ({score.low:.2f} to {score.high:.2f})"
