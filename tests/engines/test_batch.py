"""Whatever shares a batch, and whenever it comes, every row gets what it gets alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from promptune.engines import local_batch, local_prefixes
from promptune.engines.local_adapters import PLAIN, Mix, read_lora
from promptune.engines.local_models import Loaded
from promptune.engines.local_rows import Row, choose
from promptune.engines.protocol import Held
from tests.engines.batches import Asked, Scripted, ask, batch, draw, llama, loaded, lora

SCHEDULES = 200
POOL = 72
ALIKE = 24  # tokens
NOISE = 1e-4  # of the largest score; what shares a pass changes scores by less than a hundredth of it, as test_reader shows


@dataclass(frozen=True)
class Sample:
    """A question of the pool, and its answer when it is asked alone in a fresh batch that knows nothing."""

    ids: tuple[int, ...]
    mix: Mix
    settings: dict[str, Any]
    answer: tuple[int, ...] = ()
    text: str = ""
    reason: str = ""


class Steady:
    """Chooses as the batch does, and looks whether noise could change what was chosen: then it says nothing about the batch."""

    def __init__(self) -> None:
        self.steady = True

    def __call__(self, scores: torch.Tensor, rows: Sequence[Row]) -> list[int]:
        before = [row.random.get_state() for row in rows]
        tokens = choose(scores, rows)
        after = [row.random.get_state() for row in rows]
        for seed in range(4):
            noise = torch.rand(scores.shape, generator=torch.Generator().manual_seed(seed)).sub_(0.5).mul_(2 * NOISE)
            for row, state in zip(rows, before, strict=True):
                row.random.set_state(state)
            self.steady &= choose(scores + noise * scores.abs().max(), rows) == tokens
        for row, state in zip(rows, after, strict=True):
            row.random.set_state(state)
        return tokens


@pytest.fixture(scope="module")
def model() -> Loaded:
    """With an end that is not rare, and a rule of its own language that looks at all that came before."""
    return loaded(llama(), eos_token_id=list(range(100, 150)), repetition_penalty=1.3)


@pytest.fixture(scope="module")
def folders(model: Loaded, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two runs of different rank, that change different layers."""
    place = tmp_path_factory.mktemp("runs")
    return [lora(model.model, place / "a", 1), lora(model.model, place / "b", 2, r=6, target_modules=["q_proj", "v_proj", "down_proj"])]


@pytest.fixture(scope="module")
def mixes(model: Loaded, folders: list[Path]) -> list[Mix]:
    first, second = (read_lora(folder, model.model) for folder in folders)
    assert first and second
    return [PLAIN, Mix(first, 1.0), Mix(first, 0.5), Mix(first, 0.0), Mix(second, 1.0)]


def draft(mixes: list[Mix], chance: random.Random, before: list[Sample]) -> Sample:
    """As strategies ask: the same examples in front of many questions, the same question with much or little around it, and what goes on from an answer."""
    head = draw(chance.choice([0, 0, 24, 40, 70, 100]), seed=chance.randrange(2))
    ids = [*head, *draw(chance.randint(1, 30), seed=chance.randrange(40))]
    settings: dict[str, Any] = {"limit": chance.choice([1, 2, 4, 7, 10]), "owner": chance.choice(["", "ann", "bo"]), "seed": chance.randrange(9)}
    if chance.random() < 0.4:
        settings |= {"temperature": chance.choice([0.7, 1.5]), "top_p": chance.choice([1.0, 0.8])}
    if before and chance.random() < 0.3:
        said = chance.choice([one for one in before if len(one.ids) < 150])
        return Sample((*said.ids, *said.answer, *ids[-5:]), said.mix, settings)
    return Sample(tuple(ids), chance.choice(mixes), settings)


def alone(model: Loaded, sample: Sample, monkeypatch: pytest.MonkeyPatch) -> Sample | None:
    """None where noise could change it."""
    steady = Steady()
    with monkeypatch.context() as patch:
        patch.setattr(local_batch, "choose", steady)
        [one] = batch(model).ask(ask(model, sample.ids, sample.mix, **sample.settings))
    found = one.generation
    return Sample(sample.ids, sample.mix, sample.settings, tuple(one.row.ids), found.text, found.finish_reason) if steady.steady else None


@pytest.fixture(scope="module")
def pool(model: Loaded, mixes: list[Mix]) -> list[Sample]:
    chance, found, tries = random.Random(1), list[Sample](), 0
    with pytest.MonkeyPatch.context() as monkeypatch:
        while len(found) < POOL:
            tries += 1
            sample = alone(model, draft(mixes, chance, found), monkeypatch)
            if sample and len(sample.text) > 6 and chance.random() < 0.3:  # a stop text, in the middle of what it would have written
                stops = ("never written", sample.text[len(sample.text) // 2 :][:3])
                sample = alone(model, Sample(sample.ids, sample.mix, sample.settings | {"stop": stops}), monkeypatch)
            found += [sample] if sample else []
    assert tries <= POOL * 1.1, "near ties are rare, or something is wrong with the noise"
    return found


def test_what_a_row_gives_alone_is_what_plain_transformers_gives(model: Loaded, folders: list[Path], mixes: list[Mix], pool: list[Sample]) -> None:
    """The yardstick of the next test, measured with another one: PEFT's own layers and `generate`."""
    import copy

    from peft import PeftModel
    from peft.tuners.lora import LoraLayer

    greedy = [sample for sample in pool if not sample.settings.get("temperature") and "stop" not in sample.settings]
    assert len(greedy) > POOL // 4 and {sample.mix for sample in greedy} == set(mixes)
    for mix in mixes:
        plain = copy.deepcopy(model.model)
        if mix.lora is not None:
            plain = PeftModel.from_pretrained(plain, str(folders[mix.lora is mixes[-1].lora])).eval()
            for module in plain.modules():
                if isinstance(module, LoraLayer):
                    module.scale_layer(mix.strength)
        for sample in [one for one in greedy if one.mix == mix]:
            ids = torch.tensor([sample.ids])
            [whole] = plain.generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=sample.settings["limit"], do_sample=False).tolist()
            assert tuple(token for token in whole[len(sample.ids) :] if token not in model.ends) == sample.answer


class Schedule:
    """Some of the pool, each asked in a round of its own, some taken back in a later one."""

    def __init__(self, model: Loaded, pool: list[Sample], chance: random.Random, cancelled: set[str], number: int) -> None:
        self.cancelled = cancelled
        self.rows: list[tuple[Sample, Asked]] = []
        self.arrivals: dict[int, list[Asked]] = {}
        self.stops: dict[int, list[str]] = {}
        first = chance.choice(pool)
        alike = chance.random() < 0.4
        if alike:  # as the rows of a task: what they have in common is attended to once for all
            pool = [one for one in pool if one.mix == first.mix and one.ids[:ALIKE] == first.ids[:ALIKE]]
        for i in range(chance.randint(3, 9)):
            sample, id, at = chance.choice(pool), f"{number}.{i}", chance.choice([0, 0, 1] if alike else [0, 0, 0, 1, 2, 3, 5, 8])
            asked = ask(model, sample.ids, sample.mix, id=id, **sample.settings)
            self.rows.append((sample, asked))
            self.arrivals.setdefault(at, []).append(asked)
            if chance.random() < 0.2:
                self.stops.setdefault(at + chance.randint(0, 6), []).append(id)

    def run(self, batch: Scripted) -> None:
        first = batch.rounds

        def script(round: int) -> None:
            self.cancelled.update(self.stops.pop(round - first, []))
            if come := self.arrivals.pop(round - first, []):
                batch.add([(one.row, one.mix) for one in come])

        batch.script = script
        while self.arrivals:  # nobody may be there when the next one comes
            batch.ask(*self.arrivals.pop(min(self.arrivals)))


def test_whatever_shares_a_batch_every_row_gets_what_it_gets_alone(
    model: Loaded, mixes: list[Mix], pool: list[Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of random schedules on a small model with room for little: rows arrive while others answer, wait for a place, are taken back, share
    beginnings, hit and lose what is remembered. That is where a wrong mask, slot, scale or column would show, and nowhere else.

    The answers are compared token by token, with no tolerance: questions whose answer noise a hundred times the rounding could change are not in the pool.
    It is quick because answers alone are made once, and because the batch is driven round by round: nothing sleeps.
    """
    for module, name, value in (
        *((local_batch, name, value) for name, value in (("ROWS", 4), ("PIECE", 48), ("DESK", 400), ("SHARED", ALIKE), ("BLOCK", 8))),
        (local_batch, "GROUP", {"cpu": 64, "cuda": 64}),
        (local_prefixes, "BLOCK", 8),
    ):
        monkeypatch.setattr(module, name, value, raising=name != "GROUP")
    chance, cancelled = random.Random(2), set[str]()
    token = 2 * 2 * 2 * 8 * 4  # bytes: two layers of keys and values, two heads, eight numbers each
    whole = cut = hits = 0
    shared: Scripted | None = None
    for number in range(SCHEDULES):
        if shared is None or number % 10 == 0:
            budget = chance.choice([0, 150, 400, 2000])
            shared = batch(model, rows=token * chance.choice([150, 10**6]), prefixes=token * budget, cancelled=cancelled)
        schedule = Schedule(model, pool, chance, cancelled, number)
        before = shared.prefixes.size
        schedule.run(shared)
        hits += before > 0
        for sample, asked in schedule.rows:
            found, answer = asked.generation, tuple(asked.row.ids)
            told = f"schedule.row {asked.row.request.id}: {sample.ids} {sample.settings}"
            if found.finish_reason == "cancelled":
                cut += 1
                assert asked.row.request.id in cancelled and answer == sample.answer[: len(answer)] and len(answer) < sample.settings["limit"], told
                assert sample.text.startswith(found.text) or "stop" in sample.settings, told
            else:
                whole += 1
                assert (answer, found.text, found.finish_reason) == (sample.answer, sample.text, sample.reason), told
        assert 0 <= shared.prefixes.size <= shared.prefixes.budget
    assert whole > 3 * SCHEDULES and cut > SCHEDULES // 4 and hits > SCHEDULES // 2


@pytest.mark.parametrize("shared_with_the_others", [0, 70, 90, 100, 120])
def test_who_comes_to_rows_that_begin_alike_may_begin_otherwise(model: Loaded, mixes: list[Mix], shared_with_the_others: int) -> None:
    """What all have in common shrinks and grows as rows come and go; another adapter has nothing in common with anybody."""
    head = draw(120, 1)
    asked = [ask(model, [*head, *draw(3 + i, 20 + i)], limit=(12, 30, 40)[i]) for i in range(3)]
    late = [ask(model, [*head[:shared_with_the_others], *draw(25, 30)], limit=10), ask(model, [*head, 77], mixes[1], limit=9)]
    alone = [batch(model).ask(ask(model, one.row.sent.ids, one.mix, limit=one.row.limit))[0].row.ids for one in [*asked, *late]]
    for come in (late[:1], late[1:], late):
        shared = batch(model)
        again = [ask(model, one.row.sent.ids, one.mix, limit=one.row.limit) for one in [*asked, *come]]

        def script(round: int, shared: Scripted = shared, again: list[Asked] = again) -> None:
            if round == 3:
                shared.add([(one.row, one.mix) for one in again[3:]])

        shared.script = script
        shared.ask(*again[:3])
        assert [one.row.ids for one in again] == [*alone[:3], *alone[3 + late.index(come[0]) :][: len(come)]]


def test_an_owner_with_a_hundred_rows_keeps_nobody_elses_first_token_waiting(model: Loaded) -> None:
    """Counted in rounds, with prompts that take many of them to be read: one more person gets in at once, and is read at once."""
    shared = batch(model)
    many = [ask(model, draw(200, i), id=f"many {i}", owner="ann", limit=30) for i in range(100)]
    late = [ask(model, draw(20, 500 + i), id=f"late {i}", owner=f"late {i}", limit=3) for i in range(3)]
    first: dict[str, int] = {}

    def script(round: int) -> None:
        if round == 3:
            assert sum(one.row.first is None for one in many) > 80, "most of them wait"
            shared.add([(one.row, one.mix) for one in late])
        first.update({one.row.request.id: round for one in late if one.row.first is not None and one.row.request.id not in first})
        if round == 60 or len(first) == len(late):
            shared._closing = True  # seen enough

    shared.script = script
    shared.ask(*many)
    assert len(first) == len(late) and max(first.values()) <= 3 + 4, first


def test_who_has_to_wait_is_told_once_and_comes_in_turn(model: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place that becomes free goes to whoever has the fewest; of one's own, the oldest comes first."""
    monkeypatch.setattr(local_batch, "ROWS", 2)
    shared = batch(model)
    asked = [ask(model, draw(5, i), id=f"{owner}{i}", owner=owner, limit=1 + i % 3) for i, owner in enumerate("aaaaaabbbc")]
    order: list[str] = []
    ended: set[str] = set()

    def script(_: int) -> None:
        ended.update(one.row.request.id for one in asked if one.row.ended)
        order.extend(one.row.request.id for one in asked if one.row.first is not None and one.row.request.id not in order)

    shared.script = script
    shared.ask(*asked)
    script(0)
    for owner in "abc":
        mine = [id for id in order if id[0] == owner]
        assert mine == sorted(mine), "of one's own the oldest comes first"
    assert {id[0] for id in order[:3]} == set("abc"), "everybody has one before anybody has a third"
    for one in asked:
        assert one.generation.completion_tokens <= one.row.limit
        held = [event.what for event in one.events if isinstance(event, Held)]
        assert len(held) <= 1 and all("Waiting for a place: " in what for what in held)
    assert sum(isinstance(event, Held) for one in asked for event in one.events) >= 6


def test_no_more_than_the_memory_for_rows_is_asked_for(model: Loaded) -> None:
    """The block is as wide as its widest row, so that is what counts; one row alone is always taken."""
    shared = batch(model, rows=batch(model).reader.token * 300)
    most = 0

    def script(_: int) -> None:
        nonlocal most
        there = [*shared._reading, *shared._answering]
        if len(there) > 1:
            most = max(most, len(there) * max(seat.room for seat in there))

    shared.script = script
    asked = [ask(model, draw(length, length), id=str(length), limit=8) for length in (120, 10, 11, 12, 13, 14, 15, 130, 16, 17)]
    shared.ask(*asked, ask(model, draw(240, 1), id="too long for the budget, with the others", limit=16))
    assert all(one.generation.completion_tokens <= 8 for one in asked)
    assert most <= 300


def test_alike_prompts_are_read_once(model: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where they are longer than a piece: eight questions behind the same examples cost one of them and eight ends."""
    monkeypatch.setattr(local_batch, "PIECE", 48)
    for length in (40, 60, 100, 200):
        shared = batch(model)
        read = counted(shared)
        shared.ask(*[ask(model, [*draw(length, 1), *draw(6, 10 + i)], id=str(i), limit=1) for i in range(8)])
        if length >= local_batch.SHARED:
            assert sum(read) <= (length + 6) + 7 * 7, f"{sum(read)} tokens were read of 8 prompts of {length} + 6"
        read.clear()
        shared.ask(ask(model, [*draw(length, 1), *draw(5, 99)], id="later", limit=1))
        assert sum(read) <= 5 + local_prefixes.BLOCK


def counted(batch: Scripted) -> list[int]:
    """The tokens of every pass that its reader makes from now on."""
    passes: list[int] = []
    read = batch.reader.read

    def counting(slots: Any, first: int, rows: Sequence[Sequence[int]], *rest: Any) -> torch.Tensor:
        passes.append(sum(map(len, rows)))
        return read(slots, first, rows, *rest)

    batch.reader.read = counting  # type: ignore[method-assign]
    return passes
