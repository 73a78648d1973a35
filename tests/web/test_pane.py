"""A pane's settings and the contender they spell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.contender import Contender
from promptune.core.decoding import Decoding
from promptune.errors import Problems
from promptune.web.pane import PaneForm, contenders, spellable

DECODINGS = st.builds(
    Decoding,
    t=st.none() | st.integers(0, 500).map(lambda n: n / 100),
    max=st.none() | st.integers(1, 1_000_000),
    seed=st.none() | st.integers(0, 2**63 - 1),
)


@given(DECODINGS)
def test_settings_and_contender_are_inverse(decoding: Decoding) -> None:
    """A reload fills the settings from the stored contender: asking again must ask the same."""
    contender = Contender("tiny", "cot", decoding=decoding)
    assert PaneForm.contender(*PaneForm.values(contender)) == contender


def test_a_contender_that_the_settings_cannot_say_is_noticed() -> None:
    """Otherwise a reload would quietly ask something else than the pane shows."""
    assert spellable(Contender.parse("tiny/zero-shot?t=0.7&seed=1"))
    assert not spellable(Contender.parse("tiny/few-shot:4"))
    assert not spellable(Contender.parse("tiny/zero-shot?top_p=0.9"))


def test_everything_wrong_with_any_pane_is_said_at_once() -> None:
    with pytest.raises(Problems) as caught:
        contenders(["tiny", "cot", "warm", "", "", "tiny", "cot", "", "", "", "tiny", "cot", "", "0", "x"])
    assert [problem.field for problem in caught.value.problems] == ["pane A", "pane C"]
