"""HTML of tuning: the data, the recipes, a run while it is made and afterwards. Pure, and through present.esc like everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from promptune.core.job import Job, JobState
from promptune.core.score import Scorecard
from promptune.lab import Overview, RunInfo
from promptune.markup import curves, skills, standings
from promptune.web.present import clip, date, empty, esc, facts, mark, plural, size
from promptune.web.present_duel import RECIPES
from promptune.web.present_kept import STATES, seconds_whole

TITLES = {
    "rate": "Learning rate",
    "epochs": "Epochs",
    "batch": "Batch",
    "rank": "Rank",
    "warmup": "Warm-up",
    "clip": "Clipping",
    "decay": "Weight decay",
    "alpha": "Alpha",
    "checks": "Checks an epoch",
    "patience": "Patience",
    "seed": "Seed",
}
LONGEST = 120  # characters of a sample


def step(number: int, name: str) -> str:
    return f'<h2><span class="soft">{number}</span> {esc(name)}</h2>'


def data(glance: Overview) -> str:
    """The rows of each split, and what somebody should know of them."""
    splits = [split for split in ("train", "validation", "test") if split in glance.rows]
    counts = " / ".join(f"{glance.rows[split]:,}" for split in glance.rows if split in splits)
    told = [f"<b>{counts}</b> {esc(' / '.join(splits))} rows", *(esc(one) for one in glance.warnings)]
    fine = '<span class="good" aria-hidden="true">✓</span> no row in two splits'
    return f'<p class="soft small" dir="auto">{" · ".join(told if glance.warnings else [*told, fine])}</p>'


def row(run: RunInfo, score: float | None) -> str:
    """Two lines of a list."""
    words = "done" if run.usable and run.state is JobState.DONE else STATES[run.state]
    found = f"validation {100 * score:.1f}" if score is not None else ""
    return f"{run.label}\n{' · '.join(filter(None, [run.slug, words, found]))}"


def head(run: RunInfo) -> str:
    what = f"{run.slug} · {RECIPES.get(run.recipe, run.recipe)} of {run.model} on {run.task} · {date(run.created)}"
    return f'<h2 dir="auto">{esc(run.label)}</h2><p class="soft small" dir="auto">{esc(what)}</p>'


def going(job: Job, points: Sequence[Mapping[str, Any]], checks: Sequence[Mapping[str, Any]]) -> str:
    """Curves, and what the model said at the last check."""
    if job.state is JobState.QUEUED and not points:
        return ""
    return f"{curves.curves(points, checks)}{said(checks)}"


def said(checks: Sequence[Mapping[str, Any]]) -> str:
    found = (checks[-1].get("said") or []) if checks else []
    if not found:
        return ""
    lines = "".join(
        f'<li dir="auto"><span class="soft">{esc(clip(" ".join(str(one["question"]).split()), LONGEST))}</span> → '
        f"<b>{esc(clip(str(one['answer']).strip(), LONGEST)) or '<i>nothing</i>'}</b>{mark(bool(one['right']))}{_wanted(one)}</li>"
        for one in found
    )
    where = f"of the validation rows, at step {int(checks[-1]['step']):,}"
    return f'<h3>Latest samples <span class="soft small">{where}</span></h3><ul class="said-now small">{lines}</ul>'


def _wanted(one: Mapping[str, Any]) -> str:
    return "" if one["right"] else f' <span class="soft">right answer {esc(clip(str(one["wanted"]), LONGEST))}</span>'


def result(card: Scorecard | None, made: Mapping[str, Any] | None, bytes_: int) -> str:
    """Before and after, what changed beside the task, and what it cost."""
    scores = f"<h3>Before and after, on the test rows</h3>{standings.table(card)}<h3>What changed</h3>{skills.table(card)}" if card else ""
    return f"{scores}{cost(made, bytes_)}" if scores or made else ""


def cost(made: Mapping[str, Any] | None, bytes_: int) -> str:
    if made is None:
        return ""
    recipe, trained = made["recipe"], made["trainable"]
    return "<h3>What it took</h3>" + facts(
        [
            ("Training", f"{seconds_whole(made['seconds'])}, {plural(made['done'], 'step')} of {made['steps']:,}; the best at step {made['best']['step']:,}"),
            ("Rows", f"{made['rows']:,} train rows, {recipe['batch']} a step, at most {plural(recipe['epochs'], 'epoch')}"),
            ("Rate", f"{recipe['rate']:g}"),
            ("Trained", f"{plural(trained['parameters'], 'weight')}, {100 * trained['share']:.1f}% of the model"),
            ("Memory", f"{made['peak_memory_mb']:,} MB at most" if made.get("peak_memory_mb") else ""),
            ("On the disk", size(bytes_)),
        ]
    )


def nothing() -> str:
    return empty("No runs yet. Choose a task and a recipe above, and press “Tune it”.")
