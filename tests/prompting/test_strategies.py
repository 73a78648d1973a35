"""A strategy renders a prompt of named parts and reads an answer, saying how."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.contender import Contender
from promptune.core.task import Example
from promptune.engines.protocol import Weights
from promptune.errors import UserError
from promptune.prompting import answers, decide
from promptune.prompting.strategies import STRATEGIES, build, form

questions = st.text(min_size=1, max_size=60)


@given(questions, st.sampled_from(STRATEGIES.names()))
def test_a_strategy_never_changes_the_question(question: str, name: str) -> None:
    strategy = build(Contender("tiny", name))
    (message,) = strategy.render(Example(prompt=question)).messages
    assert [part.text for part in message.parts if part.kind == "question"] == [question]


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_every_strategy_tells_what_it_does(name: str) -> None:
    strategy = build(Contender("tiny", name))
    assert strategy.name == name and strategy.summary.endswith(".") and form(name).startswith(name)


@pytest.mark.parametrize(
    ("spelling", "words"),
    [
        ("tiny/zeroshot", "Did you mean 'zero-shot'"),
        ("tiny/zero-shot:4", "takes none"),
        ("tiny/cot:by=nearest", "takes no arguments"),
    ],
)
def test_a_wrong_strategy_or_argument_says_what_would_be_right(spelling: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        build(Contender.parse(spelling))


@pytest.mark.parametrize(
    ("text", "value", "how"),
    [
        ("5 + 6 = 11. The answer is 11.", "11", "the answer is"),
        ("First 3.\nThe answer is 3.5 apples. Good", "3.5 apples", "the answer is"),
        ("the answer is 1. No, the answer is 2!", "2", "the answer is"),
        ("Answer: “blue”", "blue", "the answer is"),
        ("The answer is: 42.", "42", "the answer is"),
        ("The answer is:\n42", "42", "the answer is"),
        ("**Answer:** 7", "7", "the answer is"),
        ("1, 2,3", "3", "last number"),
        ("so 12 and then 1,200", "1200", "last number"),
        ("It is cold. It is dark", "It is dark", "last sentence"),
        ("  ", "", "nothing came"),
    ],
)
def test_an_answer_is_read_behind_the_steps(text: str, value: str, how: str) -> None:
    answer = answers.after_steps(text)
    assert answer.value == value and how in answer.how


@given(st.text(max_size=80))
def test_reading_never_fails(text: str) -> None:
    for read in (answers.whole, answers.after_steps):
        assert read(text).how


def test_a_request_decides_everything_the_contender_left_open() -> None:
    """The contender first, then the strategy, then greedy with the given length and seed."""
    contender = Contender.parse("tiny/cot?t=0.5&stop=END")
    strategy = build(contender)
    request = decide.request("id", Weights("tiny", "/m"), contender, strategy, strategy.render(Example(prompt="q")), max_tokens=9, seed=4)
    assert (request.temperature, request.top_p, request.max_tokens, request.seed, request.stop) == (0.5, 1.0, 9, 4, ("END",))
    greedy = decide.request("id", Weights("tiny", "/m"), Contender("tiny", "cot"), strategy, request.prompt, max_tokens=9, seed=4)
    assert greedy.temperature == 0
