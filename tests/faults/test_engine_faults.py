"""What goes wrong in the batch of a real model stays with the rows that it is about, and the next question works."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from promptune.engines import local_batch, wire
from promptune.engines.device_main import Server
from promptune.engines.local import LocalEngine
from promptune.engines.local_alone import Alone
from promptune.engines.local_models import Loaded
from promptune.engines.local_slots import Slots
from promptune.engines.protocol import Delta, Event, Failed, Finished, Held, Request, Sent, Weights
from tests.engines.batches import Asked, Scripted, ask, batch, draw, folder_of, llama, loaded, tokenizer
from tests.engines.samples import prompt

BAD = 9  # a token whose vector is damaged, where a test says so; `draw` never draws it


@pytest.fixture
def model() -> Loaded:
    return loaded(llama())


@pytest.fixture
def damaged() -> Loaded:
    """Whoever reads the token BAD has no numbers from there on. What reads tokens and what writes them are two tables."""
    model = llama()
    with torch.no_grad():
        model.get_input_embeddings().weight[BAD] = float("nan")
    return loaded(model)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    return folder_of(llama(), tmp_path_factory.mktemp("models") / "small")


@pytest.fixture
def engine() -> Iterator[LocalEngine]:
    engine = LocalEngine("cpu")
    yield engine
    engine.close()


def answers(model: Loaded, asked: list[Asked]) -> list[tuple[int, ...]]:
    """What each gives alone."""
    return [tuple(batch(model).ask(ask(model, one.row.sent.ids, limit=one.row.limit))[0].row.ids) for one in asked]


def is_damaged(one: Asked) -> bool:
    return isinstance(one.end, Failed) and "damaged" in one.end.what


@contextmanager
def failing(shared: Scripted, when: Callable[[Slots], bool], error: Exception) -> Iterator[list[int]]:
    """The next pass of that kind raises, once it has changed keys and values."""
    read, times = shared.reader.read, [1]

    def once(slots: Slots, *rest: Any) -> torch.Tensor:
        scores = read(slots, *rest)
        if times[0] and when(slots):
            times[0] -= 1
            raise error
        return scores

    shared.reader.read = once  # type: ignore[method-assign]
    try:
        yield times
    finally:
        shared.reader.read = read  # type: ignore[method-assign]


@pytest.mark.parametrize("owner", ["", "ann"])
def test_a_pass_that_fails_while_prompts_are_read_fails_those_only(model: Loaded, owner: str) -> None:
    """Who answers at that moment goes on, and whoever comes later is answered as alone."""
    shared = batch(model)
    going, late = [ask(model, draw(20 + i, i), limit=12, owner=owner) for i in range(2)], [ask(model, draw(30 + i, 9 + i), owner=owner) for i in range(2)]
    shared.script = lambda round: shared.add([(one.row, one.mix) for one in late]) if round == 3 else None
    with failing(shared, lambda slots: slots is shared._desk and shared.rounds > 3, RuntimeError("the pass failed")) as times:
        shared.ask(*going)
    assert times == [0]
    assert [tuple(one.row.ids) for one in going] == answers(model, going)
    for one in late:
        assert isinstance(one.end, Failed) and "the pass failed" in one.end.what and one.end.todo
    again = shared.ask(*[ask(model, one.row.sent.ids, owner=owner) for one in [*late, *going]])
    assert [tuple(one.row.ids) for one in again] == answers(model, again)


@pytest.mark.parametrize("owner", ["", "ann"])
def test_a_step_that_fails_fails_who_answers_and_nobody_who_waits_or_reads(
    model: Loaded, owner: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(local_batch, "ROWS", 3)
    monkeypatch.setattr(local_batch, "PIECE", 32)
    shared = batch(model)
    asked = [ask(model, draw(length, length), limit=9, owner=owner, id=str(length)) for length in (5, 6, 150, 7, 8)]
    with failing(shared, lambda slots: slots is shared._slots and shared.rounds > 2, RuntimeError("the step failed")):
        shared.ask(*asked)
    failed = [one for one in asked if isinstance(one.end, Failed)]
    assert {one.row.request.id for one in failed} == {"5", "6"} and all("the step failed" in one.end.what for one in failed)  # type: ignore[union-attr]
    others = [one for one in asked if one not in failed]
    assert [tuple(one.row.ids) for one in others] == answers(model, others)
    assert "the step failed" in caplog.text
    again = shared.ask(*[ask(model, one.row.sent.ids, owner=owner) for one in failed])
    assert [tuple(one.row.ids) for one in again] == answers(model, again)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory"), MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_out_of_memory_is_named_and_what_is_remembered_makes_room(model: Loaded, error: Exception) -> None:
    shared = batch(model)
    shared.ask(ask(model, draw(40, 1), owner="ann"))
    assert shared.prefixes.size
    with failing(shared, lambda slots: slots is shared._desk, error):
        [one] = shared.ask(ask(model, draw(40, 2)))
    assert isinstance(one.end, Failed) and one.end.name == "OUT_OF_MEMORY" and one.end.todo and not shared.prefixes.size
    again = shared.ask(ask(model, draw(40, 2)))
    assert [tuple(one.row.ids) for one in again] == answers(model, again)


@pytest.mark.parametrize("place", ["read", "write", "copy", "reserve"])
def test_memory_that_is_short_everywhere_ends_no_thread(model: Loaded, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeping, moving and growing take memory as well, also while the batch clears up after a failure. Every row ends, and the next ones work."""
    shared = batch(model)
    monkeypatch.setattr(local_batch, "PIECE", 48)
    shared.ask(ask(model, draw(40, 1), owner="ann", limit=3))
    plain, short = getattr(Slots, place), [True]

    def full(slots: Slots, *rest: Any) -> Any:
        if short[0] and (slots is shared._slots or slots is shared._desk):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return plain(slots, *rest)

    monkeypatch.setattr(Slots, place, full)
    asked = [ask(model, draw(40 + i, i), owner="ann", limit=2 + i, id=str(i)) for i in range(4)]
    shared.ask(*asked)
    assert all(isinstance(one.end, Finished) or one.end.name == "OUT_OF_MEMORY" for one in asked)  # type: ignore[union-attr]
    short[0] = False
    again = shared.ask(*[ask(model, one.row.sent.ids, owner="ann", limit=one.row.limit) for one in asked])
    assert [tuple(one.row.ids) for one in again] == answers(model, again)


@pytest.mark.parametrize("owner", ["", "ann"])
def test_a_row_without_numbers_fails_alone(damaged: Loaded, owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing times NaN is NaN: what it leaves behind in memory, masked or not, must reach neither who is beside it nor who comes later."""
    monkeypatch.setattr(local_batch, "PIECE", 64)
    shared = batch(damaged)
    for bad_length in (12, 50, 150):  # read with the others, alone, and in pieces
        for spoilt in (0, 5, bad_length - 1):
            bad = draw(bad_length, 1)
            bad[spoilt] = BAD
            lengths = (50, 9, 30)
            first = [ask(damaged, draw(length, length), owner=owner, limit=6) for length in lengths]
            broken = [ask(damaged, bad, owner="bad" if owner else "", limit=6) for _ in range(2)]
            shared.ask(broken[0], *first[:2], broken[1], first[2])
            # of what was known a little, and of what is new: they stand at different places of one pass
            then = [ask(damaged, [*draw(length, length), *draw(7, 70 + length)], owner=owner, limit=6) for length in lengths] + [
                ask(damaged, draw(8, 8), owner=owner, limit=6)
            ]
            shared.ask(*reversed(then))
            assert all(map(is_damaged, broken))
            good = [*first, *then]
            assert [tuple(one.row.ids) for one in good] == answers(damaged, good)


def test_what_a_long_prompt_without_numbers_leaves_on_the_desk_reaches_nobody(damaged: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first piece is read, nothing is chosen behind it yet, and then it is somebody else's turn."""
    monkeypatch.setattr(local_batch, "PIECE", 64)
    shared, head = batch(damaged), draw(60, 5)
    shared.ask(ask(damaged, head, limit=1))
    bad = ask(damaged, [*draw(5, 1), BAD, *draw(150, 2)], owner="bad")
    good = [ask(damaged, draw(12, 6), owner="ann"), ask(damaged, [*head, *draw(10, 7)], owner="ann")]
    shared.rounds, shared.script = 0, lambda round: shared.add([(one.row, one.mix) for one in good]) if round == 0 else None
    shared.ask(bad)
    assert is_damaged(bad)
    assert [tuple(one.row.ids) for one in good] == answers(damaged, good)


def test_a_step_without_numbers_leaves_nothing_in_a_slot_that_was_given_up(model: Loaded) -> None:
    """The last row fails in the step in which the first one ends, so that one failed row moves into a free slot."""
    shared = batch(model)
    spoil = [False]

    def spoiling(_: Any, __: Any, out: torch.Tensor) -> torch.Tensor:
        if spoil[0] and out.shape[0] == 2 and out.shape[1] == 1:
            spoil[0] = False
            return torch.stack([out[0], out[1] * float("nan")])
        return out

    hook = model.model.get_input_embeddings().register_forward_hook(spoiling)
    try:
        short, bad = ask(model, draw(10, 1), limit=4), ask(model, draw(11, 2), limit=20)
        shared.script = lambda round: spoil.__setitem__(0, len(short.row.ids) == 3)
        shared.ask(short, bad)
        assert isinstance(short.end, Finished) and is_damaged(bad)
    finally:
        hook.remove()
    then = shared.ask(ask(model, draw(40, 3)), ask(model, draw(5, 4)), ask(model, draw(12, 5)))
    assert [tuple(one.row.ids) for one in then] == answers(model, then)


@pytest.mark.parametrize("how", ["stream", "scored"])
def test_what_was_no_number_once_is_not_remembered(model: Loaded, how: str) -> None:
    """A device that hiccups: the same question is answered a moment later."""
    shared, times = batch(model), [1]

    def spoiling(_: Any, __: Any, out: torch.Tensor) -> torch.Tensor:
        times[0] -= 1
        return out * float("nan") if times[0] == 0 else out

    hook = model.model.get_input_embeddings().register_forward_hook(spoiling)
    ids = draw(40, 1)
    try:
        if how == "scored":
            _, scores = shared.run(torch.inference_mode()(lambda: shared.known(ids, ask(model, ids).mix)))
            assert bool(scores.isnan().all())
        else:
            [bad] = shared.ask(ask(model, ids, owner="ann"))
            assert is_damaged(bad)
    finally:
        hook.remove()
    shared.finish()
    again = shared.ask(ask(model, ids, owner="ann"))
    assert [tuple(one.row.ids) for one in again] == answers(model, again)


@pytest.mark.parametrize("cancelled", [False, True])
def test_text_that_cannot_be_decoded_fails_its_row_alone(model: Loaded, cancelled: bool) -> None:
    """Whatever a tokenizer does at the very end, the row ends: somebody waits for it."""
    gone = set[str]()
    shared = batch(model, cancelled=gone)
    broken, fine = ask(model, draw(10, 1), id="broken", limit=5), ask(model, draw(10, 2), limit=9)

    class Stubborn:
        ends = model.ends

        def text(self, ids: list[int]) -> str:
            raise ValueError("no text")

    def script(round: int) -> None:
        if round == 3:
            broken.row.loaded = Stubborn()  # type: ignore[assignment]
            gone.update(["broken"] if cancelled else [])

    shared.script = script
    shared.ask(broken, fine)
    assert isinstance(broken.end, Failed) and "no text" in broken.end.what
    assert [tuple(fine.row.ids)] == answers(model, [fine]) and isinstance(fine.end, Finished)


@pytest.mark.parametrize("round", [0, 1, 2, 3])
def test_a_long_prompt_can_be_stopped_while_it_is_read(model: Loaded, round: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two of its pieces; who waited for its beginning goes on without it."""
    monkeypatch.setattr(local_batch, "PIECE", 32)
    gone = set[str]()
    shared = batch(model, cancelled=gone)
    long = ask(model, draw(200, 1), id="gone")
    alike, other = ask(model, [*draw(190, 1), 44]), ask(model, draw(9, 3))
    shared.script = lambda now: gone.add("gone") if now == round else None
    shared.ask(long, alike, other)
    assert long.generation.finish_reason == "cancelled" and not long.row.ids and long.generation.first_token_seconds is None
    assert shared.rounds > round + 2 and [tuple(one.row.ids) for one in (alike, other)] == answers(model, [alike, other])


def test_a_row_without_numbers_fails_alone_also_where_no_batch_is_shared() -> None:
    """`generate` runs several rows at once there, and an exception in it would be everybody's."""
    from transformers import MistralConfig, MistralForCausalLM

    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
    torch.manual_seed(3)
    model = MistralForCausalLM(MistralConfig(vocab_size=len(tokenizer()), sliding_window=8, max_position_embeddings=256, **small))
    with torch.no_grad():
        model.get_input_embeddings().weight[BAD] = float("nan")
    alone = Alone(loaded(model), lambda _: False)

    def run(*asked: Asked) -> list[tuple[int, ...]]:
        for one in asked:
            one.row.rules = ()  # `generate` keeps them
        alone.add([(one.row, one.mix) for one in asked])
        for thread in alone._threads:
            thread.join(30)
        return [tuple(one.row.ids) for one in asked]

    good, bad = [ask(alone.loaded, draw(6 + i, i)) for i in range(2)], ask(alone.loaded, [*draw(4, 4), BAD, *draw(3, 5)])
    expected = [run(ask(alone.loaded, one.row.sent.ids))[0] for one in good]
    assert run(good[0], bad, good[1]) == [expected[0], (), expected[1]] and is_damaged(bad)


# ---- the whole engine ----


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.005)


def question(weights: Weights, text: str, id: str, limit: int = 8, owner: str = "ann") -> Request:
    return Request(id, weights, prompt(text), limit, 1, owner=owner)


def test_closing_the_stream_ends_the_work_wherever_it_is(engine: LocalEngine, weights: Weights) -> None:
    """After the first event, in the middle, and where nobody ever asked for an event: no row stays, and no id."""
    runner = engine._shelf.get(weights).runner
    for events in (1, 3):
        stream = engine.stream([question(weights, f"why {i}", f"{events}.{i}", 200) for i in range(3)])
        for _ in range(events):
            next(stream)
        stream.close()  # type: ignore[attr-defined]
        until(lambda: not runner.busy)
    engine.stream([question(weights, "never looked at", "never")])
    assert not engine._cancelled and not engine._streaming - {"never"}


def test_a_stop_that_comes_late_or_for_another_stops_nothing(engine: LocalEngine, weights: Weights) -> None:
    engine.cancel(["x", "y"])
    for _ in range(2):
        (*_, end) = engine.stream([question(weights, "why", "x")])
        assert isinstance(end, Finished) and end.generation.finish_reason == "length"
        engine.cancel(["x"])
    assert not engine._cancelled


def test_a_stop_that_comes_before_the_first_event_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the device process a stream may wait for a thread of its own. Its client has gone meanwhile, and tells that once."""
    monkeypatch.setattr(Server, "_read", lambda _: None)  # it would end this process with the pipe
    monkeypatch.setattr(Server, "send", lambda _, message: sent.append(message))
    sent, gone, cancelled, begin = list[wire.FromDevice](), threading.Event(), list[str](), threading.Event()

    class Slow:
        """Knows a request from its first event on."""

        def stream(self, requests: tuple[Request, ...]) -> Iterator[Event]:
            begin.wait(10)
            yield Held("x", "it begins")
            gone.wait(3)
            yield Failed("x", "FAILED", "the end")

        def cancel(self, ids: list[str]) -> None:
            if begin.is_set() and "x" in ids:
                cancelled.append("x")
                gone.set()

        def capabilities(self, _: Weights) -> None:
            begin.set()

    server, one = Server(None), question(Weights("x", ""), "why", "x")  # type: ignore[arg-type]
    threading.Thread(target=server.serve, args=(Slow(),), daemon=True).start()
    for message in (wire.Stream(1, (one,)), wire.Cancel(("x",)), wire.AskCapabilities(2, one.weights)):  # in order: the last one lets it begin
        server.inbox.put(message)
    assert gone.wait(3) and cancelled == ["x"]


def test_a_model_that_answers_is_not_forgotten_and_is_ended_with_the_engine(engine: LocalEngine, weights: Weights, tmp_path: Path) -> None:
    """A worker wants the device's memory: what nobody asks goes. A thread left in torch when Python ends would take the process down."""
    idle = folder_of(llama(4), tmp_path / "idle")
    engine.capabilities(idle)
    stream = engine.stream([question(weights, "why", "x", 230)])
    assert isinstance(next(event for event in stream if isinstance(event, Sent | Delta)), Sent)
    runner = engine._shelf.get(weights).runner
    assert runner.busy
    engine.release()
    assert engine._shelf.has(weights) and not engine._shelf.has(idle)
    engine.close()
    assert not runner.busy
    (*_, end) = stream
    assert isinstance(end, Finished) and end.generation.finish_reason == "cancelled"


def test_memory_stays_flat_over_hundreds_of_questions(engine: LocalEngine, weights: Weights) -> None:
    """Every question another one, so that what is remembered is full of them; some are stopped and some left alone."""
    shelf, process = engine._shelf, psutil.Process()
    shelf.get(weights).runner.prefixes.budget = 2**20  # type: ignore[union-attr]
    used = []
    for number in range(500):
        events = engine.stream([question(weights, f"{number} {'why ' * (number % 40)}", str(number), 3, owner=f"owner {number % 9}")])
        if number % 50 == 7:
            next(events)
            events.close()  # type: ignore[attr-defined]
        else:
            assert isinstance(list(events)[-1], Finished)
        if number in (120, 499):
            gc.collect()
            used.append(process.memory_info().rss)
    before, after = used
    assert after - before < 24 * 2**20, f"{(after - before) / 2**20:.1f} MB more"
    runner = shelf.get(weights).runner
    assert runner.prefixes.size <= 2**20 and len(runner._served) <= 9  # type: ignore[union-attr]
