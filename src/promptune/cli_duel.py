"""The command `promptune duel`: the whole question in one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from promptune import cli_jobs, export_scores
from promptune.cli_score import Out, check_out, write_report
from promptune.cli_tune import Model, Task
from promptune.core.job import JobState
from promptune.errors import UserError
from promptune.lab import DuelView, Lab
from promptune.terminal import OWNER, AsJson, follow, lab, note, say


def duel(
    task: Task,
    model: Model = "tiny",
    limit: Annotated[int, typer.Option(help="Test rows: a seeded, stratified sample, the same for every contender.")] = 500,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Prompt it or tune it? Tries every way on the same test rows, and waits for the verdict. What is there is kept: `promptune jobs resume` goes on."""
    check_out(out)
    with lab() as here:
        job = follow(here.duels.start(OWNER, task, model, limit=limit), lambda step: (step.done, step.total, "rows measured"))
        job = cli_jobs.waited(here, job)
        view = here.duels.view(OWNER, job.id)
        if view.card is None:
            note(f"promptune: the job {job.id} is {job.state}: {job.cause}")
            raise typer.Exit(1)
        report = _report(here, job.id, out)
        say(found(view, report), as_json, lambda: plain(view) + (f"\n\nThe report: {report}" if report else ""))
        if job.state is not JobState.DONE:
            note(f"promptune: the job {job.id} is {job.state}: {job.cause}")
            raise typer.Exit(1)


def found(view: DuelView, report: str) -> dict[str, Any]:
    """As `promptune duel --json` prints it."""
    assert view.card is not None
    return export_scores.card(view.card, view.job.id) | {"runs": view.runs, "report": report}


def plain(view: DuelView) -> str:
    assert view.card is not None
    table = export_scores.plain(export_scores.table(view.card))
    return f"{export_scores.told(view.card)}\n{export_scores.summary(view.card)}; scores × 100 (95% interval)\n\n{table}"


def _report(here: Lab, id: str, out: Path | None) -> str:
    """Where it lies; nowhere if it cannot be written, which is said, for the scorecard is there all the same."""
    place = out.absolute() if out else here.settings.home / "jobs" / id / "report.html"
    try:
        write_report(place, here.duels.report(OWNER, id))
    except UserError as error:
        note(f"promptune: {error}")
        return ""
    return str(place)
