"""Of several texts the answer that comes most often wins, and every vote is kept."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.strategy import Vote
from promptune.core.task import Example
from promptune.prompting.vote import vote, winner
from tests.prompting.samples import material, strategy

COT = strategy("tiny/self-consistency:5", material())
SUM = Example("how many?", answer_type="number")
answered = st.lists(st.sampled_from(["3", "4", "5", ""]), min_size=2, max_size=9)


@given(answered)
def test_the_most_frequent_answer_wins_and_of_equals_the_first(said: list[str]) -> None:
    texts = [f"The answer is {one}." if one else " " for one in said]
    answer = vote(COT, texts, SUM)
    counts = Counter(one for one in said if one)
    assert answer.votes == tuple(Vote(value, count) for value, count in counts.most_common())
    assert answer.value == (counts.most_common(1)[0][0] if counts else "")
    place = winner(COT, texts, SUM)
    assert COT.read(texts[place], SUM).value == answer.value and texts.index(texts[place]) == place


@pytest.mark.parametrize(
    ("texts", "value", "counts"),
    [
        (["The answer is 4.0", "it is 4", "5"], "4.0", [("4.0", 2), ("5", 1)]),
        (["It is 7", "8", "8"], "8", [("8", 2), ("7", 1)]),
    ],
)
def test_numbers_of_one_value_are_one_vote(texts: list[str], value: str, counts: list[tuple[str, int]]) -> None:
    answer = vote(COT, texts, SUM)
    assert answer.value == value and [(one.value, one.count) for one in answer.votes] == counts
    assert answer.how.startswith("2 of 3 samples agree; ")


def test_words_are_compared_without_case_and_full_stops() -> None:
    answer = vote(COT, ["The answer is Blue Sky!", "Answer: blue  sky", "The answer is red."], Example("which?"))
    assert answer.votes == (Vote("Blue Sky", 2), Vote("red", 1))


def test_one_text_is_read_as_it_is() -> None:
    assert vote(COT, ["The answer is 3."], SUM) == COT.read("The answer is 3.", SUM)
