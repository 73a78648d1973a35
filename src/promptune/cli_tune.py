"""The commands about tuning: `promptune tune`, `promptune recipes`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from promptune import cli_jobs, export_scores
from promptune.core.job import JobState
from promptune.core.score import Score
from promptune.errors import Problem, Problems
from promptune.lab import Lab
from promptune.terminal import OWNER, AsJson, follow, lab, list_or_one, say
from promptune.tuning.recipes import RecipeInfo


class OnOverflow(StrEnum):
    FAIL = "fail"
    SKIP = "skip"


Task = Annotated[str, typer.Argument(help="Whose train rows it learns from; `promptune tasks` lists them.")]
Model = Annotated[str, typer.Option("--model", help="The model to start from; `promptune models` lists them.")]


def tune(
    task: Task,
    model: Model = "tiny",
    recipe: Annotated[str, typer.Option("--recipe", help="How; `promptune recipes` lists them.")] = "lora",
    set_: Annotated[list[str] | None, typer.Option("--set", help="A setting of the recipe, such as rate=0.001. Repeat it.")] = None,
    name: Annotated[str, typer.Option("--as", help="The run's name in contenders; without it TASK-RECIPE.")] = "",
    overflow: Annotated[OnOverflow, typer.Option(help="Rows longer than the window: fail before anything is spent, or skip them.")] = OnOverflow.FAIL,
    limit: Annotated[int, typer.Option(help="Test rows that it is scored on, before and after: a seeded, stratified sample.")] = 500,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tunes a model on a task, and scores it before and after: on test rows, and on skills that have nothing to do with the task."""
    with lab() as here:
        starting = here.tunes.start(OWNER, task, model, recipe, _settings(set_ or []), name=name, overflow=overflow.value, limit=limit)
        job = follow(starting, lambda step: (step.done, step.total, "rows measured"))
        if not wait:
            return cli_jobs.started(here, job, wait, as_json)
        job = cli_jobs.waited(here, job)
        found = result(here, job.id)
        say(found, as_json, lambda: _plain(found))
        if job.state is not JobState.DONE:
            raise typer.Exit(1)
    return None


def recipes(name: Annotated[str | None, typer.Argument(help="Show this one.")] = None, as_json: AsJson = False) -> None:
    """The ways of tuning."""
    with lab() as here:
        found = {info.recipe.name: _recipe(info) for info in here.tunes.recipes()}
    if name in found and not as_json:
        return say(found[name], as_json, lambda: _plain_recipe(found[name]))
    return list_or_one(found, name, "recipe", as_json, lambda one: f"{one['name']:<8} {one['summary']}")


def result(here: Lab, id: str) -> dict[str, Any]:
    """A run as `promptune tune --wait --json` prints it; of one that did not end well, what there is."""
    job, run, live = here.job(OWNER, id), here.tunes.run(OWNER, id), here.tunes.live(OWNER, id)
    found: dict[str, Any] = {"job": id, "state": job.state, "run": run.slug, "contender": run.contender}
    if any(job.spec["skipped"].values()):
        found["skipped"] = job.spec["skipped"]
    if live.made:
        keys = ("trainable", "seconds", "peak_memory_mb", "steps", "best")
        found |= {key: live.made[key] for key in keys}
    if job.state is JobState.DONE:
        before, after = here.scores.card(OWNER, id).contenders
        probes = {when: export_scores.metrics(scores) for when, scores in here.tunes.probes_of(OWNER, id).items()}
        found |= {"metrics": {"before": export_scores.metrics(before.metrics), "after": export_scores.metrics(after.metrics)}, "probes": probes}
        if after.retention and after.retention.drift is not None:
            found["drift"] = after.retention.drift
    elif job.cause:
        found["cause"] = job.cause
    return found


def _settings(given: list[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    wrong = [Problem("--set", f"{''.join(pair)!r} is no NAME=VALUE, such as rate=0.001.") for pair in pairs if not (pair[0] and pair[2])]
    names = [name for name, _, _ in pairs]
    wrong += [Problem("--set", f"{name} is given twice.") for name in dict.fromkeys(names) if name and names.count(name) > 1]
    if wrong:
        raise Problems(wrong)
    return {name: value for name, _, value in pairs}


def _recipe(info: RecipeInfo) -> dict[str, Any]:
    knobs = {knob.name: {"value": getattr(info.recipe, knob.name), "about": knob.about} for knob in info.knobs}
    return {"name": info.recipe.name, "title": info.title, "method": info.recipe.method, "summary": info.summary, "settings": knobs}


def _plain_recipe(one: dict[str, Any]) -> str:
    settings = [f"  {name:<8} {knob['value']:<8} {knob['about']}" for name, knob in one["settings"].items()]
    return "\n".join([f"{one['name']}: {one['title']}. {one['summary']}", *settings])


def _plain(found: dict[str, Any]) -> str:
    lines = [f"{found['run']}: {found['state']}" + (f", {found['cause']}" if "cause" in found else "")]
    if "skipped" in found:
        left_out = ", ".join(f"{count} {split} row{'s' * (count != 1)}" for split, count in found["skipped"].items() if count)
        lines.append(f"left out {left_out}: too long for the model's window")
    if "trainable" in found:
        trainable = found["trainable"]
        lines.append(
            f"trained  {trainable['parameters']:,} parameters ({100 * trainable['share']:.2g}%) in {found['seconds']:.0f} s, {found['peak_memory_mb']:,} MB"
        )
    for what in ("metrics", "probes"):
        for name, before in found.get(what, {}).get("before", {}).items():
            after = found[what]["after"].get(name)
            lines.append(f"{name:<12} {export_scores.score(Score(**before))}  ->  {export_scores.score(Score(**after)) if after else '–'}")
    lines.append(f"Ask it: promptune ask '…' -c {found['contender']}" if "metrics" in found else f"promptune jobs resume {found['job']} --wait")
    return "\n".join(lines)
