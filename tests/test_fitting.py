"""Which rows fit a window, found before anything is spent: train rows with their answer, test rows with room to write one."""

# ruff: noqa: F811  # fixtures of the engines' tests are imported, and asked for by name

from __future__ import annotations

from dataclasses import replace

import pytest

from promptune.core.task import Example
from promptune.engines.local import LocalEngine
from promptune.engines.protocol import Weights
from promptune.errors import Problems
from promptune.fitting import AT_ONCE, NAMED, Kept, Measured, fitting
from promptune.prompting.strategies.cot import ChainOfThought
from promptune.prompting.strategies.zero_shot import ZeroShot
from tests.engines.conftest import base, engine, seq2seq, tiny  # noqa: F401  # fixtures
from tests.tunings import drained

WINDOW = 512  # of the bundled model
SHORT = Example("Is it good?", "yes", split="train", row=1)


def words(count: int) -> str:
    return "a" + " a" * (count - 1)


def kept(engine: LocalEngine, model: Weights, rows: list[Example], split: str = "train") -> list[int | None]:
    return [one.row for one in drained(fitting(engine, model, {split: rows}, 200)).rows[split]]  # type: ignore[dict-item,index]


def rows(sizes: range, completion: str = "yes") -> list[Example]:
    return [Example(words(size), completion, split="train", row=size) for size in sizes]


def test_a_train_row_needs_room_for_its_answer_and_a_test_row_for_any(engine: LocalEngine, tiny: Weights) -> None:
    sizes = range(380, WINDOW + 1, 4)
    brief, long = kept(engine, tiny, rows(sizes)), kept(engine, tiny, rows(sizes, words(60)))
    asked = kept(engine, tiny, rows(sizes), "test")
    assert max(filter(None, asked)) < WINDOW - WINDOW // 8 < max(filter(None, brief)), "an eighth of the window is kept for a text nobody knows yet"
    assert 50 < max(filter(None, brief)) - max(filter(None, long)) < 70, "the answer is part of what is read in training"
    for found in (brief, long, asked):
        assert found == list(sizes)[: len(found)], "what is shorter than a row that fits, fits"


def test_what_a_train_row_is_measured_as_is_what_training_makes_of_it(engine: LocalEngine, tiny: Weights) -> None:
    """A row that was told to fit must not stop the job later, and none that would fit by more than its chat template's ends is left out."""
    from promptune.sandbox import Sandbox
    from promptune.tuning.encoding import encode
    from tests.tuning.conftest import load_folder

    loaded, sandbox = load_folder(tiny.folder), Sandbox()
    for completion in ("yes", words(40)):
        every = rows(range(440, WINDOW), completion)
        fits = {one.row for one, coded in zip(every, encode(loaded, every, sandbox), strict=True) if coded.fits(loaded)}
        found = set(kept(engine, tiny, every))
        assert found <= fits and len(fits - found) <= 6
    sandbox.close()


def test_a_window_of_its_own_for_the_answer(engine: LocalEngine, seq2seq: Weights) -> None:
    """An encoder-decoder reads and writes apart: a prompt that fills the window is no reason to leave a row out, a longer answer is."""
    window = engine.capabilities(seq2seq).window
    full, wordy = Example(words(window - 4), "yes", row=1), Example("Is it?", words(window + 1), row=2)
    assert kept(engine, seq2seq, [full, wordy, SHORT]) == [1, 1]
    [(name, why)] = drained(fitting(engine, seq2seq, {"train": [wordy]}, 200)).why
    assert name == "train row 2" and "The answer has" in why and str(window) in why


def test_a_test_row_must_fit_every_way_it_is_asked(engine: LocalEngine, tiny: Weights) -> None:
    sizes = range(420, 450)
    plain, both = (drained(fitting(engine, tiny, {"test": rows(sizes)}, 200, ways)).rows["test"] for ways in ([ZeroShot()], [ZeroShot(), ChainOfThought()]))
    assert 0 < len(both) < len(plain) and both == plain[: len(both)]


def test_what_is_left_out_is_counted_and_told_by_part(engine: LocalEngine, tiny: Weights) -> None:
    long = [replace(SHORT, prompt=words(600), row=10 + i) for i in range(NAMED + 2)]
    found = drained(fitting(engine, tiny, {"train": [SHORT, *long], "test": [SHORT, replace(SHORT, prompt=words(600), row=3)]}, 200))
    assert (found.skipped, found.count("train"), found.count("test"), found.count("validation")) == (8, 7, 1, 0)
    told = found.told("Shorten them.")
    assert isinstance(told, Problems) and [problem.field for problem in told.problems] == [*(f"train row {10 + i}" for i in range(NAMED)), "3 more"]
    assert "8 of 10 rows do not fit" in told.where and "Shorten them." in str(told)
    assert all("tokens" in problem.what and "question 6" in problem.what and "template" in problem.what for problem in told.problems[:NAMED])


@pytest.mark.parametrize("count", [0, 1, AT_ONCE, AT_ONCE + 1])
def test_it_tells_how_far_it_is(engine: LocalEngine, tiny: Weights, count: int) -> None:
    news, last = [], Kept({}, ())
    looking = fitting(engine, tiny, {"train": [SHORT] * count, "test": [SHORT]}, 200)
    while True:
        try:
            news.append(next(looking))
        except StopIteration as end:
            last = end.value
            break
    assert last.skipped == 0 and len(last.rows["train"]) == count
    assert news[0] == Measured(0, count + 1) if count else news == [Measured(0, 1)]
    assert [one.done for one in news] == sorted(one.done for one in news) and all(one.done < one.total == count + 1 for one in news)
