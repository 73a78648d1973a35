"""The commands about tuning as a person or a script runs them: JSON alone on stdout, and every mistake told before anything is spent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import typer

from promptune import cli_jobs, cli_tune, scores
from promptune.jobs import scheduler
from promptune.jobs.ends import End, JobState
from promptune.settings import Settings
from promptune.store import Store
from tests.test_cli import Shell
from tests.tunings import MOODS, OWNER, Few, Room

SET = ["epochs=2", "batch=8"]


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


def is_score(value: Any) -> bool:
    return list(value) == ["value", "low", "high"] and 0 <= value["low"] <= value["value"] <= value["high"] <= 1


def test_a_run_from_the_command_to_its_scores(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a real worker."""
    cli_tune.tune("moods", recipe="lora", set_=SET, name="mine", limit=6, wait=True, as_json=True)
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert {"job", "state", "run", "trainable", "metrics", "probes", "seconds", "peak_memory_mb"} <= set(told)
    assert (told["state"], told["run"], told["contender"]) == ("done", "mine", "tiny+mine/zero-shot")
    assert list(told["trainable"]) == ["parameters", "share"] and 0 < told["trainable"]["share"] < 0.2 and told["trainable"]["parameters"] > 0
    assert told["seconds"] > 0 and told["peak_memory_mb"] > 10
    for what, names in (("metrics", ["accuracy"]), ("probes", ["facts"])):
        assert list(told[what]) == ["before", "after"]
        for when in ("before", "after"):
            assert list(told[what][when]) == names and all(map(is_score, told[what][when].values()))
    assert "rows measured" in err and "skipped" not in told

    text = cli_tune._plain(told)
    assert "mine: done" in text and "accuracy" in text and "->" in text and "promptune ask" in text


def test_without_waiting_it_says_what_will_start_it(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    cli_tune.tune("moods", recipe="full", set_=SET, as_json=True)
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (told["state"], told["kind"]) == ("queued", "tune") and f"promptune jobs resume {told['job']} --wait" in err
    monkeypatch.setattr(scheduler, "attempt", lambda *_: End(JobState.KILLED, "its worker was killed."))
    with pytest.raises(typer.Exit):
        cli_jobs.jobs_resume(told["job"], wait=True, as_json=True)


def test_one_that_ends_badly_says_why_how_to_go_on_and_what_was_left_out(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = MOODS["rows"] | {"train": [*MOODS["rows"]["train"], {"text": "so " * 600, "label": "negative"}]}
    with closing(Room(Settings(home=home), None)) as room:
        room.task(name="long", rows=rows)
    monkeypatch.setattr(scheduler, "attempt", lambda *_: End(JobState.OUT_OF_MEMORY, "the device ran out of memory in step 3."))
    with pytest.raises(typer.Exit) as caught:
        cli_tune.tune("long", set_=SET, overflow=cli_tune.OnOverflow.SKIP, wait=True, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert caught.value.exit_code == 1 and (told["state"], told["run"]) == ("out_of_memory", "long-lora") and "step 3" in told["cause"]
    assert "metrics" not in told and told["skipped"] == {"train": 1, "validation": 0, "test": 0}
    text = cli_tune._plain(told)
    assert "left out 1 train row:" in text and f"promptune jobs resume {told['job']} --wait" in text


def test_the_recipes_and_their_settings(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli_tune.recipes(as_json=True)
    listed = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in listed] == ["lora", "full"] and "rank" in listed[0]["settings"] and "rank" not in listed[1]["settings"]
    assert all(knob["about"] and knob["value"] is not None for one in listed for knob in one["settings"].values())
    cli_tune.recipes("lora", as_json=False)
    text = capsys.readouterr().out
    assert "LoRA" in text and "rank" in text and "{" not in text, "for people, not for programs"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mods", "--model", "tyni", "--set", "rate=nan", "--set", "batch=0", "--limit", "0"], ["no task 'mods'", "'tiny'", "rate:", "batch:", "limit:"]),
        (["moods", "--set", "rate=inf", "--set", "rank=0", "--set", "epochs=1e9"], ["rate:", "rank:", "epochs:"]),
        (["moods", "--set", "rate=-1", "--set", "rat=1"], ["rate:", "Did you mean 'rate'"]),
        (["moods", "--set", "rate"], ["'rate' is no NAME=VALUE"]),
        (["moods", "--recipe", "lorra"], ["Did you mean 'lora'"]),
        (["moods", "--as", "My run"], ["lower-case"]),
    ],
)
def test_every_mistake_is_told_at_once_and_nothing_is_made(home: Path, tmp_path: Path, arguments: list[str], words: list[str]) -> None:
    done = Shell(home).run("tune", *arguments, PROMPTUNE_ENGINE="local")
    assert done.returncode == 2 and done.stdout == "" and "Traceback" not in done.stderr
    assert all(word in done.stderr for word in words)
    with closing(Store(home)) as store:
        assert store.jobs.list(OWNER) == [] and store.runs.list(OWNER) == []


def test_the_scripted_engine_tunes_nothing(home: Path) -> None:
    done = Shell(home).run("tune", "moods")
    assert done.returncode == 2 and "scripted cannot tune" in done.stderr
