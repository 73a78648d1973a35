"""Answers are read as a careful person would, and how they were read is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.task import Example
from promptune.prompting import answers

MOOD = ("positive", "negative")
NEWS = ("world", "world politics", "sport")
VALUES = ("5", "1700", "17000")
SHOWN = "Which one?\nA) 5\nB) 1700\nC) 17000"


def example(choices: tuple[str, ...] = (), prompt: str = "", *, number: bool = False) -> Example:
    return Example(prompt, choices=choices, answer_type="choice" if choices else "number" if number else "text")


@pytest.mark.parametrize(
    ("choices", "prompt", "text", "value", "how"),
    [
        (MOOD, "", "positive", "positive", "exactly"),
        (MOOD, "", " Negative", "negative", "exactly"),
        (MOOD, "", "**positive.**", "positive", "exactly"),
        (MOOD, "", "“Positive”", "positive", "exactly"),
        (MOOD, "", "not positive, but negative", "negative", "only choice"),
        (MOOD, "", "It isn’t really negative: positive", "positive", "only choice"),
        (MOOD, "", "positive, and nothing in it is negative", "positive", "first choice"),
        (MOOD, "", "The answer is positive, negative would be wrong", "positive", "the answer is"),
        (MOOD, "", "Negative words, but the answer is positive.", "positive", "the answer is"),
        (MOOD, "", "positively negative", "negative", "only choice"),
        (MOOD, "", "neither positive nor negative", "neither positive nor negative", "no choice"),
        (MOOD, "", "I cannot say.", "I cannot say.", "no choice"),
        (NEWS, "", "world politics", "world politics", "exactly"),
        (NEWS, "", "This is about World  Politics today", "world politics", "only choice"),
        (NEWS, "", "the world of today", "world", "only choice"),
        (("US", "us"), "", "US", "US", "exactly"),
        (("US", "us"), "", "us", "us", "exactly"),
        (("acceptable", "not acceptable"), "", "It is not acceptable", "not acceptable", "only choice"),
        (("正面", "负面"), "", "这是正面的评价", "正面", "only choice"),
        (("c++", "c"), "", "I would use C++, of course", "c++", "only choice"),
        # letters count only where the choices have some
        (VALUES, SHOWN, "B) 1700", "1700", "letter"),
        (VALUES, SHOWN, "B", "1700", "letter"),
        (VALUES, SHOWN, "The answer is (B).", "1700", "letter"),
        (VALUES, SHOWN, "The correct option is C", "17000", "letter"),
        (VALUES, SHOWN, "I think (B) is right", "1700", "letter"),
        (VALUES, SHOWN, "$1,700", "1700", "exactly"),
        (VALUES, SHOWN, "The answer is 17000.", "17000", "the answer is"),
        (VALUES, SHOWN, "Not (A), but (C)", "17000", "letter"),
        (VALUES, "Which one?", "B", "B", "no choice"),
        (VALUES, "Which one?", "A lot: 1,700 of them", "1700", "only choice"),
        (("A", "B", "C"), SHOWN, "The answer is (B).", "B", "letter"),
        (("A", "B", "C"), "", "b) because it is", "B", "letter"),
        (("A", "B", "C"), "", "It is a dog", "It is a dog", "no choice"),
        (("A", "B", "C"), "", "A dog is no B", "B", "only choice"),
        (("(A) yes", "(B) no"), "", "(B)", "(B) no", "letter"),
        (("A. a cat", "B. a dog"), "", "A. a cat", "A. a cat", "exactly"),
        (("1", "2", "3", "4", "5"), "", "4 stars", "4", "only choice"),
        (("1", "2", "3", "4", "5"), "", "3.5", "3.5", "no choice"),
        (("1", "2", "3", "4", "5"), "", "4/5", "4", "only choice"),
        (("1", "2", "3", "4", "5"), "", "I would give it 4.0/5 stars", "4", "only choice"),
        (("1", "2", "1/2"), "", "it is 1/2 of it", "1/2", "only choice"),
        (("A", "B", "C"), "", "The answer is C because A and B are not", "C", "letter"),
        (("A", "B", "C"), "", "A since it purrs", "A", "letter"),
        (("yes", "no"), "", "I know nothing. No.", "no", "only choice"),
        (MOOD, "", "", "", "nothing came"),
        (MOOD, "", " \n", "", "nothing came"),
    ],
)
def test_a_choice_is_read(choices: tuple[str, ...], prompt: str, text: str, value: str, how: str) -> None:
    answer = answers.direct(text, example(choices, prompt))
    assert answer.value == value and how in answer.how


@pytest.mark.parametrize(
    ("text", "value", "how"),
    [
        ("First it seems negative, in the end it is positive", "positive", "last choice"),
        ("It is positive. No, it is not positive: negative. It is not positive.", "negative", "last choice"),
        ("Good words are positive. The answer is negative. That is not positive.", "negative", "the answer is"),
        ("negative", "negative", "exactly"),
        ("A. B. c is hard to say", "c is hard to say", "no choice"),
    ],
)
def test_behind_steps_the_last_choice_counts(text: str, value: str, how: str) -> None:
    answer = answers.after_steps(text, example(MOOD))
    assert answer.value == value and how in answer.how


@pytest.mark.parametrize(
    ("text", "value", "how"),
    [
        ("$1,234.50", "1234.50", "only number"),
        ("-3", "-3", "only number"),
        ("−3", "-3", "only number"),
        ("-$5", "-5", "only number"),
        ("3.", "3", "only number"),
        ("1/2", "1/2", "only number"),
        ("12%", "12", "only number"),
        ("It is about 12 kg, so 12kg", "12", "last number"),
        ("The answer is 11 apples.", "11", "the answer is"),
        ("The answer is 5 + 6 = 11.", "11", "the answer is"),
        ("The answer is 3.5 and no more", "3.5", "the answer is"),
        ("5 and 6.\n#### 1,100", "1100", "the answer is"),
        (r"so $\boxed{42}$ of 50", "42", "the answer is"),
        ("The answer is clear: he has 7", "7", "the answer is"),
        ("11, because 5 and 6 make it", "11", "first number"),
        ("5 + 6 = 11", "11", "last number"),
        ("There are 5 or rather 6 of the 2nd kind", "6", "last number"),
        ("none", "none", "no number"),
        ("", "", "nothing came"),
    ],
)
def test_a_number_is_read(text: str, value: str, how: str) -> None:
    answer = answers.direct(text, example(number=True))
    assert answer.value == value and how in answer.how


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
        ("Ans = 7", "7", "the answer is"),
        ("1, 2,3", "3", "last number"),
        ("so 12 and then 1,200", "1200", "last number"),
        ("It is cold. It is dark", "It is dark", "last sentence"),
        ("He was born in 1998 in Paris.", "He was born in 1998 in Paris.", "last sentence"),
        ("  ", "", "nothing came"),
    ],
)
def test_text_is_read_behind_the_steps(text: str, value: str, how: str) -> None:
    answer = answers.after_steps(text, example())
    assert answer.value == value and how in answer.how


@pytest.mark.parametrize(
    "text",
    [
        "(A) is too small. Option B is correct.",
        "A is out.\nAnswer: Option B",
        "(a + c) = (A)\nB",
        "C is wrong, B is the answer",
        "so the letter B",
        "Answer B.",
        "1,700\n**B**",
    ],
)
def test_behind_steps_the_last_letter_given_counts(text: str) -> None:
    assert answers.after_steps(text, example(VALUES, SHOWN)).value == "1700" and answers.after_steps(text, example(("A", "B", "C"))).value == "B"


def test_text_without_steps_is_the_answer_as_a_whole() -> None:
    assert answers.direct(" a line\nThe answer is b. ", example()) == answers.Answer("a line\nThe answer is b.", "the whole text")


def test_a_base_model_that_goes_on_with_an_example_of_its_own_is_cut() -> None:
    shots = [Example("Q: one?\nA:", "1"), Example("Q: two?\nA:", "2")]
    asked = Example("Q: three?\nA:")
    assert answers.first_only("3\n\nQ: four?\nA: 4", asked, shots) == "3"
    assert answers.first_only("3\n\nQuite so", asked, shots) == "3\n\nQuite so"
    assert answers.first_only("This\n\nThe", Example("The cat"), [Example("The dog", "x")]) == "This\n\nThe", "one word alike is no heading"


@given(
    st.text(max_size=80)
    | st.lists(st.sampled_from(["The answer is", "(B)", "not", "positive", "negative", "3", ".", "-", "=", "\n", "####", "A)"])).map(" ".join),
    st.sampled_from([example(), example(number=True), example(MOOD), example(VALUES, SHOWN), example(("A", "B")), example(("", "\n"))]),
)
def test_reading_never_fails_and_a_named_choice_is_one_of_them(text: str, asked: Example) -> None:
    for read in (answers.direct, answers.after_steps):
        answer = read(text, asked)
        assert answer.how and answer == read(text, asked)
        assert not asked.choices or answer.value in asked.choices or answer.how.startswith(("no choice", "nothing"))


@given(st.sampled_from([*MOOD, *NEWS, *VALUES, "(A) yes", "Yes.", "C++", "ΣΑΣ", "straße"]))
def test_every_choice_is_read_as_itself(choice: str) -> None:
    asked = example((choice, "something else"), SHOWN)
    for text in (choice, f" {choice}\n", choice.upper(), f"“{choice}”", f"The answer is {choice}."):
        for read in (answers.direct, answers.after_steps):
            assert read(text, asked).value == choice


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1,000.0", "$1000", True),
        ("Blue  sky.", "blue sky", True),
        ("“A”", "a", True),
        ("3", "three", False),
        ("!", "?", False),
        ("", "", True),
        ("-3", "3", False),
    ],
)
def test_answers_that_say_the_same_are_alike(one: str, other: str, same: bool) -> None:
    assert answers.alike(one, other) == answers.alike(other, one) == same
