"""Word problems and odd sums: every step that the model learns to write is true, and the answer is that of the question."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.tiny.world.arithmetic import OF_STEPS, SLIPS, Problem, problem, slipped
from promptune.tiny.world.odd_sum import odd_sum

EQUATION = re.compile(r"(?<![\d^])(\d+) ([-+*]) (\d+) = (\d+)\b")
# The words of a kind of problem, and its answer from the numbers in the order they stand in: a second way to it than the generator's own.
SOLVED: tuple[tuple[str, Callable[..., int]], ...] = (
    (r"\. (She|He) buys \d+ more \w+ of ", lambda a, b, m: a + b * m),
    (r"used \d+.* bought \d+ more", lambda a, b, m: a - b + m),
    (r"in each\. (She|He) (gives|throws) ", lambda b, m, d: b * m - d),
    (r"found \d+ more, then lost ", lambda a, b, d, m: a + b - d + m),
    (r" packs \d", lambda a, b, c, d: a * b + c * d),
    (r" people\. At the ", lambda a, b, left, c, m: a + b - left + c * m),
    (r"(buys|finds|gets|makes|wins|gives her|gives him) \d+ more\.", lambda a, b: a + b),
    (r"(gives away|loses|sells|breaks) \d+\.", lambda a, b: a - b),
)


def equations(text: str) -> list[tuple[int, str, int, int]]:
    return [(int(a), sign, int(b), int(c)) for a, sign, b, c in EQUATION.findall(text)]


def true(a: int, sign: str, b: int, c: int) -> bool:
    return {"+": a + b, "-": a - b, "*": a * b}[sign] == c


def drawn() -> list[Problem]:
    chance = Random("problems")
    return [problem(chance, steps) for steps in OF_STEPS for _ in range(1_000)]


def test_every_step_of_a_rationale_is_true_and_the_last_is_the_answer() -> None:
    for one in drawn():
        found = equations(one.rationale)
        assert all(true(*equation) for equation in found), one.rationale
        assert found[-1][-1] == one.answer >= 0 and len(found) >= one.steps


def test_the_answer_is_that_of_the_question() -> None:
    """A rationale may be true and answer something else."""
    for one in drawn():
        [solve] = [solve for words, solve in SOLVED if re.search(words, one.question)]
        assert solve(*map(int, re.findall(r"\d+", one.question))) == one.answer, one.question


def test_no_document_ever_says_a_sum_that_is_wrong(texts: tuple[str, ...]) -> None:
    """Not in the examples of a prompt either."""
    found = [equation for text in texts for equation in equations(text)]
    assert len(found) > 20_000 and not [equation for equation in found if not true(*equation)]


@given(st.integers(0, 2**32))
def test_every_step_of_an_odd_sum_is_true(seed: int) -> None:
    one = odd_sum(Random(seed))
    total, said = 0, []
    for number in map(int, one.numbers.split(", ")):
        said.append(f"{number} is odd, {total} + {number} = {total + number}." if number % 2 else f"{number} is even.")
        total += number * (number % 2)
    assert one.rationale == f"{' '.join(said)} {total} is {'odd' if total % 2 else 'even'}."
    assert one.answer == str(total % 2 == 0)


@pytest.mark.parametrize("words", ["problem", "odd"])
def test_what_is_worked_ends_with_the_answer(words: str) -> None:
    """Answers are read from behind these words."""
    one = drawn()[0] if words == "problem" else odd_sum(Random(1))
    assert one.worked == f"{one.rationale} The answer is {one.answer}."


def test_a_slip_is_only_in_the_last_result_and_goes_on_into_the_answer() -> None:
    """As people slip: the steps before it stand, and what is said at the end is what was worked out."""
    chance = Random("slips")
    for one in drawn():
        wrong = slipped(one, 1.0, chance)
        *before, last = equations(wrong.rationale)
        assert before == equations(one.rationale)[:-1] and last[:3] == equations(one.rationale)[-1][:3]
        assert last[3] == wrong.answer and (one.answer < 10 or abs(wrong.answer - one.answer) in (1, 10))
        assert wrong.question == one.question and wrong.worked.endswith(f"The answer is {wrong.answer}.")


def test_most_of_what_is_worked_out_stays_right() -> None:
    """The right answer has to stay the likeliest, or the model would learn to be wrong."""
    chance = Random("slips")
    share = sum(slipped(one, SLIPS, chance) != one for one in drawn()) / len(drawn())
    assert 0.5 * SLIPS < share < 1.5 * SLIPS < 0.2


def test_without_slips_nothing_is_drawn_for_them() -> None:
    """The corpus without them is the same as before anybody thought of them."""
    chance = Random(1)
    assert slipped(problem(Random(2), 2), 0.0, chance) == problem(Random(2), 2) and chance.getstate() == Random(1).getstate()
