"""Which models are loaded, for how long, and what whoever waits is told."""

from __future__ import annotations

import gc
import random
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promptune.engines import local_shelf
from promptune.engines.local import LocalEngine
from promptune.engines.local_shelf import Shelf
from promptune.engines.protocol import Delta, Event, Failed, Finished, Held, Request, Weights
from promptune.errors import ModelUnusable, OutOfMemory
from tests.engines.batches import folder_of, llama, lora
from tests.engines.samples import prompt

LONG = 240  # tokens: nearly the whole window


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Weights]:
    """Four of one size."""
    place = tmp_path_factory.mktemp("models")
    return [folder_of(llama(seed), place / f"m{seed}") for seed in range(4)]


@pytest.fixture(scope="module")
def run(models: list[Weights], tmp_path_factory: pytest.TempPathFactory) -> Weights:
    """Of the first model."""
    return replace(models[0], name="m0+run", adapter=str(lora(llama(0), tmp_path_factory.mktemp("runs") / "run", 5)))


@pytest.fixture(scope="module")
def size(models: list[Weights]) -> int:
    return llama(0).get_memory_footprint()


@pytest.fixture
def engine_for() -> Iterator[Callable[[float], LocalEngine]]:
    engines: list[LocalEngine] = []

    def make(budget: float) -> LocalEngine:
        engines.append(LocalEngine("cpu", int(budget)))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


def asked(weights: Weights, id: str = "x", limit: int = 3) -> Request:
    return Request(id, weights, prompt(f"why {id}"), limit, 1)


def there(engine: LocalEngine, models: list[Weights]) -> set[str]:
    return {one.name for one in models if engine._shelf.has(one)}


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.005)


def test_the_one_used_longest_ago_makes_room(engine_for: Callable[[float], LocalEngine], models: list[Weights], size: int) -> None:
    """Used is used in any way: asked, scored, counted."""
    engine = engine_for(2.5 * size)
    for one in models[:2]:
        engine.capabilities(one)
    engine.count_tokens(models[0], ["x"])
    engine.capabilities(models[2])
    assert there(engine, models) == {"m0", "m2"}
    assert isinstance(list(engine.stream([asked(models[0])]))[-1], Finished)
    engine.logprobs(models[3], prompt("x"), ["y"])
    assert there(engine, models) == {"m0", "m3"}


def test_what_was_unloaded_is_gone_from_memory(engine_for: Callable[[float], LocalEngine], models: list[Weights], size: int) -> None:
    """No batch, thread, hook or hidden reference keeps a model that is on no shelf."""
    engine = engine_for(1.5 * size)
    gone = []
    for one in models:
        list(engine.stream([asked(one)]))
        engine.logprobs(one, prompt("x"), ["y", "z"])
        gone.append(weakref.ref(engine._shelf.get(one).loaded.model))
    gc.collect()
    assert [reference() is None for reference in gone] == [True, True, True, False]
    engine.release()
    gc.collect()
    assert gone[-1]() is None


def test_a_model_counts_as_used_when_its_run_is(engine_for: Callable[[float], LocalEngine], models: list[Weights], run: Weights, size: int) -> None:
    engine = engine_for(2.6 * size)
    for one in (run, models[1]):
        engine.capabilities(one)
    engine.capabilities(run)
    engine.capabilities(models[2])
    assert there(engine, [*models, run]) == {"m0", "m0+run", "m2"}
    engine.capabilities(models[1])  # now the model of the run goes, and takes the run along
    assert there(engine, [*models, run]) == {"m1", "m2"}


def test_a_model_that_answers_is_never_unloaded_and_who_waits_is_told_for_what(
    engine_for: Callable[[float], LocalEngine], models: list[Weights], size: int
) -> None:
    engine = engine_for(1.5 * size)
    first = engine.stream([asked(models[0], "first", LONG)])
    while not isinstance(next(first), Delta):
        continue
    events: list[tuple[bool, Event]] = []
    waits = threading.Thread(target=lambda: events.extend((engine._shelf.has(models[0]), event) for event in engine.stream([asked(models[1], "second")])))
    waits.start()
    until(lambda: len(events) >= 2 or not engine._shelf.get(models[0]).runner.busy)
    told = [event.what for _, event in events if isinstance(event, Held)]
    assert "Loading m1 (" in told[0] and told[0].endswith(" MB) …")
    (*_, end) = first
    assert isinstance(end, Finished) and end.generation.completion_tokens == LONG
    waits.join(20)
    told = [event.what for _, event in events if isinstance(event, Held)]
    assert told[1:] and all("Waiting for memory: m1 " in what for what in told[1:])
    assert isinstance(events[-1][1], Finished) and there(engine, models) == {"m1"}


def test_who_waits_for_memory_can_be_stopped_within_a_second(engine_for: Callable[[float], LocalEngine], models: list[Weights], size: int) -> None:
    """Another model may answer for minutes."""
    engine = engine_for(1.5 * size)
    voice = engine._shelf.get(models[0])
    released = threading.Event()
    holds = threading.Thread(target=lambda: voice.run(lambda: released.wait(20)))
    holds.start()
    try:
        until(lambda: voice.runner.busy)
        events = engine.stream([asked(models[1], "stopped")])
        assert isinstance(next(events), Held)
        engine.cancel(["stopped"])
        done: list[Event] = []
        waits = threading.Thread(target=lambda: done.extend(events))
        waits.start()
        waits.join(1.5)
        in_time = not waits.is_alive()
    finally:
        released.set()
        holds.join()
        waits.join(20)
    end = done[-1]
    assert isinstance(end, Finished | Failed) and in_time, "it ended only when the other one did"


def test_models_that_are_asked_at_once_keep_to_the_budget(models: list[Weights], size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was loaded a moment ago takes its memory already."""
    shelf, plain = Shelf("cpu", lambda _: False, int(2.2 * size)), Shelf._batch

    def slow(*args: Any) -> Any:
        time.sleep(0.1)
        return plain(*args)

    monkeypatch.setattr(Shelf, "_batch", slow)
    threads = [threading.Thread(target=shelf.get, args=(one,)) for one in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(shelf.has(one) for one in models) <= 2
    shelf.close()


def test_many_at_once_on_more_models_than_fit_get_their_own_answers(
    engine_for: Callable[[float], LocalEngine], models: list[Weights], run: Weights, size: int
) -> None:
    """Models come and go under those who ask, some of whom leave: everybody's request ends, with what it gives alone, and no id or thread is left."""
    plain, engine = engine_for(10**9), engine_for(2.2 * size)
    weights = [*models[:3], run]
    alone = {one.name: list(plain.stream([asked(one, "x", 12)]))[-1] for one in weights}
    wrong: list[object] = []

    def person(number: int) -> None:
        chance = random.Random(number)
        for turn in range(5):
            some = chance.sample(weights, chance.randint(1, 3))
            requests = {f"{number}.{turn}.{one.name}": replace(asked(one, "x", 12), id=f"{number}.{turn}.{one.name}", owner=str(number)) for one in some}
            events, ends = engine.stream(list(requests.values())), dict[str, Event]()
            leaves = chance.random() < 0.25
            for event in events:
                if event.id not in requests:
                    wrong.append(event)
                if isinstance(event, Finished | Failed):
                    ends[event.id] = event
                if leaves and isinstance(event, Delta):
                    events.close()  # type: ignore[attr-defined]
                    break
            else:
                wrong.extend([] if len(ends) == len(requests) else [ends])
            for id, end in ends.items():
                expected = alone[requests[id].weights.name]
                if not isinstance(end, Finished) or not isinstance(expected, Finished) or end.generation.text != expected.generation.text:
                    wrong.append(end)

    threads = [threading.Thread(target=person, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "somebody waits for ever"
    assert not wrong
    until(lambda: not engine._streaming and not engine._cancelled)


def test_a_model_larger_than_the_memory_is_refused_in_words(engine_for: Callable[[float], LocalEngine], models: list[Weights], size: int) -> None:
    """And nothing is unloaded for it."""
    engine = engine_for(1.5 * size)
    engine.capabilities(models[0])
    engine._shelf._budget = size // 2
    (*_, end) = engine.stream([asked(models[1])])
    assert isinstance(end, Failed) and end.name == "OUT_OF_MEMORY" and "m1 needs " in end.what and "MB, and models may take" in end.what and end.todo
    with pytest.raises(OutOfMemory):
        engine.capabilities(models[1])
    assert there(engine, models) == {"m0"}
    assert isinstance(list(engine.stream([asked(models[0])]))[-1], Finished)


def test_what_many_ask_at_once_is_loaded_once(models: list[Weights], run: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    """The base of a run and the run itself among them; each is told that it is being loaded."""
    loads: list[str] = []
    plain = local_shelf.load

    def slow(weights: Weights, device: str) -> object:
        loads.append(weights.folder)
        time.sleep(0.2)
        return plain(weights, device)

    monkeypatch.setattr(local_shelf, "load", slow)
    engine = LocalEngine("cpu")
    ends: list[Event] = []
    told: list[str] = []

    def one(weights: Weights, id: str) -> None:
        for event in engine.stream([asked(weights, id)]):
            told.extend([event.id] if isinstance(event, Held) else [])
            ends.extend([event] if isinstance(event, Finished | Failed) else [])

    try:
        all_of_them = [*[(models[0], f"base {i}") for i in range(4)], *[(run, f"run {i}") for i in range(4)], (replace(run, strength=0.5), "half")]
        threads = [threading.Thread(target=one, args=pair) for pair in all_of_them]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert loads == [models[0].folder] and len(ends) == len(threads) and all(isinstance(end, Finished) for end in ends)
        assert set(told) == {id for _, id in all_of_them}
        assert len({id(engine._shelf.get(weights).runner) for weights, _ in all_of_them}) == 1
        assert engine._shelf.get(run).mix.lora is engine._shelf.get(replace(run, strength=0.5)).mix.lora, "the same adapter at two strengths is read once"
    finally:
        engine.close()


def test_a_load_that_fails_fails_for_all_who_wait_and_is_tried_again(models: list[Weights], monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that was gone for a moment."""
    plain, tries = local_shelf.load, [0]

    def broken(weights: Weights, device: str) -> object:
        tries[0] += 1
        time.sleep(0.1)
        if tries[0] == 1:
            raise ModelUnusable("the disk was gone.", todo="Ask again.")
        return plain(weights, device)

    monkeypatch.setattr(local_shelf, "load", broken)
    engine = LocalEngine("cpu")
    try:
        ends: list[Event] = []
        threads = [threading.Thread(target=lambda i=i: ends.append(list(engine.stream([asked(models[0], str(i))]))[-1])) for i in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert [isinstance(end, Failed) and end.what for end in ends] == ["the disk was gone."] * 3 and tries == [1]
        assert isinstance(list(engine.stream([asked(models[0])]))[-1], Finished) and tries == [2]
    finally:
        engine.close()


def test_a_folder_that_changed_is_another_model(engine_for: Callable[[float], LocalEngine], tmp_path: Path) -> None:
    """The model as well as the run over it; a name alone makes no difference."""
    engine = engine_for(10**9)
    base = folder_of(llama(1), tmp_path / "base")
    run = replace(base, name="run", adapter=str(lora(llama(1), tmp_path / "run", 1)))

    def text(weights: Weights) -> str:
        (*_, end) = engine.stream([Request("x", weights, prompt("a horse and a boat"), 9, 1)])
        assert isinstance(end, Finished)
        return end.generation.text

    first = text(base), text(run)
    loaded = engine._shelf.get(base)
    assert engine._shelf.get(replace(base, name="other")) is loaded
    lora(llama(1), tmp_path / "run", 2)
    assert text(base) == first[0] and text(run) != first[1] and engine._shelf.get(base) is loaded
    folder_of(llama(2), tmp_path / "base")
    assert text(base) != first[0] and text(base) != text(run)
    assert engine._shelf.get(run).runner is engine._shelf.get(base).runner is not loaded.runner


def test_every_strength_of_a_run_takes_its_memory_once(models: list[Weights], run: Weights, size: int) -> None:
    """A slider that was dragged over twenty strengths unloads nobody."""
    shelf = Shelf("cpu", lambda _: False, int(3.2 * size))
    shelf.get(models[1])
    for tenth in range(1, 21):
        shelf.get(replace(run, strength=tenth / 10))
    shelf.get(models[2])
    assert shelf.has(models[1])
    shelf.close()
