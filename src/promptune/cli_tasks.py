"""The commands about tasks and what else a person brings: `promptune tasks …`, `templates`, `prompts`, `passages`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from promptune.errors import UserError
from promptune.lab import Draft, Lab, SavedInfo, TaskData, TaskFile, TaskInfo
from promptune.terminal import OWNER, AsJson, NameOrCommand, follow, lab, list_or_one, note, say

tasks_app = typer.Typer(cls=NameOrCommand, help="The tasks there are; NAME shows one.")

Columns = Annotated[str | None, typer.Option(help="A column.")]


@tasks_app.command("list")
def tasks_list(as_json: AsJson = False) -> None:
    """All of them."""
    with lab() as here:
        list_or_one({task.slug: _task(task) for task in here.tasks.list(OWNER)}, None, "task", as_json, _task_line)


@tasks_app.command("show")
def tasks_show(name: str, as_json: AsJson = False) -> None:
    """One task: its splits, its classes, and three of its examples as they are asked."""
    with lab() as here:
        info, data, overview = here.tasks.get(OWNER, name), here.tasks.load(OWNER, name), here.describe(OWNER, name)
    rows = {split: len(examples) for split, examples in data.examples.items()}
    shown = _task(info) | {"rows": rows, "template": data.task.template, "examples": _examples(data), "warnings": list(overview.warnings)}
    say(shown, as_json, lambda: _plain(info.title, data, overview.warnings))


@tasks_app.command("new")
def tasks_new(
    source: Annotated[list[str], typer.Argument(help="A file, files named by their splits, a folder, a task's YAML or zip, or a dataset's hub name.")],
    slug: Annotated[str, typer.Option("--as", help="Its name.")] = "",
    title: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    template: Annotated[str | None, typer.Option(help="Jinja over the columns, `prompt ||| completion`; @FILE reads it from a file.")] = None,
    use: Annotated[str | None, typer.Option(help="A template of the library: see `promptune templates`.")] = None,
    fills: Annotated[list[str] | None, typer.Option("--map", help="With --use: FIELD=COLUMN, or FIELD=a Jinja expression. Repeat it.")] = None,
    promptsource: Annotated[Path | None, typer.Option(help="A promptsource YAML to take the template from.")] = None,
    named: Annotated[str | None, typer.Option("--named", help="With --promptsource: which of its templates.")] = None,
    choices: Annotated[str | None, typer.Option(help="What can be answered: 'negative ||| positive'.")] = None,
    rationale: Annotated[str | None, typer.Option(help="Jinja: the worked steps.")] = None,
    also: Annotated[str | None, typer.Option(help="Jinja: other right answers, between |||.")] = None,
    answer: Annotated[str | None, typer.Option(help="text, choice or number.")] = None,
    metric: Annotated[list[str] | None, typer.Option(help="How answers are scored; the first one counts. Repeat it.")] = None,
    input: Columns = None,
    group: Columns = None,
    origin: Annotated[str | None, typer.Option("--source", help="The column whose equal values must not be split.")] = None,
    split: Annotated[str | None, typer.Option(help="Shares of train, validation and test: 0.8,0.1,0.1.")] = None,
    seed: Annotated[int, typer.Option(help="For making splits.")] = 0,
    encoding: Annotated[str | None, typer.Option(help="Of the file; found where it is not given.")] = None,
    separator: Annotated[str | None, typer.Option(help="Of the file; 'tab' is one too.")] = None,
    header: Annotated[bool | None, typer.Option(help="Whether the first line names the columns.")] = None,
    columns: Annotated[str | None, typer.Option(help="Names for a file without a header: text,label.")] = None,
    config: Annotated[str | None, typer.Option(help="Of a hub dataset that has several.")] = None,
    keep_good: Annotated[bool, typer.Option("--keep-good", help="Go on without the rows that cannot be used.")] = False,
    look: Annotated[bool, typer.Option("--look", help="Show what it would be, and keep nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Makes a task of a table. What is not said is found, and shown."""
    given: dict[str, Any] = {
        "title": title,
        "use": use,
        "fills": _fills(fills),
        "template": _text(template),
        "answer_choices": choices,
        "rationale": rationale,
        "also": also,
        "answer_type": answer,
        "metrics": metric,
        "input": input,
        "group": group,
        "source": origin,
        "splits": _shares(split, seed),
        "read": _some({"encoding": encoding, "separator": "\t" if separator == "tab" else separator, "header": header, "columns": _names(columns)}),
        "keep_good": keep_good or None,
    }
    _one_template({"--template": template, "--use": use, "--promptsource": promptsource}, fills, named)
    with lab() as here:
        if promptsource:
            given = here.tasks.promptsource(promptsource, named or "") | _some(given)
        made = here.tasks.draft(_sources(here, source, config), TaskFile.check(_some(given), "tasks new"))
        kept = None if look else here.tasks.keep(OWNER, made, slug=slug, keep_good=keep_good)
        shown = _draft(made) | ({"name": kept.slug} if kept else {})
        say(shown, as_json, lambda: _told(made))
        if kept:
            note(f"Kept as {kept.slug}. Ask it: {_command(kept.slug, made.data)}")


@tasks_app.command("export")
def tasks_export(name: str, file: Annotated[Path, typer.Argument(help="A zip to write.")]) -> None:
    """Writes a task and its rows as one zip, which `tasks new` reads."""
    with lab() as here:
        here.tasks.export(OWNER, name, file)
    note(f"Wrote {file}.")


@tasks_app.command("remove")
def tasks_remove(name: str) -> None:
    """Deletes a task of yours; scorecards made with it stay."""
    with lab() as here:
        here.tasks.delete(OWNER, name)
    note(f"Removed {name}.")


@tasks_app.command("check")
def tasks_check(
    name: str,
    contender: Annotated[str, typer.Option("-c", "--contender", help="Whose prompts and tokens are counted.")] = "tiny/zero-shot",
    as_json: AsJson = False,
) -> None:
    """Duplicates, overlaps between splits, class balance, lengths in a model's tokens, rows that do not fit its window."""
    with lab() as here:
        overview = here.describe(OWNER, name)
        with closing(here.lengths(OWNER, name, contender)) as measuring:
            lengths = follow(measuring, lambda step: (step.done, step.total, "rows measured"))
    found = {"overview": asdict(overview), "lengths": asdict(lengths)}
    say(found, as_json, lambda: "\n".join([*overview.lines(), *lengths.lines()]))


# ---- the library of templates, and what is saved for strategies ----


def templates(name: Annotated[str | None, typer.Argument(help="Show this one.")] = None, as_json: AsJson = False) -> None:
    """The library of templates."""
    with lab() as here:
        found = {one.name: one.model_dump(mode="json") for one in here.templates()}
    list_or_one(found, name, "template", as_json, lambda one: f"{one['name']:<24} {one['family']:<20} {one['summary']}")


prompts_app = typer.Typer(cls=NameOrCommand, help="Prompts of your own, for instruct:NAME and custom:NAME.")
passages_app = typer.Typer(cls=NameOrCommand, help="Attached texts and tables, for retrieve:3,from=NAME.")


@prompts_app.command("list")
def prompts_list(as_json: AsJson = False) -> None:
    """All of them."""
    with lab() as here:
        list_or_one(_saved(here.saved.prompts(OWNER)), None, "prompt", as_json, _saved_line)


@prompts_app.command("show")
def prompts_show(name: str, as_json: AsJson = False) -> None:
    """One prompt, part by part."""
    with lab() as here:
        list_or_one({name: asdict(here.saved.prompt(OWNER, name))}, name, "prompt", as_json, str)


@prompts_app.command("add")
def prompts_add(
    file: Annotated[Path, typer.Argument(help="A YAML with any of role, instruction, context, constraints, cue.")],
    slug: Annotated[str, typer.Option("--as", help="Its name.")] = "",
) -> None:
    """Saves a prompt."""
    with lab() as here:
        added = here.saved.prompt_from(OWNER, file, slug)
    note(f"Saved as {added.slug}. Ask with it: promptune ask 'Hello' -c tiny/custom:{added.slug}")


@prompts_app.command("remove")
def prompts_remove(name: str) -> None:
    """Deletes a prompt."""
    with lab() as here:
        here.saved.delete_prompt(OWNER, name)
    note(f"Removed {name}.")


@passages_app.command("list")
def passages_list(as_json: AsJson = False) -> None:
    """All of them."""
    with lab() as here:
        list_or_one(_saved(here.saved.passages(OWNER)), None, "passages", as_json, _saved_line)


@passages_app.command("show")
def passages_show(name: str, as_json: AsJson = False) -> None:
    """One text or table, passage by passage."""
    with lab() as here:
        found = here.saved.passages_of(OWNER, name)
    say({"name": name, "passages": list(found)}, as_json, lambda: "\n\n".join(found))


@passages_app.command("add")
def passages_add(
    file: Annotated[Path, typer.Argument(help="A text with paragraphs, or a table.")], slug: Annotated[str, typer.Option("--as", help="Its name.")] = ""
) -> None:
    """Attaches a text or a table."""
    with lab() as here:
        added = here.saved.passages_from(OWNER, file, slug=slug)
    note(f"Saved as {added.slug}. Ask with it: promptune ask 'Hello' -c tiny/retrieve:3,from={added.slug}")


@passages_app.command("remove")
def passages_remove(name: str) -> None:
    """Deletes passages."""
    with lab() as here:
        here.saved.delete_passages(OWNER, name)
    note(f"Removed {name}.")


# ---- inside ----


def _sources(here: Lab, given: Sequence[str], config: str | None) -> list[Path]:
    """Files and folders as they are; what is none of them and looks like a hub name is fetched."""
    if not all(given):
        raise UserError("a name is empty.", where="files", todo="Name a file or a folder; . is this one.")
    if len(given) == 1 and not Path(given[0]).exists() and here.is_hub_name(given[0]):
        with closing(here.fetch_dataset(OWNER, given[0], config)) as news:
            fetched = follow(news, lambda step: (step.done, step.total, "bytes"))
        for line in fetched.notes:
            note(line)
        return [here.uploads.path(OWNER, fetched.id)]
    if config:
        raise UserError("--config is for datasets of the hub, and this is a file.", where="tasks new", todo="Leave it out.")
    return [Path(one) for one in given]


def _one_template(said: Mapping[str, object], fills: Sequence[str] | None, named: str | None) -> None:
    """Nothing that was said is passed over in silence."""
    given = [option for option, value in said.items() if value]
    if len(given) > 1:
        raise UserError(f"{' and '.join(given)} each say what the template is.", where="tasks new", todo="Give one of them.")
    if fills and given not in ([], ["--use"]):
        raise UserError(f"--map fills a template of the library, and {given[0]} says another.", where="tasks new", todo="Leave one of them out.")
    if named and given != ["--promptsource"]:
        raise UserError("--named needs --promptsource.", where="tasks new", todo="Say in which file the template is.")


def _command(slug: str, data: TaskData) -> str:
    """What can be done with it now."""
    test = data.examples.get("test", ())
    if test and all(example.references for example in test):
        return f"promptune score {slug} -c tiny/zero-shot --limit 20"
    return f"promptune ask 'Hello' --task {slug}"


def _some(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was really said."""
    return {key: value for key, value in values.items() if value is not None and value != {} and value != []}


def _text(given: str | None) -> str | None:
    if given is None or not given.startswith("@"):
        return given
    file = Path(given[1:])
    if not file.is_file():
        raise UserError(f"there is no file {given[1:]!r}.", where="--template", todo="Write @ and a text file's name.")
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.", where="--template", todo="Give a UTF-8 text file.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{file} cannot be read: byte {error.start} is no UTF-8.", where="--template", todo="Save it as UTF-8.") from None


def _fills(given: Sequence[str] | None) -> dict[str, str]:
    pairs = [one.partition("=") for one in given or ()]
    if wrong := [field for field, equals, value in pairs if not equals or not value]:
        raise UserError(f"{wrong[0]!r} is no FIELD=COLUMN.", where="--map", todo="Write --map text=review_body.")
    return {field: value for field, _, value in pairs}


def _names(given: str | None) -> list[str]:
    return [name.strip() for name in given.split(",")] if given else []


def _shares(given: str | None, seed: int) -> dict[str, Any] | None:
    if given is None:
        return {"seed": seed} if seed else None
    try:
        train, validation, test = map(float, given.split(","))
    except ValueError:
        raise UserError(f"{given!r} is not three numbers.", where="--split", todo="Write --split 0.8,0.1,0.1.") from None
    return {"train": train, "validation": validation, "test": test, "seed": seed}


def _task(task: TaskInfo) -> dict[str, Any]:
    values = asdict(task)
    return {"name": values.pop("slug"), **values}


def _task_line(task: dict[str, Any]) -> str:
    return f"{task['name']:<24} {task['origin']:<9} {task['answer_type']:<7} {task['title']}"


def _examples(data: TaskData) -> list[dict[str, Any]]:
    split = "train" if data.examples.get("train") else next(iter(data.examples))
    return [asdict(example) for example in data.examples[split][:3]]


def _draft(made: Draft) -> dict[str, Any]:
    """What a draft is, without its rows: how each table was read stands in `found`."""
    return {
        "title": made.task.title,
        "rows": {split: len(rows) for split, rows in made.data.rows.items()},
        "columns": list(made.columns),
        "found": {name: asdict(found) for name, found in made.found.items()},
        "bad": [str(bad) for bad in made.bad],
        "used": made.used,
        "template": made.task.template,
        "answer_choices": made.task.answer_choices,
        "answer_type": made.task.answer_type,
        "metrics": list(made.task.metrics),
        "input": made.task.input,
        "warnings": list(made.warnings),
        "examples": _examples(made.data),
    }


def _told(made: Draft) -> str:
    read = [f"{name or 'read as':<11}{found.words()}" for name, found in made.found.items()]
    used = [f"template   {made.used}" if made.used else "template   your own"]
    bad = [f"bad        {one}" for one in made.bad]
    return "\n".join([*read, *used, *bad, _plain(made.task.title, made.data, made.warnings)])


def _plain(title: str, data: TaskData, warnings: Sequence[str]) -> str:
    task = data.task
    lines = [title, "rows       " + ", ".join(f"{len(rows):,} {split}" for split, rows in data.rows.items())]
    lines += [f"answers    {task.answer_type}, scored by {', '.join(task.metrics)}", f"input      {task.input}"]
    lines += [f"note       {warning}" for warning in warnings]
    for example in _examples(data):
        choices = f"   ({' | '.join(example['choices'])})" if example["choices"] else ""
        lines += ["", *(f"  | {line}" for line in example["prompt"].splitlines())]
        lines += [f"  → {example['completion']}{choices}"] if example["completion"] is not None else []
    return "\n".join(lines)


def _saved(found: Sequence[SavedInfo]) -> dict[str, dict[str, Any]]:
    return {one.slug: {"name": one.slug, "label": one.label, "summary": one.summary} for one in found}


def _saved_line(one: dict[str, Any]) -> str:
    return f"{one['name']:<24} {one['summary']}"
