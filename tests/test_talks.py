"""Talks: what was asked before goes before the next question, each pane its own way, and what people voted is kept."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from promptune.errors import NotFound, Problems, UserError
from promptune.lab import About, Asking, Lab, Turn
from promptune.settings import Settings

TWO = ("tiny/zero-shot", "tiny/zero-shot?max=2")
SLOW = "[long][delay=0.01] x"


@pytest.fixture
def lab(settings: Settings) -> Iterator[Lab]:
    lab = Lab(settings)
    yield lab
    lab.close()


def kept(asking: Asking) -> Turn:
    for _ in asking.frames():
        continue
    assert asking.turn is not None and asking.talk
    return asking.turn


def ask(lab: Lab, question: str, *, who: tuple[str, ...] = TWO, **how: Any) -> tuple[Turn, str]:
    asking = lab.talks.ask("local", question, who, **how)
    return kept(asking), asking.talk


def said(turn: Turn, place: int) -> list[str]:
    """What a pane's model read as the conversation before."""
    prompt = turn.panes[place].prompt
    assert prompt is not None
    return [part.text for part in prompt.parts if part.kind == "context"]


def test_each_pane_goes_on_with_its_own_answers(lab: Lab) -> None:
    first, talk = ask(lab, "one")
    second, same = ask(lab, "two", talk=talk)
    assert talk == same == first.id and said(first, 0) == []
    assert said(second, 0) == ["one", "You asked: one"] and said(second, 1) == ["one", "You asked:"]
    third, _ = ask(lab, "three", talk=talk, who=(*TWO, "tiny/cot"))
    assert len(said(third, 0)) == 4 and said(third, 2) == [], "a pane that was not there has heard nothing"
    assert lab.talks.get("local", talk).turns == (first, second, third) and lab.talks.newest("local") == lab.talks.get("local", talk)


def test_an_answer_that_failed_is_not_said_again(lab: Lab) -> None:
    _, talk = ask(lab, "[fail] one")
    assert said(ask(lab, "two", talk=talk)[0], 0) == []


def test_an_edited_turn_takes_the_place_of_what_followed(lab: Lab) -> None:
    """What stood there goes only once the new one is kept."""
    first, talk = ask(lab, "one")
    for text in ("two", "three"):
        ask(lab, text, talk=talk)
    asking = lab.talks.ask("local", "two, better", TWO, talk=talk, after=1)
    assert len(lab.talks.get("local", talk).turns) == 3
    anew = kept(asking)
    assert said(anew, 0) == ["one", "You asked: one"] and lab.talks.get("local", talk).turns == (first, anew)
    other, same = ask(lab, "another start", talk=talk, after=0)
    assert same == talk and other.id not in (first.id, anew.id) and lab.talks.get("local", talk).turns == (other,)
    with pytest.raises(UserError, match="1 turns"):
        lab.talks.ask("local", "x", TWO, talk=talk, after=2)


def test_two_windows_that_go_on_with_one_talk_lose_nothing(lab: Lab) -> None:
    _, talk = ask(lab, "one")
    here, there = (lab.talks.ask("local", text, TWO, talk=talk, after=1) for text in ("here", "there"))
    kept(here), kept(there)
    assert [turn.question for turn in lab.talks.get("local", talk).turns] == ["one", "here", "there"]


def test_a_talk_deleted_meanwhile_does_not_take_the_answer_with_it(lab: Lab) -> None:
    first, talk = ask(lab, "one")
    asking, again = lab.talks.ask("local", "two", TWO, talk=talk), lab.talks.again("local", first.id)
    lab.talks.delete("local", talk)
    assert kept(asking).question == "two" and asking.talk != talk
    list(again.frames())
    assert again.turn is None and len(lab.talks.list("local")) == 1


def test_in_a_task_every_question_stands_alone(lab: Lab) -> None:
    _, talk = ask(lab, "one")
    turn, other = ask(lab, "It broke.", talk=talk, about=About("reviews", "test", 3), who=TWO[:1])
    assert other != talk and turn.about == About("reviews", "test", 3) and said(turn, 0) == []
    assert ask(lab, "and now?", talk=other, lenient=True)[1] not in (talk, other), "free chat does not go on in a task"
    with pytest.raises(UserError, match="stands alone"):
        lab.talks.ask("local", "and now?", TWO, talk=other)
    assert len(lab.talks.get("local", talk).turns) == 1


def test_what_cannot_be_asked_says_so_in_its_pane_and_the_others_go_on(lab: Lab) -> None:
    who = ("gone/cot", "tiny/zero-shot", "tiny+lost/cot", "tiny/few-shot:2", "tiny/", "tiny/zero-shot?max=2")
    turn, talk = ask(lab, "hi", who=who, lenient=True)
    assert [pane.state for pane in turn.panes] == ["failed", "done", "failed", "failed", "failed", "done"]
    assert [pane.contender for pane in turn.panes] == list(who) and all(pane.error[0].isupper() for pane in turn.panes if pane.error)
    assert "gone" in turn.panes[0].error and "train rows" in turn.panes[3].error
    assert lab.talks.get("local", talk).turns == (turn,)
    with pytest.raises(UserError, match="no answer"):
        lab.talks.vote("local", turn.id, "0")
    lab.talks.vote("local", turn.id, "1")
    assert [one.contender for one in lab.talks.leaderboard("local").standings] == [who[1], who[5]], "who could not be asked did not lose"
    with pytest.raises(Problems, match="contender 1"):
        lab.talks.ask("local", "hi", who)
    for wrong in ({"question": " "}, {"contenders": ()}, {"contenders": ("tiny/cot",) * 7}):
        with pytest.raises(Problems):
            lab.talks.ask("local", **{"question": "hi", "contenders": TWO, "lenient": True, **wrong})
    assert all(pane.state == "failed" for pane in ask(lab, "hi", who=("gone/cot",), lenient=True)[0].panes)


def test_one_pane_is_stopped_and_the_others_go_on(lab: Lab) -> None:
    asking = lab.talks.ask("local", "[tokens=60][delay=0.02] x", ["tiny/zero-shot", "tiny/zero-shot"], poll=0.02)
    stopped = False
    for frame in asking.frames():
        if all(pane.text for pane in frame) and not stopped:
            asking.stop(0)
            stopped = True
    assert asking.turn is not None
    one, other = asking.turn.panes
    assert (one.state, other.state) == ("cancelled", "done") and 0 < one.completion_tokens < other.completion_tokens == 60


def test_stop_ends_all_of_it_and_keeps_what_came(lab: Lab) -> None:
    asking = lab.talks.ask("local", SLOW, TWO[:1], poll=0.02)
    for frame in asking.frames():
        if frame[0].text:
            asking.stop()
    assert asking.turn is not None and asking.turn.panes[0].state == "cancelled" and asking.turn.panes[0].text


def test_asked_again_only_those_panes_change_and_the_vote_is_taken_back(lab: Lab) -> None:
    _, talk = ask(lab, "one")
    turn, _ = ask(lab, "two words more", talk=talk, who=("tiny/zero-shot?t=1", "tiny/zero-shot?t=1"))
    lab.talks.vote("local", turn.id, "0")
    asking = lab.talks.again("local", turn.id, places=[1])
    first = next(frames := asking.frames())
    assert first[0] == turn.panes[0] and first[1].contender == turn.panes[1].contender
    list(frames)
    assert (after := asking.turn) is not None and asking.talk == talk and lab.talks.get("local", talk).turns[1] == after
    assert (after.id, after.vote, after.panes[0]) == (turn.id, "", turn.panes[0]) and said(after, 1) == ["one", "You asked: one"[:10]]
    assert after.panes[1] != turn.panes[1] and all(pane.state == "done" for pane in kept(lab.talks.again("local", turn.id)).panes)
    with pytest.raises(NotFound):
        lab.talks.again("local", turn.id, places=[7])


def test_asked_again_in_vain_the_old_answers_stay(lab: Lab) -> None:
    """Stopped before anything came: there is nothing to put in their place."""
    turn, _ = ask(lab, "one")
    asking = lab.talks.again("local", turn.id, poll=0.0)
    frames = asking.frames()
    next(frames)
    frames.close()
    assert asking.turn is not None and all(pane.text for pane in asking.turn.panes)


def test_votes_make_a_leaderboard_of_all_of_a_task_or_of_free_chat(lab: Lab) -> None:
    chat, _ = ask(lab, "one", blind=True)
    task, _ = ask(lab, "It broke.", about=About("reviews"))
    assert (chat.hidden, task.hidden) == (True, False) and not lab.talks.leaderboard("local").standings
    assert not lab.talks.vote("local", chat.id, "1").hidden
    lab.talks.vote("local", task.id, "0")
    for where, wins, blind in (("", 1, 1), ("reviews", 0, 0)):
        board = lab.talks.leaderboard("local", where)
        assert (board.ballots, board.blind) == (1, blind) and board.standings[0].contender == TWO[wins] and board.standings[0].wins == 1
    assert lab.talks.leaderboard("local").ballots == 2 and lab.talks.leaderboard("ben").ballots == 0
    lab.talks.vote("local", task.id, "1")
    assert lab.talks.leaderboard("local", "reviews").standings[0].contender == TWO[1], "a second vote takes the first one's place"
    for vote in ("", "2", "-1", "none", "1 ", "²"):
        with pytest.raises(UserError, match="no vote"):
            lab.talks.vote("local", task.id, vote)


def test_no_export_and_no_search_tells_names_before_the_vote(lab: Lab) -> None:
    first, talk = ask(lab, "one", blind=True)
    ask(lab, "two", talk=talk, blind=True)
    lab.talks.vote("local", first.id, "0")
    for form in ("md", "json"):
        text = lab.talks.export("local", talk, form)
        assert "zero-shot" not in text and "tiny" not in text and "You asked: one" in text
    assert not lab.talks.list("local", "zero-shot") and lab.talks.list("local")[0].hidden
    with pytest.raises(UserError, match="Vote first"):
        lab.talks.confidence("local", lab.talks.get("local", talk).turns[1].id, 0)
    lab.talks.vote("local", lab.talks.get("local", talk).turns[1].id, "tie")
    text = lab.talks.export("local", talk, "md")
    assert text.count("## tiny/zero-shot") == 4 and "(voted best)" in text and "a tie" in text and lab.talks.list("local", "zero-shot")


def test_a_talk_is_found_by_words_of_what_was_asked_answered_or_named(lab: Lab) -> None:
    _, talk = ask(lab, "Straße nach ÇEŞME, İzmir, שָׁלוֹם 👩‍👩‍👧")
    ask(lab, "why the lamp broke", talk=talk)
    _, other = ask(lab, "apart", about=About("reviews"), who=TWO[:1])
    lab.talks.rename("local", other, "My reviews")
    for search, found in (
        ("STRASSE", [talk]),
        ("çeşme lamp", [talk]),
        ("cesme izmir שלום", [talk]),
        ("👩‍👩‍👧", [talk]),
        ("my", [other]),
        ("zero-shot", [other, talk]),
        ("%", []),
        ("lamp apart", []),
    ):
        assert [info.id for info in lab.talks.list("local", search)] == found, search
    assert [(info.id, info.turns, info.contenders) for info in lab.talks.list("local")] == [(other, 1, TWO[:1]), (talk, 2, TWO)]
    assert [info.id for info in lab.talks.list("local", limit=1)] == [other] and lab.talks.get("local", other).label == "My reviews"
    lab.talks.delete("local", talk)
    assert [info.id for info in lab.talks.list("local")] == [other]


def test_an_export_holds_every_turn(lab: Lab) -> None:
    turn, talk = ask(lab, "one")
    ask(lab, "two", talk=talk)
    lab.talks.vote("local", turn.id, "bad")
    found = json.loads(lab.talks.export("local", talk, "json"))
    assert [one["question"] for one in found["turns"]] == ["one", "two"] and found["turns"][0]["vote"] == "bad"
    assert [one["contender"] for one in found["turns"][1]["answers"]] == list(TWO) and found["turns"][1]["answers"][0]["prompt_tokens"] > 0
    assert "all bad" in lab.talks.export("local", talk, "md") and "Task: reviews" in lab.talks.export("local", ask(lab, "x", about=About("reviews"))[1], "md")
    with pytest.raises(NotFound, match="csv"):
        lab.talks.export("local", talk, "csv")


def test_an_export_holds_every_sign_and_every_reason(lab: Lab) -> None:
    """What came before a failure and why it failed; and only a newline begins a new line."""
    question = "a\u2028b\x0cc\x85d\n[fail] tell me more"
    turn, talk = ask(lab, question, who=TWO[:1])
    text = lab.talks.export("local", talk, "md")
    assert "> a\u2028b\x0cc\x85d\n> [fail]" in text
    assert turn.panes[0].error and f"> {turn.panes[0].error}" in text and (came := turn.panes[0].text) and f"> {came.splitlines()[0]}" in text


def test_the_examples_shown_are_kept_with_their_reasons(lab: Lab) -> None:
    turn, talk = ask(lab, "It broke.", about=About("reviews"), who=("tiny/few-shot:2", "tiny/zero-shot"))
    shots, none = turn.panes[0].extras, turn.panes[1].extras
    assert len(shots) == 2 and not none and all(one.title.startswith("train row ") and "at random" in one.why for one in shots)
    assert turn.panes[0].prompt is not None and all(one.text in turn.panes[0].prompt.text for one in shots)
    assert lab.talks.get("local", talk).turns[0].panes[0].extras == shots


def test_how_sure_a_model_was_is_told_token_by_token(lab: Lab) -> None:
    turn, _ = ask(lab, "one two")
    assert "".join(one.text for one in lab.talks.confidence("local", turn.id, 0)) == turn.panes[0].text
    for place in (-1, 2):
        with pytest.raises(NotFound):
            lab.talks.confidence("local", turn.id, place)


def test_the_command_goes_on_with_the_talk(lab: Lab) -> None:
    assert shlex.split(lab.talks.command(TWO, "why?", talk="abc", after=2))[-2:] == ["--after", "abc:2"]
    assert shlex.split(lab.talks.command(TWO, "why?", talk="abc"))[-2:] == ["--after", "abc"]
    assert "--drop" in shlex.split(lab.talks.command(TWO, "why?", drop=True)) and "--drop" not in lab.talks.command(TWO, "why?")
    assert shlex.split(lab.talks.command(TWO, "why?", About("reviews", "train", 3)))[-4:] == ["--task", "reviews", "--row", "train:3"]
