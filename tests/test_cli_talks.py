"""Kept conversations on the command line: found, shown, gone on with, written to a file and deleted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from promptune import cli
from promptune.errors import NotFound, UserError
from promptune.lab import Lab
from promptune.settings import Settings
from promptune.store import Store


@pytest.fixture
def talk(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """A talk of two turns of this machine's own user, and one of somebody else."""
    monkeypatch.setattr("promptune.terminal.Settings.load", lambda: settings)
    lab = Lab(settings)
    first = lab.talks.ask("local", "why the sky", ["tiny/zero-shot", "tiny/cot"])
    list(first.frames())
    list(lab.talks.ask("local", "and the sea", ["tiny/zero-shot", "tiny/cot"], talk=first.talk).frames())
    list(lab.talks.ask("ben", "his own", ["tiny/zero-shot"]).frames())
    assert first.turn is not None
    lab.talks.vote("local", first.turn.id, "1")
    lab.close()
    return first.talk


def run(*arguments: str) -> str:
    done = CliRunner().invoke(cli.app, arguments)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def js(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def test_talks_are_listed_searched_and_shown(talk: str) -> None:
    (info,) = js("talks")
    assert (info["id"], info["turns"], info["contenders"]) == (talk, 2, ["tiny/zero-shot", "tiny/cot"]) and "why the sky" in run("talks")
    assert js("talks", "list", "--search", "SEA sky") == [info] and js("talks", "list", "--search", "his") == []
    assert [turn["question"] for turn in js("talks", talk)["turns"]] == ["why the sky", "and the sea"] and "(voted best)" in run("talks", "show", talk)


def test_a_talk_is_written_to_a_file_and_deleted(talk: str, tmp_path: Path) -> None:
    run("talks", "export", talk, "--out", str(tmp_path / "a.md"))
    run("talks", "export", talk, "--out", str(tmp_path / "a.json"))
    assert "why the sky" in (tmp_path / "a.md").read_text() and len(json.loads((tmp_path / "a.json").read_text())["turns"]) == 2
    with pytest.raises(UserError, match="cannot be written"):
        run("talks", "export", talk, "--out", str(tmp_path / "none" / "a.md"))
    with pytest.raises(NotFound, match="txt"):
        run("talks", "export", talk, "--out", str(tmp_path / "a.txt"))
    assert run("talks", "export", talk) == (tmp_path / "a.md").read_text() and json.loads(run("talks", "export", talk, "--form", "json")) == js("talks", talk)
    run("talks", "export", talk, "--form", "json", "--out", str(tmp_path / "b.txt"))
    assert (tmp_path / "b.txt").read_text() == (tmp_path / "a.json").read_text()
    run("talks", "export", talk, "--out", str(tmp_path / "notes"))
    assert (tmp_path / "notes").read_text() == (tmp_path / "a.md").read_text(), "a name without an ending is a text"
    run("talks", "delete", talk)
    assert js("talks") == [] and "No conversations yet" in run("talks")
    with pytest.raises(NotFound):
        run("talks", "show", talk)


def test_the_leaderboard_is_of_ones_own_votes(talk: str) -> None:
    board = js("leaderboard", "--task", "")
    assert board["ballots"] == 1 and [one["contender"] for one in board["standings"]] == ["tiny/cot", "tiny/zero-shot"]
    assert "1 vote, 0 of them blind" in run("leaderboard") and "No votes yet" in run("leaderboard", "--task", "reviews")
    assert run("leaderboard").count("too few votes") == 2, "one vote has no interval"
    with pytest.raises(NotFound, match="reviews"):
        run("leaderboard", "--task", "reveiws")


def test_the_list_is_of_all_of_them(talk: str, settings: Settings) -> None:
    """The page shows the newest; a command that says `all` gives all."""
    store = Store(settings.home)
    for i in range(201):
        store.comparisons.save("local", question=f"question {i}", answers=[{"contender": "tiny/zero-shot"}])
    assert len(js("talks", "list")) == 202


@pytest.mark.parametrize(("after", "turns"), [("", 2), (":1", 1), (":0", 0)])
def test_a_question_goes_on_with_a_talk_and_changes_nothing_in_it(talk: str, after: str, turns: int) -> None:
    (answer,) = js("ask", "and why?", "--after", talk + after)["answers"]
    assert [part["text"] for part in answer["prompt"] if part["kind"] == "context"][::2] == ["why the sky", "and the sea"][:turns]
    assert len(js("talks", talk)["turns"]) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--after", ":1"], "no conversation"),
        (["--after", "abc:x"], "no conversation"),
        (["--after", "abc:"], "no conversation"),
        (["--after", "never-was"], "no talk"),
        (["--after", "abc", "--task", "reviews"], "stands alone"),
    ],
)
def test_what_cannot_be_gone_on_with_is_said(talk: str, arguments: list[str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        run("ask", "hi", *arguments)
