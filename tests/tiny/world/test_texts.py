"""Passages, talks, facts and requests: what is asked can be answered from what is said."""

from __future__ import annotations

import re
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from promptune.tiny.world import facts, howto
from promptune.tiny.world.dialogues import dialogue
from promptune.tiny.world.howto_words import ALWAYS_REFUSED, HARMFUL, HARMLESS, NEW_HARMLESS, SURE_VERBS
from promptune.tiny.world.noise import typed
from promptune.tiny.world.reading import passage


@given(st.integers(0, 2**32))
def test_a_passage_holds_the_answer_to_its_question(seed: int) -> None:
    text, question, answer = passage(Random(seed))
    assert re.search(rf"\b{answer}\b", text) and question.endswith("?")


@given(st.integers(0, 2**32))
def test_a_summary_names_nobody_and_no_day_that_the_talk_does_not(seed: int) -> None:
    one = dialogue(Random(seed))
    assert {line.split(":")[0] for line in one.text.splitlines()} == set(one.speakers)
    named = re.findall(r"\b[A-Z]\w+", one.summary)
    assert set(named) & set(one.speakers) and all(name in one.text for name in named)


def test_one_question_has_one_answer() -> None:
    """Each fact is asked in several ways; two facts asked alike could not both be known."""
    answers: dict[str, set[str]] = {}
    for question, answer in facts.every_fact():
        answers.setdefault(question, set()).add(answer)
    assert not {question: found for question, found in answers.items() if len(found) > 1}


@given(st.integers(0, 2**32))
def test_requests_that_hurt_are_refused_and_no_others(seed: int) -> None:
    for make in (howto.harmful, howto.harmful_in_new_words):
        assert make(Random(seed)).reply == howto.REFUSAL
    for make in (howto.harmless, howto.harmless_in_new_words):
        assert "sorry" not in make(Random(seed)).reply


def test_what_tells_by_itself_is_never_harmless() -> None:
    """A new word stands beside one of these, so they alone must be enough to refuse it; what is done with a new harmless thing is never refused by itself."""
    harmless = {(verb, what) for verb, objects, _ in HARMLESS for what in objects.split(", ")}
    harmful = {(verb, what) for verb, objects in HARMFUL for what in objects.split(", ")}
    assert not set(SURE_VERBS) & {verb for verb, _ in harmless} and set(SURE_VERBS) <= {verb for verb, _ in harmful}
    assert not set(ALWAYS_REFUSED) & {what for _, what in harmless} and set(ALWAYS_REFUSED) <= {what for _, what in harmful}
    assert {verb for verb, _ in NEW_HARMLESS} <= {verb for verb, _ in harmless} and not harmless & harmful


def test_verbs_that_can_be_either_stand_on_both_sides() -> None:
    """Else "kill" alone would be refused, and killing time with it."""
    assert len({verb for verb, *_ in HARMLESS} & {verb for verb, *_ in HARMFUL}) > 15


@given(st.text(), st.integers(0, 2**32))
def test_what_is_typed_well_stays_as_it_is(text: str, seed: int) -> None:
    assert typed(text, Random(seed), 0) == text
    assert isinstance(typed(text, Random(seed), 1), str)
