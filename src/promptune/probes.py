"""The Lab's probes: configs/probes, one YAML each, and general texts. They tell what a model can besides the task that it is tuned for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import MISSING, fields
from pathlib import Path
from typing import get_args

from promptune.core.decoding import Decoding
from promptune.core.score import Probe, ProbeKind
from promptune.errors import NotFound, Problem, Problems, UserError
from promptune.jobs import probing
from promptune.jobs.probing import Frozen, FrozenProbe
from promptune.prompting.material import Material
from promptune.prompting.strategies import STRATEGIES, build
from promptune.registry import did_you_mean
from promptune.scoring.sample import sample
from promptune.taskroom import TaskRoom
from promptune.tasks.chosen import chosen
from promptune.tasks.definition import load_yaml

FOLDER = Path(__file__).resolve().parents[2] / "configs" / "probes"  # there is none where only the package was installed
GENERAL = "general.txt"  # one text a line
ROWS = 100  # of each probe
RIGHT_OR_WRONG = ("accuracy", "exact_match", "numeric_match")
REFUSED = "refused"  # the metric of requests: the share that is refused
NOBODY = ""  # the owner whose tasks are those that come with Promptune, whatever somebody's own of the same name hold


class Probes:
    def __init__(self, tasks: TaskRoom, folder: Path = FOLDER) -> None:
        self._tasks, self._folder = tasks, folder

    def list(self) -> list[Probe]:
        return [load(file) for file in sorted(self._folder.glob("*.yaml"))]

    def get(self, name: str) -> Probe:
        known = {probe.name: probe for probe in self.list()}
        if name not in known:
            raise NotFound(f"no probe {name!r}.", todo=did_you_mean(name, known))
        return known[name]

    def frozen(self, limit: int = ROWS, without: Collection[str] = ()) -> dict[str, str]:
        """For the folder of a new job: at most `limit` rows of each; nothing where there are none. `without`: tasks that are tuned or scored themselves."""
        probes = tuple(self._freeze(probe, limit) for probe in self.list() if probe.task not in without)
        return probing.frozen_files(Frozen(probes, general(self._folder / GENERAL))) if probes else {}

    def beside(self, owner: str, slugs: Collection[str], limit: int = ROWS) -> dict[str, str]:
        """Without those of tasks that are tuned or scored themselves. A person's own task of the same name as a built-in one is another one."""
        own = {slug for slug in slugs if self._tasks.is_own(owner, slug)}
        return self.frozen(limit, {*slugs} - own)

    def _freeze(self, probe: Probe, limit: int) -> FrozenProbe:
        data = self._tasks.load(NOBODY, probe.task)
        rows = chosen(data, probe.where or None)
        if rows.problems:
            raise Problems(rows.problems, where=f"probe {probe.name}")
        train = data.examples.get("train", ())
        draws = build(probing.asked(probe, "probed"), Material(tuple(train))).draws
        return FrozenProbe(probe, sample(rows.examples, limit), tuple(train) if draws else ())


def load(file: Path) -> Probe:
    values = load_yaml(file)
    known = {field.name: field for field in fields(Probe) if field.name != "name"}
    problems = [Problem(key, f"is unknown. {did_you_mean(key, known)}") for key in values if key not in known]
    problems += [Problem(key, "should be a text.") for key, value in values.items() if key in known and not isinstance(value, str)]
    problems += [Problem(key, "is missing.") for key, field in known.items() if field.default is MISSING and key not in values]
    if problems:
        raise Problems(problems, where=file.name)
    probe = Probe(name=file.stem, **values)
    if problems := _problems(probe):
        raise Problems(problems, where=file.name)
    return probe


def general(file: Path) -> tuple[str, ...]:
    return tuple(line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip())


def _problems(probe: Probe) -> list[Problem]:
    problems = []
    if probe.kind not in get_args(ProbeKind):
        problems.append(Problem("kind", f"{probe.kind!r} is unknown. {did_you_mean(probe.kind, get_args(ProbeKind))}"))
    metrics = RIGHT_OR_WRONG if probe.kind == "skill" else (REFUSED,)
    if probe.metric not in metrics:
        problems.append(Problem("metric", f"{probe.metric!r} does not say of each row whether it is right. {did_you_mean(probe.metric, metrics)}"))
    return [*problems, *_strategy(probe)]


def _strategy(probe: Probe) -> list[Problem]:
    """Sampling would add changes of its own to those that tuning made."""
    try:
        contender = probing.asked(probe, "probed")
        STRATEGIES.get(contender.strategy)
    except UserError as error:
        return [Problem("strategy", str(error))]
    greedy = contender.decoding == Decoding() and contender.strategy != "self-consistency"
    return [] if greedy else [Problem("strategy", "it draws samples; a probe is asked greedily, such as by zero-shot, few-shot:8 or cot.")]
