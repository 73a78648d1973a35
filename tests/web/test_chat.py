"""What Compare shows of a talk, without a browser: names that are hidden, turns that stay, panes that move."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.prompt import SentPart, SentPrompt
from promptune.core.strategy import Answer, Extra, Vote
from promptune.lab import About, Pane, Turn
from promptune.web import chat as chats
from promptune.web.chat import Chat
from promptune.web.present import KEYS

NAMES = ("jackdaw+perch@0.5/few-shot:4?seed=77", "magpie/cot", "heron/self-consistency:5")
PROMPT = SentPrompt("Q", (1,), (SentPart("question", "Q", 0, 1),), 99)


def pane(contender: str, text: str = "an answer", **changes: object) -> Pane:
    answer = Answer("4", "the last number of a chain of thought", (Vote("4", 3),))
    extras = (Extra("example", "train row 12", "a shot", "its answer", "drawn at random"),)
    made = Pane(contender, contender.partition("/")[0], "done", text, answer, PROMPT, 3, 0.1, 0.2, "stop", samples=5, sampled=5, extras=extras)
    return replace(made, **changes)  # type: ignore[arg-type]


def turn(id: str = "t1", *, panes: int = 3, **changes: object) -> Turn:
    made = Turn(id, f"question of {id}", None, tuple(pane(name, f"{name[0]} says {id}") for name in NAMES[:panes]))
    return replace(made, **changes)  # type: ignore[arg-type]


def markup(chat: Chat) -> str:
    shown = [(chats.shown(chat, i), chats.opened(one, hidden=chat.hidden)) for i, one in enumerate(chat.turns[-1].panes)]
    return "".join(one.head + one.log + one.result + opened for one, opened in shown)


TELLING = ("jackdaw", "perch", "magpie", "heron", "few-shot", "cot", "self-consistency", "seed=77", "chain of thought", "tokens", "tok/s", "a shot", "Votes")


def test_before_a_blind_vote_the_markup_holds_nothing_that_tells() -> None:
    """A vote on names is no vote on answers; whoever looks into the page's source finds nothing either."""
    told = "No model 'magpie'."
    failed = replace(turn(), blind=True, panes=(*turn().panes[:2], pane(NAMES[1], "", state="failed", error=told, prompt=None)))
    for chat in (Chat("t1", (turn(blind=True),)), Chat("t1", (turn("t0", blind=True), turn(blind=True))), Chat("t1", (failed,))):
        html = markup(chat)
        assert not [word for word in TELLING if word in html]
        assert "says t1" in html
    assert chats.UNTOLD in markup(Chat("t1", (failed,)))
    told_now = markup(Chat("t1", (turn(blind=True, vote="1"),)))
    assert all(word in told_now for word in ("jackdaw", "magpie", "heron", "tok/s", "Best"))


def test_why_one_failed_is_told_after_the_vote() -> None:
    """ "Use fewer examples" says who it is as well as a name does."""
    words = "Use fewer examples."
    asked = replace(turn(blind=True), panes=(pane(NAMES[0], "", state="failed", error=words), *turn().panes[1:]))
    assert words not in markup(Chat("t1", (asked,))) and words in markup(Chat("t1", (replace(asked, vote="1"),)))


def test_which_questions_belong_to_a_talk() -> None:
    """Chat goes on; a task's question stands alone; names that were seen cannot be hidden any more."""
    chat, task = Chat("t1", (turn(),)), About("reviews")
    assert chat.goes_on(None, blind=False)
    assert not chat.goes_on(task, blind=False)
    assert not chat.goes_on(None, blind=True)
    assert not Chat().goes_on(None, blind=False)
    assert not Chat("t1", (turn(about=task),)).goes_on(None, blind=False)
    blind = Chat("t1", (turn(blind=True),))
    assert blind.goes_on(None, blind=True)
    assert blind.goes_on(None, blind=False)
    assert not blind.voted(turn(blind=True, vote="0")).goes_on(None, blind=True)


@pytest.mark.parametrize(("editing", "stay"), [(None, 3), (0, 0), (1, 1), (2, 2)])
def test_an_edited_question_takes_the_place_of_what_followed(editing: int | None, stay: int) -> None:
    kept = tuple(turn(f"t{i}") for i in range(3))
    asked = Chat("t0", kept, editing=editing).asking(turn(""), fresh=False)
    assert [one.id for one in asked.turns] == [*(f"t{i}" for i in range(stay)), ""]
    assert asked.editing is None
    assert Chat("t0", kept).asking(turn(""), fresh=True).turns == (turn(""),)


def test_only_what_is_kept_can_be_voted_on_edited_and_asked_again() -> None:
    """Else a click would name a turn that the store does not know."""
    kinds = chats.kinds(Chat("t1", (turn(),)), 0)
    assert all(kind in kinds for kind in ("can-again", "can-vote", "can-look"))
    for chat in (Chat("", (turn(""),)), Chat("t1", (turn(),), live=True)):
        assert "can-" not in chats.kinds(chat, 0)
        assert "edit-turn" not in markup(chat)
    assert "can-vote" not in chats.kinds(Chat("t1", (turn(panes=1),)), 0)  # alone nobody is best


@given(st.integers(1, 6), st.data())
def test_a_pane_that_is_taken_out_takes_its_answers_along(count: int, data: st.DataObject) -> None:
    """And those behind it keep theirs; what moved is no longer what the store has, so it goes on no further."""
    panes = tuple(pane(f"m{i}/zero-shot", KEYS[i]) for i in range(count))
    chat = Chat("t0", tuple(replace(turn(f"t{k}"), panes=panes) for k in range(2)))
    place = data.draw(st.integers(0, count - 1))
    now = chat.without(place)
    if place == count - 1:
        assert now == chat  # its column is not seen, and nobody moved
        assert [one.text for one in now.with_one_more(count - 1).turns[-1].panes] == list(KEYS[: count - 1])
    else:
        assert [one.text for one in now.turns[-1].panes] == [key for i, key in enumerate(KEYS[:count]) if i != place]
        assert now.parted
        assert not now.goes_on(None, blind=False)
        assert not now.settled
