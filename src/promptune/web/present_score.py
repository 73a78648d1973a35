"""HTML of an opened scorecard, put together of what `markup` draws. Pure, and through present.esc like everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from promptune.core.job import Job
from promptune.core.score import Scorecard
from promptune.markup import charts, curves, measured, samples, skills, standings, verdict
from promptune.web.present import esc
from promptune.web.present_duel import RECIPES

FORMS = (("Markdown", "md"), ("JSON", "json"), ("Predictions (CSV)", "csv"), ("Predictions (JSON Lines)", "jsonl"))
DELETING = {
    "duel": "Its predictions and the weights of its runs are lost.",
    "score": "Its predictions are lost.",
    "tune": "The run, its weights and its predictions are lost.",
}


def whole(card: Scorecard, *, over: bool) -> str:
    """The verdict first, then the table, the pictures, and how it was measured; while it is made, the scores that are there."""
    if not over:  # what is still to come stands among the steps
        return f'<section class="card" aria-label="Standings"><h2>Scores so far</h2>{standings.table(replace(card, missing=(), verdict=None))}</section>'
    table = f'<section class="card" aria-label="Standings">{standings.table(card)}</section>'
    told = f'<section class="told">{verdict.view(card)}</section>' if card.verdict else ""
    pictures = [charts.quality_cost(card)]
    if any(one.retention for one in card.contenders):
        pictures += [charts.learned_kept(card), f"<h2>What changed</h2>{skills.table(card)}"]
    trio = f'<div class="trio">{"".join(f"<section class=card>{one}</section>" for one in pictures)}</div>'
    how = f'<details class="measured"><summary>How it was measured</summary>{measured.view(card)}</details>'
    return f"{told}{table}{trio}{how}"


def training(step: Job, points: Sequence[Mapping[str, Any]], checks: Sequence[Mapping[str, Any]]) -> str:
    recipe = str(step.spec["recipe"]["name"])
    return f"<h3>{esc(RECIPES.get(recipe, recipe)[:1].upper() + RECIPES.get(recipe, recipe)[1:])}</h3>{curves.curves(points, checks)}"


def choices(counts: Mapping[samples.Show, int] | None) -> list[tuple[str, str]]:
    """The kinds of samples, with how many there are of each."""
    return [(f"{title} {counts[show]:,}" if counts else title, show) for show, (title, _) in samples.TITLES.items()]


def links(job: Job, *, made: bool, rows: bool) -> str:
    """To our own owner-checked routes."""
    if not made:
        return ""
    where, report = f"download/scores/{esc(job.id)}", f"download/reports/{esc(job.id)}.html"
    opens = f'<a class="btn link" href="{report}?read=1" target="_blank" rel="noopener">Open report</a>'
    read = f'{opens} <a class="btn link" href="{report}" download>Report.html</a>'
    files = " ".join(f'<a class="btn link" href="{where}.{form}" download>{esc(label)}</a>' for label, form in FORMS if rows or form in ("md", "json"))
    return f'<div class="line small download">{read} <span class="soft">Export</span> {files}</div>'
