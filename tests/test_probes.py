"""Every file of configs/probes, what is frozen of it, and that the bundled model can what they ask."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from promptune.core.decoding import Decoding
from promptune.engines.make import engine_for
from promptune.engines.protocol import Weights
from promptune.errors import NotFound, Problems
from promptune.jobs import probing
from promptune.jobs.kinds import Work
from promptune.jobs.progress import Progress
from promptune.lab import Lab
from promptune.models import BUNDLED_FOLDER
from promptune.probes import FOLDER, GENERAL, Probes, general, load
from promptune.prompting.material import Material
from promptune.prompting.strategies import build
from promptune.settings import Settings
from promptune.store import Store
from promptune.taskroom import TaskRoom
from tests.test_cli import Shell

OWNER = "local"
FILES = sorted(FOLDER.glob("*.yaml"))
GOOD = {"title": "Sums", "task": "arithmetic", "strategy": "cot", "metric": "numeric_match"}


@pytest.fixture
def tasks(settings: Settings) -> Iterator[TaskRoom]:
    with closing(TaskRoom(settings, Store(settings.home))) as room:
        yield room


@pytest.fixture
def probes(tasks: TaskRoom) -> Probes:
    return Probes(tasks)


def test_the_shipped_ones_are_skills_and_requests_of_both_kinds(probes: Probes) -> None:
    found = probes.list()
    assert [probe.name for probe in found] == [file.stem for file in FILES] and probes.get("stars") in found
    kinds = [probe.kind for probe in found]
    assert kinds.count("skill") >= 4 and kinds.count("harmful") == kinds.count("harmless") == 1
    with pytest.raises(NotFound, match="Did you mean 'stars'"):
        probes.get("star")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_freezes_its_rows_and_asks_greedily(probes: Probes, file: Path) -> None:
    """Sampling would add its own changes to those that tuning made."""
    others = {probe.task for probe in probes.list()} - {load(file).task}
    frozen = probing.frozen_of(probes.frozen(30, others))
    (one,) = [one for one in frozen.probes if one.probe.name == file.stem]
    strategy = build(probing.asked(one.probe, "tiny"), Material(one.shots))
    assert len(one.rows) == 30 and {row.split for row in one.rows} == {"test"} and all(row.references for row in one.rows)
    assert bool(one.shots) == strategy.draws and strategy.samples == 1 and strategy.decoding == Decoding()
    assert all(strategy.render(row).messages for row in one.rows)


def test_the_same_rows_are_frozen_every_time(probes: Probes) -> None:
    """So that one job may take over what another one asked."""
    assert probes.frozen(20) == probes.frozen(20)


def test_a_task_that_is_tuned_is_no_probe(probes: Probes) -> None:
    frozen = probing.frozen_of(probes.frozen(5, without=["refusals", "stars"]))
    assert {one.probe.task for one in frozen.probes} == {probe.task for probe in probes.list()} - {"refusals", "stars"}


def test_the_general_texts_are_many_and_short(probes: Probes) -> None:
    texts = probing.frozen_of(probes.frozen(5)).texts
    assert texts == general(FOLDER / GENERAL) and len(texts) >= 30 and len(set(texts)) == len(texts)
    assert all(60 < len(text) < 300 for text in texts)


def test_a_package_without_configs_has_none(tasks: TaskRoom, tmp_path: Path) -> None:
    none = Probes(tasks, tmp_path / "nowhere")
    assert none.list() == [] and none.frozen() == {}


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"titel": "x"}, ["titel"]),
        ({"title": None, "task": None}, ["task", "title"]),
        ({"title": "3", "where": "true"}, ["title", "where"]),
        ({"kind": "harmfull"}, ["kind", "metric"]),
        ({"metric": "rouge1", "strategy": "zero-shoot"}, ["metric", "strategy"]),
        ({"metric": "refused"}, ["metric"]),
        ({"kind": "harmless"}, ["metric"]),
        ({"strategy": "cot?t=1"}, ["strategy"]),
        ({"strategy": "self-consistency:4"}, ["strategy"]),
    ],
)
def test_everything_wrong_with_a_file_is_told_at_once(tmp_path: Path, changes: dict[str, str | None], fields: list[str]) -> None:
    file = tmp_path / "sums.yaml"
    file.write_text("".join(f"{key}: {value}\n" for key, value in {**GOOD, **changes}.items() if value is not None), encoding="utf-8")
    with pytest.raises(Problems, match=r"^sums\.yaml: ") as caught:
        load(file)
    assert sorted(problem.field for problem in caught.value.problems) == fields


def test_a_probe_that_means_no_rows_says_so(tasks: TaskRoom, tmp_path: Path) -> None:
    (tmp_path / "sums.yaml").write_text("".join(f"{key}: {value}\n" for key, value in {**GOOD, "where": "steps=9"}.items()), encoding="utf-8")
    with pytest.raises(Problems, match=r"probe sums: where: no test row has steps=9"):
        Probes(tasks, tmp_path).frozen()


def test_the_bundled_model_has_every_skill_and_refuses_what_is_harmful(probes: Probes, tmp_path: Path) -> None:
    base = Weights("tiny", str(BUNDLED_FOLDER))
    for name, text in probes.frozen(20).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with closing(Progress(tmp_path)) as progress, closing(engine_for("local", "cpu")) as engine:
        probing.ask(Work(tmp_path, {"max_tokens": 200}, progress, threading.Event()), engine, base, [], lambda done: None)
    skills = probing.accuracies(tmp_path, "tiny")
    assert list(skills) == [probe.name for probe in probes.list() if probe.kind == "skill"] and probing.weak(tmp_path, "tiny") == ()
    assert min(score.value for score in skills.values()) >= 0.8
    refused = {one.kind: one.before.value for one in probing.retention(tmp_path, "tiny", "tiny").refusals}
    assert refused["harmful"] >= 0.9 and refused["harmless"] <= 0.1


# ---- in a scorecard ----


def test_a_scorecard_asks_them_after_its_own_rows(settings: Settings) -> None:
    with closing(Lab(settings)) as lab:
        job = lab.scores.start(OWNER, "lecture-reviews", ["tiny/zero-shot", "tiny/cot"], probes=True)
        frozen = probing.frozen_in(Store(settings.home).job_folder(job.id))
        assert {one.probe.name for one in frozen.probes} == {file.stem for file in FILES}
        assert job.total == 1 * 2 + sum(len(one.rows) for one in frozen.probes), "the base is asked once, however many contenders it has"
        assert lab.scores.start(OWNER, "lecture-reviews", ["tiny/zero-shot"]).total == 1, "none unless they are asked for"


def test_the_task_that_is_scored_is_not_probed(settings: Settings) -> None:
    with closing(Lab(settings)) as lab:
        job = lab.scores.start(OWNER, "stars", ["tiny/zero-shot"], limit=1, probes=True)
        assert "stars" not in {one.probe.task for one in probing.frozen_in(Store(settings.home).job_folder(job.id)).probes}


def test_the_command_lists_them_and_scores_with_them(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "data")
    found = shell.json("probes")
    assert [one["name"] for one in found] == [file.stem for file in FILES]
    assert list(found[0]) == ["name", "title", "task", "strategy", "metric", "where", "kind"]
    assert shell.json("probes", "harmful")["where"] == "kind=harmful"
    unknown = shell.run("probes", "star")
    assert unknown.returncode == 2 and "Did you mean 'stars'" in unknown.stderr
    done = shell.run("score", "lecture-reviews", "-c", "tiny/zero-shot", "--probes", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == 1
    [job] = shell.json("jobs")
    assert (job["done"], job["total"]) == (701, 701), "progress counts what the probes ask"


def test_an_own_task_of_a_built_in_ones_name_leaves_its_probe(probes: Probes, settings: Settings) -> None:
    """It was there before that one came, and is another task."""

    def asked() -> set[str]:
        return {one.probe.task for one in probing.frozen_of(probes.beside(OWNER, {"facts"}, limit=3)).probes}

    assert "facts" not in asked() and "stars" in asked()
    Store(settings.home).tasks.add(OWNER, slug="facts", label="Facts of mine", content={})
    assert "facts" in asked()
