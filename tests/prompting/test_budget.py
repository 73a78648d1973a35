"""The window is a budget: nothing is cut silently, and what is left out is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.prompt import Prompt, SentPrompt
from promptune.core.task import Example
from promptune.engines.protocol import Weights
from promptune.engines.scripted import Scripted
from promptune.errors import UserError
from promptune.prompting.budget import Overflow, fit, room
from tests.prompting.samples import SPELLINGS, material, strategy

HERE = Weights("tiny", "/none")
GIVEN = material()


class Meter:
    """The scripted engine's words as tokens, in a window of its own; it counts how often it is asked."""

    def __init__(self, window: int) -> None:
        self.window, self.calls = window, 0

    def __call__(self, prompts: Sequence[Prompt]) -> list[SentPrompt]:
        self.calls += 1
        return [replace(sent, window=self.window) for sent in Scripted().measure(HERE, prompts)]


def rows(*lengths: int) -> list[Example]:
    return [Example("word " * length + "end", split="test", row=i) for i, length in enumerate(lengths, 1)]


@pytest.mark.parametrize(
    ("window", "asked", "default", "kept"), [(512, None, 200, 64), (4096, None, 200, 200), (512, 100, 200, 100), (512, 9999, 200, 256), (4, None, 9, 1)]
)
def test_room_is_kept_for_the_answer(window: int, asked: int | None, default: int, kept: int) -> None:
    assert room(window, asked, default) == kept


@given(st.lists(st.integers(0, 90), min_size=1, max_size=8), st.sampled_from(SPELLINGS), st.integers(40, 160), st.sampled_from(["fail", "drop", "skip"]))
def test_what_comes_back_fits_and_what_does_not_is_said(lengths: list[int], spelling: str, window: int, overflow: Overflow) -> None:
    """And as little as possible is left out: with one extra more it would not fit."""
    built, meter, asked = strategy(spelling, GIVEN), Meter(window), rows(*lengths)
    kept = room(window, None, 20)
    whole = [meter([built.render(example)])[0].tokens + kept <= window for example in asked]
    bare = [meter([built.render(example, drop=built.extras(example))])[0].tokens + kept <= window for example in asked]
    if not all({"fail": whole, "drop": bare, "skip": [True]}[overflow]):
        with pytest.raises(UserError, match=f"the window is {window}"):
            fit(built, asked, meter, asked=None, default=20, overflow=overflow)
        return
    fitted = fit(built, asked, meter, asked=None, default=20, overflow=overflow)
    assert len(fitted) == len(asked)
    for example, one, fits in zip(asked, fitted, whole, strict=True):
        assert fits == (one.dropped == 0 and one.prompt is not None)
        if one.prompt is None:
            assert overflow == "skip" and "tokens" in one.over
            continue
        assert one.prompt == built.render(example, drop=one.dropped) and one.tokens + kept <= window and not one.over
        assert one.tokens == meter([one.prompt])[0].tokens
        if one.dropped:
            assert overflow == "drop" and meter([built.render(example, drop=one.dropped - 1)])[0].tokens + kept > window


def test_failing_names_the_rows_part_by_part() -> None:
    with pytest.raises(UserError) as caught:
        fit(strategy("tiny/few-shot:3", GIVEN), rows(10, 500, 2), Meter(200), asked=40, default=20)
    assert str(caught.value).startswith("1 of 3 rows do not fit the window: test row 2: The prompt has 53")
    assert "and 40 are kept for the answer; the window is 200: examples 27, question 501, template 3." in str(caught.value)
    assert "drop" in caught.value.todo and "skip" in caught.value.todo


def test_many_rows_are_counted_and_the_first_ones_named() -> None:
    with pytest.raises(UserError, match=r"40 of 40 rows.*test row 5: .*; 35 more") as caught:
        fit(strategy("tiny/zero-shot", GIVEN), rows(*[500] * 40), Meter(200), asked=None, default=20)
    assert "test row 6" not in str(caught.value)


def test_hundreds_of_rows_are_measured_together() -> None:
    """Once, and then once more for each halving: never once for each row."""
    meter = Meter(260)
    fitted = fit(strategy("tiny/few-shot:24", GIVEN), rows(*range(200)), meter, asked=None, default=20, overflow="drop")
    assert meter.calls <= 2 + 5 and len({one.dropped for one in fitted}) > 10


def test_an_answer_with_a_window_of_its_own_takes_nothing_from_the_prompts() -> None:
    (example,) = rows(99)
    (sent,) = Meter(0)([strategy("tiny/zero-shot", GIVEN).render(example)])
    (fitted,) = fit(strategy("tiny/zero-shot", GIVEN), [example], Meter(sent.tokens), asked=50, default=20, apart=True)
    assert fitted.tokens == sent.tokens
    with pytest.raises(UserError):
        fit(strategy("tiny/zero-shot", GIVEN), [example], Meter(sent.tokens), asked=50, default=20)


def test_nothing_to_fit_asks_nobody() -> None:
    meter = Meter(9)
    assert fit(strategy("tiny/cot", GIVEN), [], meter, asked=None, default=20) == [] and meter.calls == 0
