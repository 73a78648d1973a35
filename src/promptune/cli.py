"""The command line: the same Lab as the page. With --json, JSON alone is on stdout and everything else on stderr."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from promptune import export
from promptune.cli_duel import duel
from promptune.cli_jobs import jobs_app, started
from promptune.cli_score import metrics, probes, rescore, score
from promptune.cli_talks import leaderboard, talks_app
from promptune.cli_tasks import passages_app, prompts_app, tasks_app, templates
from promptune.cli_tune import recipes, tune
from promptune.core.task import SPLITS, Split
from promptune.errors import UserError
from promptune.lab import About, Frame, Lab
from promptune.settings import Settings
from promptune.terminal import OWNER, AsJson, NameOrCommand, follow, guarded, lab, list_or_one, note, say
from promptune.web.listen import address, listen

PATIENCE = 1.0  # seconds to wait for a model without a word

Contenders = Annotated[
    list[str], typer.Option("-c", "--contender", help="model[+run[@strength]]/strategy[:arguments][?decoding], such as tiny/zero-shot. Repeat it.")
]


app = typer.Typer(
    help="Prompt it or tune it? See every way of getting a task done side by side.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
models_app = typer.Typer(cls=NameOrCommand, help="The models there are; NAME shows one.")
app.add_typer(models_app, name="models")
app.add_typer(tasks_app, name="tasks")
app.add_typer(prompts_app, name="prompts")
app.add_typer(passages_app, name="passages")
app.add_typer(jobs_app, name="jobs")
app.add_typer(talks_app, name="talks")
for command in (templates, score, rescore, metrics, probes, tune, recipes, duel, leaderboard):
    app.command()(command)


# ---- what there is ----


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """What this machine has, and which models can be used."""
    with lab() as here:
        found = here.doctor()
    device, memory = found["device"], found["memory"]
    lines = [
        f"Promptune {found['version']}",
        f"device   {device['name'] or 'none'}: {device['state']}" + (f", {device['why']}" if device["why"] else ""),
        f"memory   {memory['available_mb']:,} of {memory['total_mb']:,} MB free",
        f"offline  {'yes' if found['offline'] else 'no'}",
        *(f"model    {m['name']}: {'usable' if m['usable'] else 'not usable'}" + (f". {m['why']}" if m["why"] else "") for m in found["models"]),
    ]
    say(found, as_json, lambda: "\n".join(lines))


@app.command()
def strategies(name: Annotated[str | None, typer.Argument(help="Show this one.")] = None, as_json: AsJson = False) -> None:
    """The ways of asking."""
    with lab() as here:
        found = {strategy["name"]: strategy for strategy in here.strategies()}
    list_or_one(found, name, "strategy", as_json, lambda s: f"{s['form']:<34} {s['summary']}")


@models_app.command("list")
def models_list(as_json: AsJson = False) -> None:
    """All of them."""
    with lab() as here:
        list_or_one({model.slug: _model(model) for model in here.models(OWNER)}, None, "model", as_json, _model_line)


@models_app.command("show")
def models_show(name: str, as_json: AsJson = False) -> None:
    """One model."""
    with lab() as here:
        list_or_one({name: _model(here.model(OWNER, name))}, name, "model", as_json, _model_line)


@models_app.command("add")
def models_add(
    source: Annotated[str, typer.Argument(help="A folder with config.json, tokenizer and safetensors, or a hub id.")],
    slug: Annotated[str | None, typer.Option("--as", help="Its name in contenders.")] = None,
    as_json: AsJson = False,
) -> None:
    """Adds a model: a folder stays where it is, a hub id is fetched."""
    with lab() as here:
        added = _model(follow(here.add_model(OWNER, source, slug), lambda step: (step.done, step.total, "bytes")))
    say(added, as_json, lambda: f"Added {added['name']}. Ask it: promptune ask 'Hello' -c {added['name']}/zero-shot")


@models_app.command("remove")
def models_remove(name: str) -> None:
    """Takes a model out of the catalogue; a folder of yours stays on the disk."""
    with lab() as here:
        here.delete_model(OWNER, name)
    note(f"Removed {name}.")


def _model(model: Any) -> dict[str, Any]:
    keys = ("label", "origin", "source", "folder", "usable", "why", "size", "note")
    return {"name": model.slug} | {key: getattr(model, key) for key in keys}


def _model_line(model: dict[str, Any]) -> str:
    return f"{model['name']:<24} {model['origin']:<8} {model['size'] / 1e6:10,.1f} MB  " + (model["note"] if model["usable"] else f"not usable: {model['why']}")


# ---- asking ----


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="The question; - reads it from standard input.")] = None,
    contender: Contenders = ["tiny/zero-shot"],  # noqa: B006  # typer copies it
    file: Annotated[Path | None, typer.Option("--file", help="Ask every line of this file instead, as a job.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="With --file: stay until the job ended.")] = False,
    task: Annotated[str | None, typer.Option("--task", help="Ask it as this task does: through its template, with its examples.")] = None,
    row: Annotated[str | None, typer.Option("--row", help="With --task: a row of it (7, train:3), or its other columns as JSON.")] = None,
    after: Annotated[str | None, typer.Option("--after", help="Behind this kept conversation, ID, or behind its first N turns, ID:N.")] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Leave out examples or passages that do not fit the window; else such a prompt is refused.")] = False,
    as_json: AsJson = False,
) -> None:
    """One question to several contenders."""
    about = _about(task, row)
    from_row = about is not None and about.row is not None
    if (question is None) == (file is None) and not (from_row and file is None):
        todo = "Write the text for its input column too." if about else "promptune ask 'Why is the sky blue?' -c tiny/zero-shot"
        raise UserError("give either a question or --file.", where="ask", todo=todo)
    talk, turns = _after(after)
    if talk and (about is not None or file is not None):
        raise UserError("--after goes with a plain question.", where="ask", todo="In a task, and in a file, every question stands alone.")
    if file is not None and about is not None:
        raise UserError("--file asks plain questions.", where="ask", todo="A whole task is asked by `promptune score`.")
    with lab() as here:
        if file is not None:
            job = here.start_batch(OWNER, _lines(file), contender)
            return started(here, job, wait, as_json)
        asked = here.tasks.typed(OWNER, about) if about and question is None else sys.stdin.read() if question == "-" else question or ""
        with _until_ctrl_c() as stop:
            panes = _last(
                here.compare(OWNER, asked, contender, about=about, talk=talk, after=turns, overflow="drop" if drop else "fail", keep=False, stop=stop)
            )
    answers = [export.answer(pane) for pane in panes]
    say({"answers": answers}, as_json, lambda: "\n\n".join("\n".join(filter(None, (a["contender"], a["text"].strip(), a.get("error")))) for a in answers))
    if stop.is_set():
        raise KeyboardInterrupt
    if any("error" in a for a in answers):
        raise typer.Exit(1)


def _about(task: str | None, row: str | None) -> About | None:
    """A row is 7 (of the test split), train:3, or an object of columns."""
    if task is None:
        if row is not None:
            raise UserError("--row needs --task.", where="ask", todo="Say whose row it is.")
        return None
    if row is None:
        return About(task)
    split, _, number = row.rpartition(":")
    if number.isascii() and number.isdecimal() and (split or "test") in SPLITS:
        return About(task, cast(Split, split or "test"), int(number))
    try:
        values = json.loads(row)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise UserError(f"{row!r} is neither a row nor columns.", where="--row", todo='Write 7, train:3 or {"column": "value"}.')
    return About(task, values=values)


def _after(text: str | None) -> tuple[str, int | None]:
    talk, colon, turns = (text or "").partition(":")
    if text is not None and (not talk or (colon and not (turns.isascii() and turns.isdecimal() and len(turns) < 9))):
        raise UserError(f"{text!r} is no conversation.", where="--after", todo="Write ID or ID:N; promptune talks lists them.")
    return talk, int(turns) if turns else None


@contextmanager
def _until_ctrl_c() -> Iterator[threading.Event]:
    """The first Ctrl-C only asks it to stop, so that what came so far is not lost; a second one ends the command."""
    stop = threading.Event()

    def ask_to_stop(*_: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, ask_to_stop)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _last(frames: Iterable[Frame]) -> Frame:
    """The finished answers. A long wait for a model is explained, once."""
    frame: Frame = ()
    began, said = time.monotonic(), False
    for frame in frames:
        waiting = dict.fromkeys(pane.contender.partition("/")[0] for pane in frame if pane.state == "waiting")
        if waiting and not said and time.monotonic() - began >= PATIENCE:
            note(f"loading {', '.join(waiting)} …")
            said = True
    return frame


def _lines(file: Path) -> list[str]:
    try:
        return [line for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}.", where=str(file), todo="Give a text file with one question a line.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"byte {error.start} is no UTF-8.", where=str(file), todo="Save the file as UTF-8.") from None


# ---- the page ----


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(help="Port of the page.")] = None, host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None
) -> None:
    """The web app."""
    changes = {f"PROMPTUNE_{key}": str(value) for key, value in (("PORT", port), ("HOST", host)) if value is not None}
    settings = Settings.load({**os.environ, **changes})
    sock = listen(settings)
    lab = Lab(settings, serving=True, address=address(settings))
    from promptune.web import page, server  # gradio takes seconds to import; the models warm meanwhile

    raise SystemExit(server.serve(page.build(lab), lab, sock))


def main() -> None:
    guarded(app)
