"""The commands about scorecards: `promptune score`, `promptune rescore`, `promptune metrics`, `promptune probes`."""

from __future__ import annotations

import os
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from promptune import cli_jobs, export_scores
from promptune.core.job import JobState
from promptune.errors import UserError
from promptune.lab import Lab
from promptune.scores import Rescored, rescore_file
from promptune.terminal import OWNER, AsJson, lab, list_or_one, note, say


class OnOverflow(StrEnum):
    FAIL = "fail"
    DROP = "drop"
    SKIP = "skip"


Out = Annotated[Path | None, typer.Option("--out", help="Write the report there: one HTML file that needs nothing else.")]


def check_out(out: Path | None) -> None:
    """Before anything is spent."""
    if out is not None and not out.absolute().parent.is_dir():
        raise UserError(f"there is no folder {out.absolute().parent}.", where="--out", todo="Make it, or name another one.")
    if out is not None and (out.is_dir() or not os.access(out if out.exists() else out.absolute().parent, os.W_OK)):
        raise UserError(f"{out} cannot be written.", where="--out", todo="Name a file, in a folder of yours.")


def write_report(place: Path, text: str) -> None:
    """Whole, or as it was."""
    part = place.with_name(f".{place.name}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)  # of a job that has not run itself: its folder is not there yet
        part.write_text(text, encoding="utf-8")
        part.replace(place)
    except OSError as error:
        raise UserError(f"the report cannot be written: {error.strerror}.", where=str(place), todo="Name another file with --out.") from None


def score(
    task: Annotated[str, typer.Argument(help="Whose test rows are asked; `promptune tasks` lists them.")],
    contender: Annotated[list[str], typer.Option("-c", "--contender", help="model[+run[@strength]]/strategy[:arguments][?decoding]. Repeat it.")],
    limit: Annotated[int | None, typer.Option(help="Only so many rows: a seeded, stratified sample, the same for every contender.")] = None,
    where: Annotated[str | None, typer.Option(help="Only rows with column=value.")] = None,
    overflow: Annotated[
        OnOverflow,
        typer.Option(help="A prompt longer than the window: fail before anything is asked, drop as few examples as must go, or skip its row for everybody."),
    ] = OnOverflow.FAIL,
    probes: Annotated[bool, typer.Option("--probes", help="Ask also what else the models can: `promptune probes` lists it. Shows what tuning forgot.")] = False,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Scores contenders on a task's test rows, and waits for the scorecard. What was answered is kept: `promptune jobs resume` goes on with it."""
    check_out(out)
    with lab() as here:
        job = cli_jobs.waited(here, here.scores.start(OWNER, task, contender, limit=limit, where=where, overflow=overflow.value, probes=probes))
        if job.state is not JobState.DONE:
            note(f"promptune: the job {job.id} is {job.state}: {job.cause}")
            raise typer.Exit(1)
        if out is not None:
            write_report(out, here.scores.report(OWNER, job.id))
        _show(here, job.id, as_json)


def rescore(
    source: Annotated[str, typer.Argument(help='A scorecard\'s id, or a file with one {"prediction": …, "reference" or "references": …} a line.')],
    metrics: Annotated[
        str | None, typer.Option(help="Names between commas, such as rouge1,bleu; `promptune metrics` lists them. Without it a scorecard is shown as it is.")
    ] = None,
    contender: Annotated[str | None, typer.Option("-c", "--contender", help="Only this one of them.")] = None,
    as_json: AsJson = False,
) -> None:
    """Scores predictions that are there by other metrics; no model is asked.

    With one contender the JSON is {"metrics": …}, with several {"contenders": [{"contender", "metrics"}, …]}.
    """
    names = [name.strip() for name in (metrics or "").split(",") if name.strip()]
    if Path(source).is_file():
        found = rescore_file(Path(source), names, contender)
    elif source.endswith((".jsonl", ".json")):
        raise UserError("there is no such file.", where=source, todo="Give a scorecard's id, or a file of predictions.")
    else:
        with lab() as here:
            if metrics is None and contender is None:
                return _show(here, source, as_json)
            found = here.scores.rescore(OWNER, source, names, contender)
    say(_rescored(found), as_json, lambda: _plain(found))
    for name, signature in found[0].signatures.items():
        note(f"{name}: {signature}")
    return None


def metrics(name: Annotated[str | None, typer.Argument(help="Show this one.")] = None, as_json: AsJson = False) -> None:
    """The ways of scoring."""
    with lab() as here:
        found = {one.name: {"name": one.name, "summary": one.summary} for one in here.scores.metrics()}
    list_or_one(found, name, "metric", as_json, lambda one: f"{one['name']:<14} {one['summary']}")


def probes(name: Annotated[str | None, typer.Argument(help="Show this one.")] = None, as_json: AsJson = False) -> None:
    """What models are asked besides their task, before and after tuning."""
    with lab() as here:
        found = {one.name: asdict(one) for one in here.scores.probes.list()}
    list_or_one(found, name, "probe", as_json, lambda one: f"{one['name']:<12} {one['title']:<40} {one['task']} by {one['strategy']}, {one['metric']}")


def _show(here: Lab, id: str, as_json: bool) -> None:
    """A finished scorecard."""
    card, signatures = here.scores.card(OWNER, id), here.scores.signatures(OWNER, id)

    def plain() -> str:
        heading = f"{export_scores.summary(card)}; scores × 100 (95% interval)"
        table = export_scores.plain(export_scores.table(card))
        told = export_scores.told(card)
        return f"{told}{told and chr(10)}{heading}\n\n{table}\n\nOther metrics: promptune rescore {id} --metrics …"

    for name, signature in signatures.items():
        note(f"{name}: {signature}")
    say(export_scores.card(card, id), as_json, plain)


def _rescored(found: list[Rescored]) -> dict[str, Any]:
    if len(found) == 1:
        return {"metrics": export_scores.metrics(found[0].metrics)}
    return {"contenders": [{"contender": one.contender, "metrics": export_scores.metrics(one.metrics)} for one in found]}


def _plain(found: list[Rescored]) -> str:
    heading = ["contender", *found[0].metrics]
    return export_scores.plain([heading, *([one.contender or "(file)", *map(export_scores.score, one.metrics.values())] for one in found)])
