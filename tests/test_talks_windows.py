"""A talk that is changed elsewhere while it is asked, and contenders that fail before they are asked: nothing is lost and nothing takes a wrong place."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest
from typer.testing import CliRunner

from promptune import cli
from promptune.engines.protocol import Event, Held, Request
from promptune.engines.scripted import Scripted
from promptune.errors import EngineDied, NotFound, Problems, UserError
from promptune.lab import About, Asking, Lab, Turn
from promptune.settings import Settings
from promptune.store import Store

DRAWN = "tiny/zero-shot?t=1"  # says something else each time


@pytest.fixture
def lab(settings: Settings) -> Iterator[Lab]:
    with closing(Lab(settings)) as lab:
        yield lab


def kept(asking: Asking) -> Turn:
    for _ in asking.frames():
        continue
    assert asking.turn is not None
    return asking.turn


def test_two_windows_that_ask_two_panes_again_both_have_their_answer(lab: Lab) -> None:
    turn = kept(lab.talks.ask("local", "one two three", (DRAWN, DRAWN)))
    left, right = (lab.talks.again("local", turn.id, places=[place]) for place in (0, 1))
    seeds = kept(left).panes[0].seed, kept(right).panes[1].seed
    assert tuple(pane.seed for pane in lab.talks.get("local", turn.id).turns[0].panes) == seeds != tuple(pane.seed for pane in turn.panes)


def test_an_answer_to_a_question_that_was_edited_meanwhile_goes_nowhere(lab: Lab) -> None:
    """A window that shows the old turn can neither answer nor vote on what took its place."""
    turn = kept(lab.talks.ask("local", "old", [DRAWN]))
    again = lab.talks.again("local", turn.id)
    anew = kept(lab.talks.ask("local", "new", [DRAWN], talk=turn.id, after=0))
    list(again.frames())
    assert again.turn is None and lab.talks.get("local", turn.id).turns == (anew,) and anew.id != turn.id


def test_a_task_s_question_is_never_replaced_by_a_chat(lab: Lab) -> None:
    turn = kept(lab.talks.ask("local", "It broke.", [DRAWN], about=About("reviews")))
    other = lab.talks.ask("local", "chat", [DRAWN], talk=turn.id, after=0, lenient=True)
    assert kept(other).about is None and other.talk != turn.id and lab.talks.get("local", turn.id).turns == (turn,)


def test_what_is_stopped_before_the_model_has_it_is_not_kept(lab: Lab) -> None:
    asking = lab.talks.ask("local", "one", [DRAWN], poll=0)
    frames = asking.frames()
    next(frames)
    frames.close()
    assert (asking.turn is None) == (lab.talks.newest("local") is None)
    unasked = lab.talks.ask("local", "two", [DRAWN])
    unasked.frames().close()
    assert unasked.turn is None and all(turn.question == "one" for info in lab.talks.list("local") for turn in lab.talks.get("local", info.id).turns)


def test_a_pane_whose_prompt_cannot_be_made_says_why_and_the_others_are_asked(lab: Lab) -> None:
    """Its spelling is right and its model is there; only for this row there are no examples."""
    about = About("patterns", values={"mapping": "of nobody"})
    turn = kept(lab.talks.ask("local", "lion", ["tiny/few-shot:1", "tiny/zero-shot"], about=about, lenient=True))
    assert [pane.state for pane in turn.panes] == ["failed", "done"] and "of nobody" in turn.panes[0].error
    with pytest.raises(Problems, match=r"contender 1: .*of nobody.*contender 3: .*of nobody"):
        lab.talks.ask("local", "lion", ["tiny/few-shot:1", "tiny/zero-shot", "tiny/few-shot:2"], about=about)


def test_panes_are_asked_again_with_the_words_of_what_went_away(lab: Lab) -> None:
    with closing(lab.talks.ask("local", "hi", ["gone/cot", DRAWN], lenient=True).frames()) as frames:
        list(frames)
    talk = lab.talks.newest("local")
    assert talk is not None
    again = kept(lab.talks.again("local", talk.id, places=[0]))
    assert "gone" in again.panes[0].error and again.panes[1] == talk.turns[0].panes[1]
    with pytest.raises(NotFound):
        lab.talks.confidence("local", talk.id, 0)


@pytest.mark.parametrize("question", ["-3 + 5?", "--help", "- a\n- b", "why?"])
def test_a_question_may_begin_with_a_dash(lab: Lab, monkeypatch: pytest.MonkeyPatch, question: str) -> None:
    """The command that the page shows asks it, and does not take it for an option."""
    monkeypatch.setattr("promptune.terminal.Settings.load", lambda: lab.settings)
    done = CliRunner().invoke(cli.app, shlex.split(lab.talks.command(["tiny/zero-shot"], question))[1:])
    assert done.exit_code == 0 and f"You asked: {' '.join(question.split())}" in done.stdout


def test_a_chat_that_outgrew_its_window_goes_on_without_its_oldest_questions(lab: Lab) -> None:
    """Nothing is left out in silence: first it is refused in words, then asked again without, and the pane says how many."""
    long = "word " * 1_000
    first = kept(lab.talks.ask("local", f"{long}[tokens=900]", ["tiny/zero-shot?max=1000"]))
    kept(lab.talks.ask("local", f"second {long}[tokens=900]", ["tiny/zero-shot?max=1000"], talk=first.id))
    third = kept(lab.talks.ask("local", "and now?", ["tiny/zero-shot?max=1000"], talk=first.id))
    assert third.panes[0].cause == "OVERFLOW" and "earlier questions" in third.panes[0].error
    shorter = kept(lab.talks.again("local", third.id, overflow="drop")).panes[0]
    assert shorter.state == "done" and shorter.forgotten == 1 and shorter.prompt is not None
    sent = shorter.prompt.text
    assert "second word" in sent and sent.count("<|user|>") == 2


class Broken:
    """An engine whose second model takes longer to load than an answer may take, or that dies."""

    def __init__(self, loading: float | None) -> None:
        self.scripted, self.loading = Scripted(), loading

    def stream(self, requests: Sequence[Request]) -> Iterator[Event]:
        if self.loading is None:
            raise EngineDied("The device process ended.", todo="Ask again.")
        yield from self.scripted.stream(requests[:1])
        yield Held(requests[-1].id, "Loading big (8,000 MB) …")
        time.sleep(self.loading)
        yield from self.scripted.stream(requests[1:])

    def cancel(self, ids: Sequence[str]) -> None:
        self.scripted.cancel(ids)


def test_asked_again_a_failure_takes_no_good_answer_away_and_is_told(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    turn = kept(lab.talks.ask("local", "one", [DRAWN, DRAWN]))
    lab.talks.vote("local", turn.id, "0")
    monkeypatch.setattr(lab.talks, "_engine", Broken(None))
    again = lab.talks.again("local", turn.id, places=[1])
    assert kept(again).panes == turn.panes and "The device process ended." in again.trouble and "stays" in again.trouble
    assert lab.talks.get("local", turn.id).turns[0].vote == "0"


def test_a_slow_model_is_not_cut_by_its_neighbours_clock(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer's time runs from when its own model has the question."""
    with closing(Lab(settings.model_copy(update={"answer_seconds": 0.4}))) as lab:
        monkeypatch.setattr(lab.talks, "_engine", Broken(1.0))
        assert [pane.state for pane in kept(lab.talks.ask("local", "hi", ["tiny/zero-shot", "tiny/cot"])).panes] == ["done", "done"]


def test_of_an_earlier_blind_turn_nothing_stays_hidden_once_the_last_one_is_voted_on(lab: Lab) -> None:
    """Its contenders are known by then, and there is no button any more to vote on it."""
    who = ["tiny/zero-shot", "tiny/cot"]
    first = kept(lab.talks.ask("local", "one", who, blind=True))
    last = kept(lab.talks.ask("local", "two", who, talk=first.id, blind=True))
    with pytest.raises(UserError, match="hidden"):
        lab.talks.confidence("local", first.id, 0)
    lab.talks.vote("local", last.id, "0")
    assert not lab.talks.get("local", first.id).hidden and lab.talks.confidence("local", first.id, 0)
    assert lab.talks.export("local", first.id, "md").count("## tiny/cot") == 2


def test_a_vote_needs_two_answers_and_one_to_win(lab: Lab) -> None:
    alone = kept(lab.talks.ask("local", "one", [DRAWN]))
    with pytest.raises(UserError, match="alone"):
        lab.talks.vote("local", alone.id, "0")


def test_an_edit_takes_the_place_of_what_its_author_saw_and_of_nothing_else(lab: Lab) -> None:
    """What another window asked meanwhile was acknowledged there: it stays, and so does what that one edited."""
    talk = kept(lab.talks.ask("local", "one", [DRAWN])).id
    here, there = (lab.talks.ask("local", text, [DRAWN], talk=talk, after=0) for text in ("here", "there"))
    kept(lab.talks.ask("local", "two", [DRAWN], talk=talk))
    kept(here), kept(there)
    assert [turn.question for turn in lab.talks.get("local", talk).turns] == ["two", "here", "there"]


def test_a_vote_from_a_window_that_shows_an_edited_turn_goes_nowhere(lab: Lab) -> None:
    """Its places are other contenders by now."""
    old = kept(lab.talks.ask("local", "same text", ["tiny/zero-shot", "tiny/cot"]))
    again = lab.talks.again("local", old.id, places=[0])
    anew = kept(lab.talks.ask("local", "same text", ["tiny/cot", "tiny/zero-shot"], talk=old.id, after=0))
    with pytest.raises(NotFound):
        lab.talks.vote("local", old.id, "0")
    list(again.frames())
    assert lab.talks.get("local", old.id).turns == (anew,) and not lab.talks.leaderboard("local").ballots


def test_asked_again_and_stopped_the_whole_answer_stays(lab: Lab) -> None:
    """One word is no better than the answer that was there."""
    turn = kept(lab.talks.ask("local", "[delay=0.05] a b c d e f", [DRAWN]))
    again = lab.talks.again("local", turn.id, poll=0.02)
    for frame in again.frames():
        if frame[0].text:
            again.stop()
    assert again.turn == turn and lab.talks.get("local", turn.id).turns == (turn,)


def test_votes_that_an_older_release_kept_break_no_leaderboard(lab: Lab) -> None:
    """Of one pane alone, or of a place that is not there."""
    store = Store(lab.settings.home).comparisons
    for vote, answers in (("0", 1), ("4", 2), ("tie", 2)):
        saved = store.save("local", question="old", answers=[{"contender": f"tiny/few-shot:{i + 1}", "text": "x"} for i in range(answers)])
        store.vote("local", saved.id, vote)
    assert lab.talks.leaderboard("local").ballots == 1


def test_a_pane_without_text_wins_no_vote(lab: Lab) -> None:
    asking = lab.talks.ask("local", "[delay=2] x y z", ["tiny/zero-shot", "tiny/cot"], poll=0.02)
    for frame in asking.frames():
        if frame[0].prompt:
            asking.stop()
    assert asking.turn is not None and not asking.turn.panes[0].text
    with pytest.raises(UserError, match="no answer"):
        lab.talks.vote("local", asking.turn.id, "0")
    assert lab.talks.vote("local", asking.turn.id, "bad").vote == "bad"
