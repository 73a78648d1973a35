"""What stands around a talk says what it means, also without colour, and tells nothing before a blind vote."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.arena import Leaderboard, Standing
from promptune.core.strategy import Answer, Extra
from promptune.engines.protocol import Chance
from promptune.lab import Talk, TalkInfo, Turn
from promptune.markup.words import NBSP
from promptune.web import present_kept, present_talk
from tests.web.test_present import pane, words

SHARES = st.floats(0, 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
CHANCES = st.lists(st.builds(Chance, TEXT, SHARES, st.lists(st.tuples(TEXT, SHARES), max_size=3).map(tuple)), min_size=1, max_size=20)


def standing(contender: str = "tiny/cot", score: float = 1100.0) -> Standing:
    return Standing(contender, 9, 5, 2, 1, 1, score, score - 80, score + 60)


def turn(*spelled: str, vote: str = "", blind: bool = False) -> Turn:
    said = replace(pane("x"), text="Nine.", answer=Answer("9", "the number on the last line"), error="")
    return Turn("0" * 12, "What is 4 + 5?", None, tuple(replace(said, contender=one, weights=one) for one in spelled), vote, blind)


def talk(*turns: Turn) -> Talk:
    return Talk("0" * 12, "Sums", 1e9, turns)


def test_the_least_sure_piece_is_named() -> None:
    shown = words(present_talk.confidence([Chance("The", 0.99), Chance(" 9", 0.414, ((" 8", 0.302), (" 9", 0.414))), Chance("\n", 0.2)]))
    assert "Least sure of “9” (41%); under 90% sure of 2 of 3 tokens." in shown
    assert "“9” 41.4% · else “8” 30.2%" in shown  # not itself again
    assert "“↵” 20.0%" in shown  # what cannot be seen has a sign
    assert "At least 90% sure of each of its 1 token" in words(present_talk.confidence([Chance("x", 0.95)]))
    assert "no word" in words(present_talk.confidence([]))


@given(CHANCES)
def test_the_pieces_are_the_answer_to_the_character(chances: list[Chance]) -> None:
    """A reader checks the answer by it: nothing may be lost or added between two pieces."""
    body = re.sub(r'<span class="(?:tip|hint)[^>]*>.*?</span>', "", present_talk.confidence(chances), flags=re.DOTALL)
    pieces = re.findall(r'<span class="tok t\d"(?: tabindex="0")?>(.*?)</span>', body, re.DOTALL)
    assert unescape("".join(pieces)) == "".join(one.text for one in chances)


def test_less_sure_is_told_without_colour_too() -> None:
    """The level is a class that thickens a line; the figures are reached by the Tab key where there is something to read."""
    markup = "".join(present_talk.confidence([Chance("x", share)]) for share in (1.0, 0.9, 0.8, 0.6, 0.4, 0.1))
    levels = re.findall(r'<span class="tok (t\d)"( tabindex="0")?', markup)
    assert [level for level, _ in levels] == ["t0", "t0", "t1", "t2", "t3", "t4"]
    assert [bool(reach) for _, reach in levels] == [False, False, True, True, True, True]


@pytest.mark.parametrize(("share", "text"), [(1.0, "100.0%"), (0.9999, f">99.9{NBSP}%"), (0.414, "41.4%"), (0.0001, f"<0.1{NBSP}%"), (0.0, "0.0%")])
def test_nearly_is_not_quite(share: float, text: str) -> None:
    assert f"“x” {text}" in unescape(present_talk.confidence([Chance("x", share)]))


def test_examples_and_passages_say_why_they_are_there() -> None:
    example = Extra("example", "train row 12", "Review: dull", "negative", "nearest by words: dull")
    passage = Extra("passage", "passage 3 of handbook", "Refunds take 5 days.", why="rank 1")
    shown = words(present_talk.extras([example, example, passage]))
    for piece in ("Examples (2)", "Passages (1)", "Train row 12", "Nearest by words: dull", "Answer: negative", "Passage 3 of handbook", "Rank 1"):
        assert piece in shown
    assert present_talk.extras([]) == ""


def test_a_leaderboard_says_what_to_do_first() -> None:
    assert "say which answer was best" in words(present_talk.leaderboard(Leaderboard((), 0, 0)))


def test_a_leaderboard_tells_counts_and_how_sure_they_are() -> None:
    markup = present_talk.leaderboard(Leaderboard((standing(), standing("tiny/zero-shot", 900)), 12, 8))
    shown = words(markup)
    assert "12 votes, 8 of them blind." in shown
    assert "Score 1100, 95% interval 1020 to 1160" in shown
    assert "too few votes" in present_talk.leaderboard(Leaderboard((replace(standing(), low=1100, high=1100),), 1, 0))
    assert re.findall(r"<td>(\d+)</td>", markup)[:5] == ["9", "5", "2", "1", "1"]
    assert shown.index("tiny / cot") < shown.index("tiny / zero-shot")
    for x in map(float, re.findall(r"translate\(([-\d.]+) 10\)", markup)):
        assert 0 <= x <= present_talk.RAIL


def test_a_vote_is_told_in_words() -> None:
    both = turn("tiny/cot", "tiny/zero-shot")
    assert present_talk.voted(both) == ""
    assert "Voted best: B tiny / zero-shot." in words(present_talk.voted(replace(both, vote="1")))
    assert "a tie" in present_talk.voted(replace(both, vote="tie"))
    assert "all bad" in present_talk.voted(replace(both, vote="bad"))
    assert "You voted blind." in present_talk.voted(replace(both, vote="0", blind=True))
    assert present_talk.voted(replace(both, vote="5")) == ""  # of a pane that is not there


@pytest.mark.parametrize("more", [(), (turn("tiny/few-shot:4", "tiny/instruct", vote="0"),)])
def test_nothing_tells_who_is_who_before_a_blind_vote(more: tuple[Turn, ...]) -> None:
    """The opened conversation, its row in the list and the line under the box: a name in any of them spoils the vote."""
    blind = turn("tiny/cot", "big+reviews/self-consistency:5", blind=True)
    info = TalkInfo("0" * 12, "Sums", 1e9, 1e9, 2, ("tiny/cot", "big+reviews/self-consistency:5"), 100, True)
    markup = present_kept.talk_view(talk(*more, blind)) + present_talk.voted(blind) + present_kept.talk_row(info)
    for name in ("tiny", "cot", "big", "reviews", "self-consistency", "few-shot", "instruct", "tok/s", "Prompt", "last line"):
        assert name not in markup
    assert markup.count("Nine.") == 2 + 2 * len(more)
    assert markup.count("until you vote") == 3
