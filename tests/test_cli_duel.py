"""`promptune duel` as a script runs it, with real workers: one command, one verdict, one file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import typer

from promptune import cli_duel, scores
from promptune.errors import UserError
from promptune.jobs import scheduler
from promptune.jobs.ends import End, JobState
from promptune.lab import Lab
from promptune.settings import Settings
from promptune.store import Store
from promptune.terminal import OWNER
from tests.test_cli import Shell
from tests.tunings import Few, Room


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """With a small task, and few probes."""
    home = tmp_path / "data"
    monkeypatch.setenv("PROMPTUNE_HOME", str(home))
    monkeypatch.setenv("PROMPTUNE_ENGINE", "local")
    monkeypatch.setattr(scores, "Probes", lambda tasks: Few(tasks, tmp_path / "probes"))
    with closing(Room(Settings(home=home), None)) as room:
        room.task()
    return home


def test_from_nothing_to_the_verdict_and_a_report(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "report.html"
    cli_duel.duel("moods", limit=6, out=out, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["runs"] == {"lora": "moods-lora", "full": "moods-full"} and told["report"] == str(out) and told["rows"] == 6
    found = {one["contender"]: one for one in told["contenders"]}
    assert list(found) == [
        *("tiny/zero-shot", "tiny/few-shot:1", "tiny/few-shot:6"),
        *("tiny+moods-lora/zero-shot", "tiny+moods-full/zero-shot"),
    ]
    for name, one in found.items():
        assert list(one["metrics"]["accuracy"]) == ["value", "low", "high"] and ("retention" in one) == ("+" in name)
    assert told["verdict"]["best"] in found and told["verdict"]["sentences"]
    page = out.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and "<script" not in page and 'src="' not in page and "@import" not in page and "url(" not in page
    assert told["verdict"]["headline"] in page

    with closing(Lab(Settings.load())) as lab:
        job = lab.jobs(OWNER)[0]
        assert job.kind == "duel" and (job.done, job.state) == (job.total, JobState.DONE)
        text = cli_duel.plain(lab.duels.view(OWNER, job.id))
        assert text.startswith(told["verdict"]["headline"]) and all(name in text for name in found) and "6 test rows of moods" in text
        assert {run.slug for run in lab.runs.list(OWNER)} == {"moods-lora", "moods-full"}


def test_one_of_which_nothing_came_says_so_and_prints_no_table(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "attempt", lambda *_: End(JobState.KILLED, "its worker was killed."))
    with pytest.raises(typer.Exit) as caught:
        cli_duel.duel("moods", limit=6, as_json=True)
    told = capsys.readouterr()
    assert caught.value.exit_code == 1 and told.out == "" and "killed" in told.err


def test_a_report_that_could_not_be_written_is_told_before_anything_is_spent(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no folder"):
        cli_duel.duel("moods", out=tmp_path / "nowhere" / "report.html")
    with pytest.raises(UserError, match="--out"):
        cli_duel.duel("moods", out=tmp_path)
    with closing(Store(home)) as store:
        assert store.jobs.list(OWNER) == []


def test_a_mistake_is_told_at_once_and_nothing_is_made(home: Path) -> None:
    done = Shell(home).run("duel", "mods", "--model", "tyni", "--limit", "0", PROMPTUNE_ENGINE="local")
    assert done.returncode == 2 and done.stdout == "" and "Traceback" not in done.stderr
    assert all(word in done.stderr for word in ("no task 'mods'", "Did you mean 'tiny'", "limit:"))
    assert done.stderr.count("no task 'mods'") == 1, "what two recipes share is told once"
    scripted = Shell(home).run("duel", "moods")
    assert scripted.returncode == 2 and scripted.stderr.count("scripted cannot tune") == 1
    with closing(Store(home)) as store:
        assert store.jobs.list(OWNER) == [] and store.runs.list(OWNER) == []
