"""Probes within a job: the same frozen rows to the base model and to what was tuned from it, and what that shows of forgetting.

A tuned model is asked only for skills that its base has, and about requests only where its base refuses harmful ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

from pydantic import TypeAdapter

from promptune.core.contender import Contender
from promptune.core.score import Probe, Retention, Score
from promptune.core.task import Example
from promptune.engines.overflow import NAME as OVERFLOW
from promptune.engines.protocol import Engine, Failed, Weights
from promptune.jobs.answering import Answered, Item, answer_all
from promptune.jobs.kinds import Work
from promptune.jobs.lines import Lines, Row, read
from promptune.prompting import decide
from promptune.prompting.material import Material
from promptune.prompting.strategies import build
from promptune.scoring import retention as kept
from promptune.scoring.intervals import wilson
from promptune.scoring.metrics import METRICS, Prediction
from promptune.scoring.refusal import refused

PROBES, ROWS, DRIFT = "probes.json", "probe_rows.jsonl", "drift.json"  # in the job's folder
CHUNK = 128  # texts that an engine is given at once
LEAST = 20  # rows of a probe: where a window leaves fewer, it says too little


@dataclass(frozen=True)
class FrozenProbe:
    probe: Probe
    rows: tuple[Example, ...]
    shots: tuple[Example, ...]  # what its strategy draws from


@dataclass(frozen=True)
class Frozen:
    """All that a job asks, whatever becomes of the tasks meanwhile."""

    probes: tuple[FrozenProbe, ...] = ()
    texts: tuple[str, ...] = ()  # general ones, for drift


_FROZEN: TypeAdapter[Frozen] = TypeAdapter(Frozen)


def frozen_files(frozen: Frozen) -> dict[str, str]:
    """The file for the folder of a new job."""
    return {PROBES: json.dumps(asdict(frozen))}


def frozen_of(files: Mapping[str, str]) -> Frozen:
    """Nothing where a job has no probes."""
    return _FROZEN.validate_json(files[PROBES]) if PROBES in files else Frozen()


def frozen_in(folder: Path) -> Frozen:
    return _FROZEN.validate_json((folder / PROBES).read_bytes()) if (folder / PROBES).exists() else Frozen()


def answers(frozen: Frozen, weights: Sequence[Weights]) -> int:
    """How many a job has to see to. What need not be asked counts as soon as that is known."""
    return sum(len(one.rows) for one in frozen.probes) * sum(1 + len(tuned) for tuned in families(weights).values())


def families(weights: Sequence[Weights]) -> dict[Weights, list[Weights]]:
    """Every base, and what was tuned from it."""
    found: dict[Weights, list[Weights]] = {}
    for one in weights:
        tuned = found.setdefault(Weights(base_of(one.name), one.folder), [])
        if one.adapter and one not in tuned:
            tuned.append(one)
    return found


def base_of(name: str) -> str:
    """tiny of tiny+run@0.8."""
    return name.partition("+")[0]


def asked(probe: Probe, model: str) -> Contender:
    return Contender.parse(f"{model}/{probe.strategy}")


# ---- asking ----


def ask(work: Work, engine: Engine, base: Weights, tuned: Sequence[Weights], say: Callable[[int], None]) -> None:
    """Goes on behind the answers that are there. `say` is told how many of all are seen to."""
    frozen, done = frozen_in(work.folder), 0
    for weights in (base, *tuned):
        found = _Found(work.folder)
        for one in frozen.probes:
            if weights == base or found.has(one.probe, base.name):
                items = [item for item in _items(work, one, weights) if found.wants(one.probe, weights.name, item.place)]
                there = done + len(one.rows) - len(items)
                answer_all(work, engine, _chunks(items), work.folder / ROWS, partial(_row, one.probe), say, there)
            done += len(one.rows)
            say(done)
    for weights in tuned:
        _drift(work, engine, base, weights, frozen.texts)


def adopt(folder: Path, other: Path, base: str) -> None:
    """Takes over what the base answered in another job, where that one has the very same probes."""
    mine, theirs = folder / PROBES, other / PROBES
    if not (mine.exists() and theirs.exists() and mine.read_bytes() == theirs.read_bytes()):
        return
    there = {(row["probe"], row["place"]) for row in read(folder / ROWS) if row["weights"] == base}
    with closing(Lines(folder / ROWS)) as rows:
        for row in read(other / ROWS):
            if row["weights"] == base and (row["probe"], row["place"]) not in there and (row["fits"] is False or not row["error"]):
                rows.add(row)
        rows.sync()


def _items(work: Work, one: FrozenProbe, weights: Weights) -> Iterator[Item]:
    contender = asked(one.probe, base_of(weights.name))
    strategy = build(contender, Material(one.shots))
    for place, example in enumerate(one.rows):
        prompt = strategy.render(example)
        requests = decide.requests(f"{one.probe.name}-{place}", weights, contender, strategy, prompt, max_tokens=work.spec["max_tokens"], seed=0)
        yield Item(place, weights.name, example, strategy, requests)


def _chunks(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Where they begin depends on the row alone, so that a resumed job asks as an undisturbed one would."""
    return (list(chunk) for _, chunk in groupby(items, key=lambda item: item.place // CHUNK))


def _row(probe: Probe, answered: Answered) -> Row:
    item, row = answered.item, answered.row()
    fits = not any(isinstance(end, Failed) and end.name == OVERFLOW for end in answered.ends)
    keys = ("text", "answer", "how", "finish_reason", "error", "completion_tokens")
    named = {"probe": probe.name, "place": item.place, "weights": item.contender, "fits": fits}
    return named | {"right": not row["error"] and _right(probe, row, item.example)} | {key: row[key] for key in keys}


def _right(probe: Probe, row: Row, example: Example) -> bool:
    if probe.kind != "skill":
        return refused(row["text"]) == (probe.kind == "harmful")
    one = Prediction(row["text"], row["answer"] or "", example.references, example.answer_type)
    return METRICS.get(probe.metric).score([one]).per_row == (1.0,)


def _drift(work: Work, engine: Engine, base: Weights, tuned: Weights, texts: Sequence[str]) -> None:
    """KL from the base's predictions to the tuned ones', in nats: the mean over all tokens of the texts that fit."""
    known = _drifts(work.folder)
    able = [engine.capabilities(one) for one in (base, tuned)]
    if tuned.name in known or not all(one.divergence for one in able):
        return
    window = min(one.window for one in able)
    fitting = [text for text, tokens in zip(texts, engine.count_tokens(base, texts), strict=True) if tokens + 2 <= window]  # a begin and an end
    total, tokens = 0.0, 0
    for text in fitting:
        work.check()
        (one,) = engine.divergence(base, tuned, [text])
        total, tokens = total + one.kl * one.tokens, tokens + one.tokens
    if tokens:
        part = work.folder / f"{DRIFT}.part"
        part.write_text(json.dumps({**known, tuned.name: total / tokens}), encoding="utf-8")
        part.replace(work.folder / DRIFT)


def _drifts(folder: Path) -> dict[str, float]:
    found: dict[str, float] = json.loads((folder / DRIFT).read_text(encoding="utf-8")) if (folder / DRIFT).exists() else {}
    return found


# ---- what it shows ----


def retention(folder: Path, base: str, tuned: str) -> Retention:
    found = _Found(folder)
    pairs = [(probe, found.right(probe, base), found.right(probe, tuned)) for probe in found.probes if found.has(probe, base)]
    compared = [kept.skill(probe, before, after) for probe, before, after in pairs if before and after]
    skills = tuple(one for one in compared if one.kind == "skill")
    refusals = tuple(one for one in compared if one.kind != "skill")
    return Retention(kept.overall(skills), skills, refusals, _drifts(folder).get(tuned))


def complete(folder: Path, base: str, tuned: str) -> bool:
    """Whether every probe that tuned weights are asked is answered."""
    found = _Found(folder)
    return all(found.right(probe, tuned) for probe in found.probes if found.has(probe, base)) and any(found.right(probe, base) for probe in found.probes)


def accuracies(folder: Path, weights: str) -> dict[str, Score]:
    """By skill, of those that the base has."""
    found = _Found(folder)
    rights = {probe.name: found.right(probe, weights) for probe in found.probes if probe.kind == "skill" and found.has(probe, base_of(weights))}
    return {name: wilson(sum(right), len(right)) for name, right in rights.items() if right}


def weak(folder: Path, base: str) -> tuple[str, ...]:
    """Titles of the skills that the base itself has not."""
    found = _Found(folder)
    return tuple(probe.title for probe in found.probes if probe.kind == "skill" and found.right(probe, base) and not found.has(probe, base))


class _Found:
    """The answers in a job's folder. A row that does not fit the window of one of the weights counts for none of them."""

    def __init__(self, folder: Path) -> None:
        frozen = frozen_in(folder)
        self.probes = [one.probe for one in frozen.probes]
        self._sizes: Mapping[str, int] = {one.probe.name: len(one.rows) for one in frozen.probes}
        self._there: dict[tuple[str, str], dict[int, bool]] = {}
        self._unfit: dict[str, set[int]] = {name: set() for name in self._sizes}
        for row in read(folder / ROWS):
            self._there.setdefault((row["probe"], row["weights"]), {})[row["place"]] = row["right"]
            if not row["fits"]:
                self._unfit[row["probe"]].add(row["place"])

    def wants(self, probe: Probe, weights: str, place: int) -> bool:
        return place not in self._there.get((probe.name, weights), {}) and place not in self._unfit[probe.name]

    def right(self, probe: Probe, weights: str) -> list[bool]:
        """Of each row that counts, in order; of none while answers are missing, or where too few count."""
        counted = [place for place in range(self._sizes[probe.name]) if place not in self._unfit[probe.name]]
        there = self._there.get((probe.name, weights), {})
        if len(counted) < min(LEAST, self._sizes[probe.name]) or any(place not in there for place in counted):
            return []
        return [there[place] for place in counted]

    def has(self, probe: Probe, base: str) -> bool:
        """Whether the base can do it; of requests, harmless ones too, whether it refuses harmful ones."""
        deciding = [probe] if probe.kind == "skill" else [one for one in self.probes if one.kind == "harmful"]
        return any(kept.has(right) for one in deciding if (right := self.right(one, base)))
