"""How the next token is chosen: only what was asked for is kept and spelled, and a wrong key says what would be right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.decoding import MAX_SEED, Decoding
from promptune.errors import UserError


def millionths(low: int, high: int) -> st.SearchStrategy[float]:
    return st.integers(low * 10**6, high * 10**6).map(lambda value: value / 10**6)


stops = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
decodings = st.builds(
    Decoding,
    t=st.none() | millionths(0, 5),
    top_p=st.none() | millionths(0, 1).filter(bool),
    max=st.none() | st.integers(1, 1_000_000),
    seed=st.none() | st.integers(0, MAX_SEED),
    stop=st.lists(stops, max_size=3).map(tuple),
)


@given(decodings)
def test_what_is_printed_parses_back_to_the_same(decoding: Decoding) -> None:
    """A stop text may hold any character, the spelling's own marks too."""
    assert Decoding.parse(str(decoding)) == decoding
    assert not set(str(decoding)) & set("/?+@:, \n")


def test_nothing_asked_for_is_spelled_as_nothing() -> None:
    """Greedy by default belongs to the strategy, so leaving a key out must differ from t=0."""
    assert str(Decoding()) == ""
    assert Decoding.parse("") == Decoding()
    assert str(Decoding(t=0)) == "t=0"


def test_keys_have_one_order() -> None:
    assert str(Decoding.parse("stop=a&seed=1&max=64&top_p=0.9&t=0.7&stop=b")) == "t=0.7&top_p=0.9&max=64&seed=1&stop=a&stop=b"


@pytest.mark.parametrize(
    ("spelling", "names", "right"),
    [
        ("temp=1", "'temp'", "t, top_p, max, seed, stop"),
        ("t", "t has no value", "t=VALUE"),
        ("seed=", "seed has no value", "seed=VALUE"),
        ("t=0.5&t=0.6", "t is given twice", "one of them"),
        ("t=1e2", "t=1e2", "0.7"),
        ("t=-1", "t=-1", "0.7"),
        ("t=nan", "t=nan", "0.7"),
        ("t=5.1", "t=5.1", "from 0 to 5"),
        ("top_p=0", "top_p is 0", "above 0"),
        ("top_p=1.01", "top_p=1.01", "from 0 to 1"),
        ("max=0", "max=0", "from 1 to 1000000"),
        ("max=2.5", "max=2.5", "whole number"),
        ("max=٣", "max=٣", "whole number"),
        (f"seed={MAX_SEED + 1}", f"seed={MAX_SEED + 1}", f"to {MAX_SEED}"),
        ("stop=%FF", "stop=%FF", "UTF-8"),
        ("t=0.7&&max=3", "''", "t, top_p, max, seed, stop"),
    ],
)
def test_every_error_names_its_key_and_what_would_be_right(spelling: str, names: str, right: str) -> None:
    with pytest.raises(UserError) as caught:
        Decoding.parse(spelling)
    assert names in caught.value.what
    assert right in str(caught.value)


def test_an_empty_stop_text_is_refused() -> None:
    """Every text contains it: each answer would be empty."""
    with pytest.raises(UserError, match="stop"):
        Decoding(stop=("",))
