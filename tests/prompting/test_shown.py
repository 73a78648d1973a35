"""What of a prompt was chosen for it, and why: exactly what stands in it, in its order, each with a reason that can be checked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.task import Example
from promptune.prompting.material import Material
from promptune.prompting.search import TELLING, Index, tokens
from promptune.prompting.strategies.base import joint
from tests.prompting.samples import LABELS, SPELLINGS, material, questions, strategy, text_of
from tests.prompting.test_search import words

GIVEN = material()
LAMP = Example("Why is the lamp broken?", split="test", row=1)
SHOTS = tuple(
    Example(prompt, label, LABELS, "choice", split="train", row=row)
    for row, (prompt, label) in enumerate([("The lamp is broken.", "bad"), ("A boat swims.", "good"), ("The lamp shines.", "good"), ("Rain.", "bad")], 1)
)
BOOK = ("The boat is made of wood.", "", "A lamp is a light.", "A broken lamp shines on the boat.")


def whys(spelling: str, example: Example = LAMP, given_: Material | None = None) -> list[tuple[str, str]]:
    built = strategy(spelling, given_ or Material(SHOTS, passages={"book": BOOK}))
    return [(one.title, one.why) for one in built.shown(example)]


@given(questions, st.sampled_from(SPELLINGS), st.integers(0, 4))
def test_what_is_shown_is_what_stands_in_the_prompt(question: Example, spelling: str, drop: int) -> None:
    """In its order, and without what was left out; every one says where it comes from and why it is there."""
    built = strategy(spelling, GIVEN)
    made, shown = built.render(question, drop=drop), built.shown(question, drop=drop)
    examples = [one for one in shown if one.kind == "example"]
    passages = [one for one in shown if one.kind == "passage"]
    assert "".join(f"{one.text}{joint(one.text)}{one.answer}\n\n" for one in examples) == text_of("examples", made)
    assert not passages or text_of("context", made).endswith("\n\n".join(one.text for one in passages) + "\n\n")
    assert (len(shown) > 0) == (max(0, built.extras(question) - drop) > 0 and bool(examples or passages))
    assert all(one.title and one.why and "\n" not in one.title + one.why for one in shown)


def test_an_example_is_told_by_its_row_and_its_solution() -> None:
    one, *_ = strategy("tiny/few-shot:1", GIVEN).shown(LAMP)
    row = int(one.title.removeprefix("train row "))
    assert (one.kind, one.text, one.answer) == ("example", GIVEN.shots[row - 1].prompt, GIVEN.shots[row - 1].completion)
    worked, *_ = strategy("tiny/few-shot-cot:1", GIVEN).shown(LAMP)
    assert worked.answer.startswith("Word ") and "The answer is" in worked.answer, "with its steps"


@pytest.mark.parametrize(
    ("spelling", "why"),
    [
        ("tiny/few-shot:2", "drawn at random with seed 0, one of each class in turn"),
        ("tiny/few-shot:2,seed=7", "drawn at random with seed 7, one of each class in turn"),
        ("tiny/few-shot:2,by=random", "drawn at random with seed 0"),
    ],
)
def test_a_draw_is_told_with_its_seed(spelling: str, why: str) -> None:
    assert {one for _, one in whys(spelling)} == {why}


def test_a_draw_in_a_group_names_it() -> None:
    ((_, why),) = whys("tiny/few-shot:1,by=random", Example("x", group="one"), material(24, ("one", "two")))
    assert why == "drawn at random with seed 0 among those of one"


def test_the_nearest_are_told_by_the_words_that_brought_them() -> None:
    """The nearest stands last, next to the question; what shares no word is only the next in the table. In a small table `the` is rare too."""
    assert whys("tiny/few-shot:3,by=nearest") == [
        ("train row 2", "it shares no word with the question; the next in the table"),
        ("train row 3", "number 2 of the nearest by words: the, lamp"),
        ("train row 1", "nearest by words: is, broken, the, lamp"),
    ]


def test_passages_are_told_by_their_place_their_rank_and_the_words() -> None:
    assert whys("tiny/retrieve:2,from=book") == [
        ("passage 4 of book", "rank 1 by words: broken, the, lamp"),
        ("passage 3 of book", "rank 2 by words: is, lamp"),
    ]
    assert whys("tiny/retrieve:1,from=book", Example("Zebra?")) == [("passage 1 of book", "rank 1; it shares no word with the question")]
    assert [title for title, _ in whys("tiny/retrieve:9,from=book", Example("Zebra?"))] == [f"passage {i} of book" for i in (1, 3, 4)], (
        "an empty one tells nothing"
    )


@given(st.lists(words, min_size=1, max_size=8), words)
def test_telling_words_are_of_the_question_and_of_the_text(texts: list[str], query: str) -> None:
    index = Index(texts)
    places = list(range(len(texts)))[::-1]
    for text, told in zip(reversed(texts), index.telling(query, places), strict=True):
        shared = set(tokens(query)) & set(tokens(text))
        assert set(told) <= shared and len(told) == len(set(told)) <= TELLING and bool(told) == bool(shared)


def test_rare_words_tell_most_and_common_ones_nothing() -> None:
    index = Index([*(f"the river number {i}" for i in range(30)), "the lamp by the river", "naïve שלום 正面"])
    assert index.telling("the LAMP near the river", [30, 0]) == [["lamp"], ["the", "river"]]
    assert index.telling("正 שלום x", [31]) == [["正", "שלום"]], "equals in the order of the question"
    assert index.telling("正", []) == []
