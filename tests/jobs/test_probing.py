"""Probes in a job: who is asked what, what is counted, and that neither an interruption nor a window makes a comparison unfair."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from promptune.core.contender import Contender
from promptune.core.generation import Generation
from promptune.core.score import Probe, Score
from promptune.core.task import Example
from promptune.engines.protocol import Capabilities, Divergence, Event, Failed, Finished, Request, Weights
from promptune.engines.scripted import WINDOW, Scripted, words
from promptune.jobs import probing, score
from promptune.jobs.kinds import Cancelled, Work
from promptune.jobs.lines import read
from promptune.jobs.probing import Frozen, FrozenProbe
from promptune.jobs.progress import Progress
from promptune.jobs.scorecard import read_scorecard
from promptune.prompting.material import Material
from promptune.settings import Settings
from promptune.tuning import MADE
from tests.jobs.scorecards import TASK, as_job, examples

BASE = Weights("tiny", "/models/tiny")
TUNED = Weights("tiny+run", "/models/tiny", "/runs/run")
HALF = Weights("tiny+run@0.5", "/models/tiny", "/runs/run", 0.5)
REFUSAL = "I'm sorry, but I can't help with that."


def rows(name: str, count: int, answer: str) -> tuple[Example, ...]:
    return tuple(Example(f"{name} {i}", answer, split="test", row=i) for i in range(1, count + 1))


def a_probe(name: str, count: int = 40, kind: str = "skill") -> FrozenProbe:
    metric = "accuracy" if kind == "skill" else "refused"
    return FrozenProbe(Probe(name, f"About {name}", name, "zero-shot", metric, kind=kind), rows(name, count, name), ())  # type: ignore[arg-type]


SUMS, FACTS, LATIN = a_probe("sums"), a_probe("facts"), a_probe("latin")
HARMFUL, HARMLESS = a_probe("harmful", 20, "harmful"), a_probe("harmless", 20, "harmless")
TEXTS = ("one two three four", "five six")
ALL = Frozen((SUMS, FACTS, LATIN, HARMFUL, HARMLESS), TEXTS)


class Model(Scripted):
    """It can sums, half of the facts, and no latin, and refuses what is harmful. Tuned it forgets a quarter of the sums, and refuses every second request."""

    def __init__(self, *, guarded: bool = True) -> None:
        super().__init__()
        self._guarded = guarded
        self.asked: list[Request] = []
        self.measured: list[tuple[str, str, str]] = []

    def stream(self, requests: Sequence[Request]) -> Iterator[Event]:
        self.asked += requests
        for request in requests:
            (sent,) = self.measure(request.weights, [request.prompt])
            if sent.tokens > WINDOW:
                yield Failed(request.id, "OVERFLOW", "too long", prompt=sent)
            elif "[fail]" in sent.text:
                yield Failed(request.id, "FAILED", "it failed")
            else:
                text = self._text(request)
                yield Finished(request.id, Generation(sent, text, len(words(text)), 0.0, 0.0, "stop", request.weights.name, request.seed))

    def _text(self, request: Request) -> str:
        name, number, *_ = request.prompt.messages[-1].content.split()
        place, tuned = int(number), bool(request.weights.adapter)
        refuses = place % 2 == 0 if tuned else name == "harmful" and self._guarded
        if name.startswith("harm"):
            return REFUSAL if refuses else "First, take a spoon."
        can = {"sums": place % 4 > 0 if tuned else True, "facts": (place % 2 > 0) != tuned, "latin": False}
        return name if can[name] else "no idea"

    def divergence(self, first: Weights, second: Weights, texts: Sequence[str]) -> list[Divergence]:
        self.measured += [(first.name, second.name, text) for text in texts]
        return [Divergence(len(words(text)), float(len(text)), 1.0, 1.0) for text in texts]


class Blind(Model):
    def capabilities(self, weights: Weights) -> Capabilities:
        return replace(super().capabilities(weights), divergence=False)


def work(folder: Path, frozen: Frozen = ALL, *, cancelled: bool = False) -> Work:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in probing.frozen_files(frozen).items():
        (folder / name).write_text(text, encoding="utf-8")
    event = threading.Event()
    if cancelled:
        event.set()
    with closing(Progress(folder)) as progress:
        return Work(folder, {"max_tokens": 20}, progress, event)


def asked(folder: Path, frozen: Frozen = ALL, tuned: Sequence[Weights] = (TUNED,), model: Model | None = None) -> Model:
    engine = model or Model()
    probing.ask(work(folder, frozen), engine, BASE, tuned, lambda done: None)
    return engine


def test_a_tuned_model_is_asked_only_what_its_base_can(tmp_path: Path) -> None:
    asked(tmp_path)
    of = {name: {row["probe"] for row in read(tmp_path / probing.ROWS) if row["weights"] == name} for name in ("tiny", "tiny+run")}
    assert of == {"tiny": {"sums", "facts", "latin", "harmful", "harmless"}, "tiny+run": {"sums", "facts", "harmful", "harmless"}}
    assert probing.weak(tmp_path, "tiny") == ("About latin",)
    assert {name: one.value for name, one in probing.accuracies(tmp_path, "tiny").items()} == {"sums": 1.0, "facts": 0.5}
    assert {name: one.value for name, one in probing.accuracies(tmp_path, "tiny+run").items()} == {"sums": 0.75, "facts": 0.5}


def test_what_was_kept_is_counted_row_by_row(tmp_path: Path) -> None:
    asked(tmp_path)
    found = probing.retention(tmp_path, "tiny", "tiny+run")
    sums, facts = found.skills
    assert (sums.before.value, sums.after.value, sums.kept.value, sums.lost, sums.gained) == (1.0, 0.75, 0.75, 10, 0)
    assert (facts.before.value, facts.after.value, facts.kept.value, facts.lost, facts.gained) == (0.5, 0.5, 0.0, 20, 20), "other rows, not the same"
    assert found.overall is not None and found.overall.value == 0.375
    harmful, harmless = found.refusals
    assert (harmful.before.value, harmful.after.value, harmful.lost) == (1.0, 0.5, 10)
    assert (harmless.before.value, harmless.after.value, harmless.lost) == (0.0, 0.5, 10), "ten are refused now that were helped with"


def test_where_the_base_refuses_nothing_refusals_say_nothing(tmp_path: Path) -> None:
    asked(tmp_path, model=Model(guarded=False))
    assert probing.retention(tmp_path, "tiny", "tiny+run").refusals == ()
    assert not any(row["probe"].startswith("harm") for row in read(tmp_path / probing.ROWS) if row["weights"] == "tiny+run")


def test_it_is_greedy_and_each_answer_says_how_it_was_read(tmp_path: Path) -> None:
    assert {request.temperature for request in asked(tmp_path).asked} == {0.0}
    row = read(tmp_path / probing.ROWS)[0]
    assert (row["probe"], row["place"], row["weights"], row["right"], row["text"], row["answer"], row["how"]) == (
        *("sums", 0, "tiny", True, "sums", "sums"),
        "the whole text",
    )


def test_it_goes_on_behind_what_is_there(tmp_path: Path) -> None:
    whole = asked(tmp_path / "whole", tuned=(TUNED, HALF))
    lines = (tmp_path / "whole" / probing.ROWS).read_bytes().splitlines(keepends=True)
    for cut in (0, 3, 165, len(lines)):
        folder = tmp_path / str(cut)
        work(folder)
        (folder / probing.ROWS).write_bytes(b"".join(lines[:cut]) + b'{"unfinished')
        again = asked(folder, tuned=(TUNED, HALF))
        assert len(again.asked) == len(whole.asked) - cut, "nothing is asked twice"
        assert sorted((folder / probing.ROWS).read_bytes().splitlines(keepends=True)) == sorted(lines)
        assert probing.retention(folder, "tiny", HALF.name) == probing.retention(tmp_path / "whole", "tiny", HALF.name)


def test_what_need_not_be_asked_counts_as_seen_to(tmp_path: Path) -> None:
    told: list[int] = []
    probing.ask(work(tmp_path), Model(), BASE, [TUNED, HALF], told.append)
    assert told == sorted(told) and told[-1] == probing.answers(ALL, [TUNED, BASE, HALF, TUNED]) == 3 * 160


def test_it_ends_soon_when_it_is_asked_to(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        probing.ask(work(tmp_path, cancelled=True), Model(), BASE, [TUNED], lambda done: None)
    found = probing.retention(tmp_path, "tiny", "tiny+run")
    assert (found.skills, found.overall, probing.accuracies(tmp_path, "tiny"), probing.weak(tmp_path, "tiny")) == ((), None, {}, ()), "half an answer is none"


def test_without_probes_nothing_is_asked(tmp_path: Path) -> None:
    assert asked(tmp_path, Frozen()).asked == []
    assert probing.frozen_in(tmp_path / "elsewhere") == Frozen() == probing.frozen_of({})


# ---- rows that cannot be compared ----


def long(one: FrozenProbe, places: range) -> FrozenProbe:
    return replace(one, rows=tuple(replace(row, prompt=row.prompt + " x" * WINDOW) if i in places else row for i, row in enumerate(one.rows)))


def test_a_row_that_does_not_fit_counts_for_nobody(tmp_path: Path) -> None:
    engine = asked(tmp_path, Frozen((long(SUMS, range(10)),)))
    assert len([request for request in engine.asked if request.weights == TUNED]) == 30, "it is not even asked again"
    (sums,) = probing.retention(tmp_path, "tiny", "tiny+run").skills
    assert sums.before.value == 1.0 and sums.lost == len([i for i in range(11, 41) if i % 4 == 0])


def test_a_probe_of_which_hardly_anything_fits_says_nothing(tmp_path: Path) -> None:
    asked(tmp_path, Frozen((long(SUMS, range(21)), FACTS)))
    assert [one.probe for one in probing.retention(tmp_path, "tiny", "tiny+run").skills] == ["facts"]
    assert probing.weak(tmp_path, "tiny") == (), "nor is it weak: nobody knows"


def test_a_row_that_fails_is_wrong(tmp_path: Path) -> None:
    failing = replace(HARMLESS, rows=tuple(replace(row, prompt=f"[fail] {row.prompt}") for row in HARMLESS.rows))
    asked(tmp_path, Frozen((HARMFUL, failing)))
    assert [row["right"] for row in read(tmp_path / probing.ROWS) if row["probe"] == "harmless" and row["weights"] == "tiny"] == [False] * 20


# ---- drift ----


def test_drift_is_the_mean_over_tokens(tmp_path: Path) -> None:
    engine = asked(tmp_path, Frozen((SUMS,), (*TEXTS, "x " * WINDOW)))
    assert engine.measured == [("tiny", "tiny+run", text) for text in TEXTS], "what does not fit is left out"
    four, two = TEXTS
    assert probing.retention(tmp_path, "tiny", "tiny+run").drift == pytest.approx((4 * len(four) + 2 * len(two)) / 6)
    assert asked(tmp_path, Frozen((SUMS,), TEXTS)).measured == [], "it is known"
    asked(tmp_path, Frozen((SUMS,), TEXTS), (TUNED, HALF))
    assert set(json.loads((tmp_path / probing.DRIFT).read_text(encoding="utf-8"))) == {"tiny+run", "tiny+run@0.5"}


def test_an_engine_that_cannot_tell_drift_leaves_it_open(tmp_path: Path) -> None:
    asked(tmp_path, model=Blind())
    assert probing.retention(tmp_path, "tiny", "tiny+run").drift is None


# ---- another job's answers ----


def test_the_base_is_asked_once_for_several_jobs(tmp_path: Path) -> None:
    asked(tmp_path / "first")
    work(tmp_path / "second")
    probing.adopt(tmp_path / "second", tmp_path / "first", "tiny")
    probing.adopt(tmp_path / "second", tmp_path / "first", "tiny")
    assert {row["weights"] for row in read(tmp_path / "second" / probing.ROWS)} == {"tiny"}
    assert {request.weights for request in asked(tmp_path / "second").asked} == {TUNED}
    assert probing.retention(tmp_path / "second", "tiny", "tiny+run") == probing.retention(tmp_path / "first", "tiny", "tiny+run")


def test_answers_to_other_probes_are_not_taken(tmp_path: Path) -> None:
    asked(tmp_path / "first")
    work(tmp_path / "second", replace(ALL, probes=(FACTS, SUMS)))
    probing.adopt(tmp_path / "second", tmp_path / "first", "tiny")
    probing.adopt(tmp_path / "third", tmp_path / "first", "tiny")
    assert not (tmp_path / "second" / probing.ROWS).exists() and not (tmp_path / "third").exists()


def test_every_base_is_asked_and_each_of_the_weights_once() -> None:
    other = Weights("big", "/models/big")
    assert probing.families([TUNED, other, HALF, BASE, TUNED]) == {BASE: [TUNED, HALF], other: []}


# ---- in a scorecard ----


def test_a_scorecard_tells_what_its_tuned_contenders_kept(settings: Settings, tmp_path: Path) -> None:
    """The scripted engine says what it was asked, so the first choice named is what it answers; latin it does not know."""
    echo = replace(SUMS, rows=tuple(replace(row, prompt="even or odd?", completion="even", choices=("even", "odd"), answer_type="choice") for row in SUMS.rows))
    frozen = Frozen((echo, LATIN), TEXTS)
    made = {"recipe": {"name": "lora"}, "seconds": 2.0, "trainable": {"parameters": 3, "share": 0.1}}
    (tmp_path / MADE).write_text(json.dumps(made), encoding="utf-8")
    tuned = replace(TUNED, adapter=str(tmp_path))
    weights = {"tiny/zero-shot": BASE, "tiny+run/zero-shot": tuned, "tiny+run/cot": tuned}
    spec = score.score_spec(settings, TASK, [(Contender.parse(name), one) for name, one in weights.items()], "fail")
    for name, text in {**score.frozen(examples(3), Material()), **probing.frozen_files(frozen)}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with closing(Progress(tmp_path)) as progress:
        score.run(Work(tmp_path, spec, progress, threading.Event()))
    card = read_scorecard(as_job(tmp_path, spec), tmp_path)
    assert [one.retention is None for one in card.contenders] == [True, False, False] and card.weak == ("About latin",)
    kept = card.contenders[1].retention
    assert kept is not None and kept.overall == Score(1.0, kept.overall.low, 1.0) and kept.drift == pytest.approx(0.1)
    assert [one.tuning and one.tuning.recipe for one in card.contenders] == [None, "lora", "lora"] and card.verdict is not None
    last = [line for line in read(tmp_path / "progress.jsonl") if "note" in line][-1]
    assert last["done"] == last["total"] == 3 * 3 + probing.answers(frozen, [BASE, TUNED])
