"""Searching is deterministic, silent, and works in any script."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.prompting.search import Index, tokens

words = st.lists(st.sampled_from(["horse", "boat", "rice", "正", "שלום", "नमस्ते", "", "!"]), max_size=6).map(" ".join)


@given(st.lists(words, max_size=8), words)
def test_every_text_is_ranked_once_and_ties_stay_in_order(texts: list[str], query: str) -> None:
    ranked = Index(texts).ranked(query)
    assert sorted(ranked) == list(range(len(texts))) and ranked == Index(texts).ranked(query)
    alike = [place for place in ranked if tokens(texts[place]) == tokens(texts[ranked[0]])] if ranked else []
    assert alike == sorted(alike)
    if ranked and set(tokens(query)) & {token for text in texts for token in tokens(text)}:
        assert set(tokens(query)) & set(tokens(texts[ranked[0]])), "the best one shares a word"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ça va, NAÏVE?", ["ça", "va", "naïve"]),
        ("don't x_y 42", ["don", "t", "x", "y", "42"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("这是正面", ["这", "是", "正", "面"]),
        ("שָׁלוֹם", ["שָׁלוֹם"]),
        ("ﬁne ＡＢ", ["fine", "ab"]),
        ("", []),
        ("?! …", []),
    ],
)
def test_words_are_found_in_any_script(text: str, found: list[str]) -> None:
    assert tokens(text) == [token for one in found for token in tokens(one)] and len(tokens(text)) == len(found)


def test_a_rare_word_tells_more_than_a_common_one() -> None:
    assert Index(["the horse eats", "the boat swims", "the rice grows"]).ranked("the boat")[0] == 1


def test_nothing_is_printed_and_the_order_is_the_same_in_every_process() -> None:
    """No progress bar; and Python's changing hashes change nothing."""
    script = "from promptune.prompting.search import Index; print(Index(['a b', 'b c', 'c d', 'a d', '', 'b']).ranked('d c b a b'))"
    seen = set()
    for seed in ("1", "2"):
        env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env, check=True)
        assert done.stderr == ""
        seen.add(done.stdout)
    assert len(seen) == 1 and len(seen.pop().split(",")) == 6
