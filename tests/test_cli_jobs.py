"""What the commands about jobs say of a queue and of a job that is made of others."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from typing import Any

import pytest

from promptune import cli_jobs
from promptune.core.job import Job, JobState
from promptune.errors import UserError
from promptune.settings import Settings
from promptune.store import Store
from tests.jobs.families import family
from tests.jobs.samples import OWNER, queue


@pytest.fixture
def store(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The commands' own."""
    monkeypatch.setenv("PROMPTUNE_HOME", str(settings.home))
    monkeypatch.setenv("PROMPTUNE_ENGINE", "scripted")
    return Store(settings.home)


def said(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_the_list_shows_who_waits_behind_how_many_and_no_children(store: Store, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    first, (parent, _), last = queue(store, settings, ["one"]), family(store, settings, ["two"]), queue(store, settings, ["three"])
    cli_jobs.jobs_list(as_json=True)
    told = said(capsys)
    assert [(job["job"], job["position"], job["left"], job["parent"]) for job in told] == [
        (last.id, 2, None, None),
        (parent.id, 1, None, None),
        (first.id, 0, None, None),
    ]
    cli_jobs.jobs_list(as_json=False)
    assert [line.partition("waits behind ")[2] for line in capsys.readouterr().out.splitlines()] == ["2", "1", ""]


def test_a_parent_is_shown_with_its_children(store: Store, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    parent, children = family(store, settings, ["one"], ["two"])
    cli_jobs.jobs_show(parent.id, as_json=True)
    told = said(capsys)
    assert [(child["job"], child["parent"], child["state"]) for child in told["children"]] == [(child.id, parent.id, "queued") for child in children]
    cli_jobs.jobs_show(parent.id, as_json=False)
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.startswith(parent.id) and [line[:14] for line in lines] == [f"  {child.id}" for child in children]
    cli_jobs.jobs_show(children[0].id, as_json=True)
    assert said(capsys)["children"] == []


def test_a_parent_is_cancelled_resumed_and_run_by_its_own_name(store: Store, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    parent, children = family(store, settings, ["one"], ["two"])
    cli_jobs.jobs_cancel(parent.id)
    assert {store.jobs.find(job.id).state for job in (parent, *children)} == {JobState.CANCELLED}
    capsys.readouterr()
    cli_jobs.jobs_resume(parent.id, wait=True, as_json=True)
    told = said(capsys)
    assert [told["state"], *(child["state"] for child in told["children"])] == ["done"] * 3


@pytest.mark.parametrize("wait", [False, True])
def test_a_child_is_not_resumed_alone_not_even_one_that_waits(store: Store, settings: Settings, wait: bool) -> None:
    parent, [child] = family(store, settings, ["one"])
    with pytest.raises(UserError, match=f"belongs to the job {parent.id}: resume that"):
        cli_jobs.jobs_resume(child.id, wait=wait)


@pytest.mark.parametrize(("ago", "words"), [(40, "40 s left"), (200, "3 min left"), (9000, "2.5 h left")])
def test_what_runs_says_how_long_it_will(capsys: pytest.CaptureFixture[str], ago: int, words: str) -> None:
    """Half of it took `ago` seconds."""
    job = Job("ab", OWNER, "duel", "x", JobState.RUNNING, "", {}, 50, 100, "2 of 3: lora", 0.0, time.time() - ago, None, False)
    cli_jobs.Teller().tell(job)
    assert re.search(rf"2 of 3: lora  {words}$", capsys.readouterr().err.strip())


def test_each_step_forward_in_the_queue_is_news(capsys: pytest.CaptureFixture[str]) -> None:
    job = Job("ab", OWNER, "batch", "x", JobState.QUEUED, "", {}, 0, 100, "", 0.0, None, None, False)
    teller = cli_jobs.Teller()
    for now, position in [(job, 2), (job, 2), (job, 1), (job, 0), (replace(job, state=JobState.RUNNING), 0)]:
        teller.tell(now, position)
    assert [line.split("x", 1)[1].strip() for line in capsys.readouterr().err.splitlines()] == ["waits behind 2", "waits behind 1", "", ""]
