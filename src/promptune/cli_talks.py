"""The commands about kept conversations: `promptune talks …`, and `promptune leaderboard` of the votes in them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from promptune.errors import UserError
from promptune.lab import Leaderboard, Standing, TalkInfo
from promptune.pane import LETTERS
from promptune.terminal import OWNER, AsJson, NameOrCommand, lab, note, say

talks_app = typer.Typer(cls=NameOrCommand, help="Kept conversations; ID shows one.")


@talks_app.command("list")
def talks_list(search: Annotated[str, typer.Option("--search", help="Only those that hold all of these words.")] = "", as_json: AsJson = False) -> None:
    """All of them, newest first."""
    with lab() as here:
        found = [_info(info) for info in here.talks.list(OWNER, search, limit=None)]
    say(
        found,
        as_json,
        lambda: "\n".join(map(_line, found)) or ("No conversation holds that." if search else "No conversations yet. Compare keeps what you ask."),
    )


@talks_app.command("show")
def talks_show(id: str, as_json: AsJson = False) -> None:
    """One conversation: its questions, answers and votes."""
    with lab() as here:
        text = here.talks.export(OWNER, id, "json" if as_json else "md")
    _print(text, as_json=as_json)


@talks_app.command("delete")
def talks_delete(id: str) -> None:
    """Forgets a conversation, with its answers and votes."""
    with lab() as here:
        here.talks.delete(OWNER, id)
    note(f"Deleted {id}.")


@talks_app.command("export")
def talks_export(
    id: str,
    form: Annotated[str, typer.Option("--form", help="md or json; without it, as the file's name ends, else md.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Write it there instead of to standard output.")] = None,
) -> None:
    """A conversation as Markdown or JSON."""
    form = form or (out.suffix.removeprefix(".") if out else "") or "md"
    with lab() as here:
        text = here.talks.export(OWNER, id, form)
    if out is None:
        return _print(text, as_json=form == "json")
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot be written: {error.strerror}.", where=str(out), todo="Choose another place.") from None
    note(f"Written to {out}.")


def leaderboard(
    task: Annotated[str | None, typer.Option("--task", help="Of the votes in this task; '' is free chat. Without it: of all.")] = None, as_json: AsJson = False
) -> None:
    """What your votes say of contenders: who wins against whom, on the scale of chess."""
    with lab() as here:
        board = here.talks.leaderboard(OWNER, task)
        if task and not board.ballots:
            here.tasks.get(OWNER, task)  # a task of no such name is told; votes in one that was deleted still count
    say(asdict(board), as_json, lambda: _board(board))


def _print(text: str, *, as_json: bool) -> None:
    say(json.loads(text) if as_json else None, as_json, lambda: text.rstrip("\n"))


def _info(info: TalkInfo) -> dict[str, Any]:
    """Names that are hidden until the vote are hidden here too."""
    names = list(LETTERS[: len(info.contenders)] if info.hidden else info.contenders)
    return asdict(info) | {"contenders": names}


def _line(info: dict[str, Any]) -> str:
    turns = f"{info['turns']} turn" + ("" if info["turns"] == 1 else "s")
    return f"{info['id']}  {turns:<9} {info['label']}  [{', '.join(info['contenders'])}]"


def _board(board: Leaderboard) -> str:
    if not board.standings:
        return "No votes yet. On the page, say under the answers which one was best."
    width = max(len("contender"), *(len(one.contender) for one in board.standings))
    head = f"{'contender':<{width}}  {'score':>5}  {'95%':>13}  {'won':>4} {'lost':>4} {'tied':>4} {'bad':>4}"
    return "\n".join([_votes(board), "", head, *(_standing(one, width) for one in board.standings)])


def _votes(board: Leaderboard) -> str:
    return f"{board.ballots} vote" + ("" if board.ballots == 1 else "s") + f", {board.blind} of them blind"


def _standing(one: Standing, width: int) -> str:
    interval = f"{one.low:.0f} to {one.high:.0f}" if one.high - one.low >= 1 else "too few votes"  # votes that are all alike have no spread
    return f"{one.contender:<{width}}  {one.score:>5.0f}  {interval:>13}  {one.wins:>4} {one.losses:>4} {one.ties:>4} {one.bad:>4}"
