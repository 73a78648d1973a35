"""A pane's settings and the contender they spell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.contender import Contender
from promptune.core.decoding import Decoding
from promptune.errors import Problems, UserError
from promptune.web.pane import PaneForm, contenders, spellable

DECODINGS = st.builds(
    Decoding,
    t=st.none() | st.integers(0, 500).map(lambda n: n / 100),
    max=st.none() | st.integers(1, 1_000_000),
    seed=st.none() | st.integers(0, 2**63 - 1),
)


HOWS = st.sampled_from(["cot", "few-shot:4", "few-shot:4,by=nearest,seed=7", "retrieve:3,from=notes", "instruct:polite"])


WEIGHTS = st.sampled_from(["tiny", "tiny+reviews-lora", "tiny+reviews-lora@0.5", "tiny+reviews-lora@0"])


@given(WEIGHTS, HOWS, DECODINGS)
def test_settings_and_contender_are_inverse(weights: str, how: str, decoding: Decoding) -> None:
    """A reload fills the settings from the stored contender: asking again must ask the same."""
    contender = replace(Contender.parse(f"{weights}/{how}"), decoding=decoding)
    assert PaneForm.contender(*PaneForm.values(contender)) == contender


def test_a_contender_that_the_settings_cannot_say_is_noticed() -> None:
    """Otherwise a reload would quietly ask something else than the pane shows."""
    assert spellable(Contender.parse("tiny/zero-shot?t=0.7&seed=1"))
    assert spellable(Contender.parse("tiny/few-shot:4,by=nearest?t=0.7"))
    assert spellable(Contender.parse("tiny+run@0.5/few-shot:4"))
    assert not spellable(Contender.parse("tiny/zero-shot?top_p=0.9"))


@pytest.mark.parametrize("arguments", ["4?t=1", "by=nearest,4", "K", "4,,", "4/cot"])
def test_arguments_are_arguments_and_nothing_else(arguments: str) -> None:
    """Or what is written there could quietly become a decoding."""
    with pytest.raises(UserError):
        PaneForm.contender("tiny", "few-shot", arguments, "", "", "", "")


@pytest.mark.parametrize("strength", ["half", "1.5", "-1", "0,5", "nan"])
def test_a_strength_is_a_number_from_0_to_1(strength: str) -> None:
    with pytest.raises(UserError, match="strength"):
        PaneForm.contender("tiny+run", "zero-shot", "", "", "", "", strength)


def test_a_model_without_a_run_has_no_strength() -> None:
    """The field is hidden then: what still stands in it is nobody's wish."""
    assert PaneForm.contender("tiny", "zero-shot", "", "", "", "", "0.5") == Contender.parse("tiny/zero-shot")


def test_everything_wrong_with_any_pane_is_said_at_once() -> None:
    with pytest.raises(Problems) as caught:
        contenders(["tiny", "cot", "", "warm", "", "", "", "tiny", "few-shot", "4", "", "", "", "", "tiny", "cot", "", "", "0", "x", ""], 3)
    assert [problem.field for problem in caught.value.problems] == ["pane A", "pane C"]


def test_only_panes_that_are_seen_are_asked() -> None:
    """What stands in the settings of a pane that was taken out is nobody's wish."""
    assert contenders(["tiny", "cot", "", "", "", "", "", "tiny", "few-shot", "4", "", "warm", "", ""], 1) == [Contender.parse("tiny/cot")]
