"""What a link and a command are about: what is in the box, else what is shown. Neither tells a name that a blind vote waits for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promptune.core.contender import Contender
from promptune.errors import UserError
from promptune.lab import About, Pane, Turn
from promptune.web import foot
from promptune.web.chat import Chat
from promptune.web.compare_form import Chip
from promptune.web.pane import PaneForm

NEXT = [value for one in ("tiny/cot", "tiny/few-shot:2?t=0.7", "tiny/instruct") for value in PaneForm.values(Contender.parse(one))]


def turn(id: str, question: str, *, about: About | None = None, blind: bool = False) -> Turn:
    return Turn(id, question, about, (Pane("tiny/zero-shot", "tiny", "done", "Nine."), Pane("tiny/cot", "tiny", "done", "9")), "", blind)


def test_what_is_shown_is_shared_where_nothing_is_typed() -> None:
    """Not what the panes are set to by now: the reader is to see the same."""
    about = About("reviews", "test", 3)
    one = foot.wish("", "", None, Chat("t", (turn("t", "Dull.", about=about),)), 2, *NEXT)
    assert (one.contenders, one.question, one.about) == (("tiny/zero-shot", "tiny/cot"), "Dull.", about)
    assert (one.talk, one.after) == ("", None)


def test_what_is_typed_is_asked_of_the_panes_that_are_seen() -> None:
    one = foot.wish("Dull.", "reviews", Chip("Dull.", "test", 3), Chat(), 2, *NEXT)
    assert one.contenders == ("tiny/cot", "tiny/few-shot:2?t=0.7")
    assert one.about == About("reviews", "test", 3)
    assert foot.wish("", "", None, Chat(), 3, *NEXT).contenders[2] == "tiny/instruct"


def test_a_command_goes_on_where_the_page_would() -> None:
    chat = Chat("t", (turn("t", "One?"), turn("u", "Two?")))
    ways = {
        "": ("t", 1),  # the last question again, behind the first
        "Three?": ("t", 2),
    }
    assert {typed: (one.talk, one.after) for typed in ways for one in [foot.wish(typed, "", None, chat, 2, *NEXT)]} == ways
    changed = foot.wish("Other?", "", None, Chat("t", chat.turns, editing=1), 2, *NEXT)
    assert (changed.talk, changed.after) == ("t", 1)
    alone = foot.wish("Dull.", "reviews", None, chat, 2, *NEXT)  # in a task every question stands alone
    assert (alone.talk, alone.after) == ("", None)


def test_a_command_leaves_out_what_the_page_left_out() -> None:
    """Without --drop the same prompt would be refused."""
    asked = turn("t", "One?")
    for changes, drop in (({}, False), ({"dropped": 2}, True), ({"forgotten": 1}, True)):
        chat = Chat("t", (replace(asked, panes=(asked.panes[0], replace(asked.panes[1], **changes))),))
        assert foot.wish("", "", None, chat, 2, *NEXT).drop == drop
        assert not foot.wish("Two?", "", None, chat, 2, *NEXT).drop


def test_no_name_is_told_before_a_blind_vote() -> None:
    with pytest.raises(UserError, match="hidden until you vote"):
        foot.wish("", "", None, Chat("t", (turn("t", "One?", blind=True),)), 2, *NEXT)
