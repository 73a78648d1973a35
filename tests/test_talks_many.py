"""Twenty people at once on one Lab: each sees their own text, stops their own, and finds their own again; nobody gets at another's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from promptune.errors import NotFound
from promptune.lab import Frame, Lab, Turn
from promptune.settings import Settings

OWNERS = [f"owner{i:02}" for i in range(20)]
TWO = ("tiny/zero-shot", "tiny/zero-shot?t=0.7&seed=1")
TOKEN = 0.02  # seconds that the engine takes for one
BOUND = 30  # seconds: a machine that is busy with other things is slow, and the test is about who gets what


@pytest.fixture
def lab(settings: Settings) -> Iterator[Lab]:
    lab = Lab(settings)
    yield lab
    lab.close()


def frames_of(lab: Lab, owner: str, stops: bool, begun: threading.Barrier) -> tuple[Turn, list[Frame], int]:
    """Everything that one person saw, and the most tokens that a pane still got after Stop."""
    question = f"[delay={TOKEN}]{'[long]' if stops else '[tokens=40]'} {owner} speaks"
    asking = lab.talks.ask(owner, question, TWO, poll=0.02)
    seen: list[Frame] = []
    at_stop: Frame = ()
    begun.wait(BOUND)
    for frame in asking.frames():
        seen.append(frame)
        if stops and not at_stop and all(owner in pane.text for pane in frame):
            at_stop = frame
            asking.stop()
    assert asking.turn is not None
    more = [after.completion_tokens - pane.completion_tokens for pane, after in zip(at_stop, asking.turn.panes, strict=stops)]
    return asking.turn, seen, max(more, default=0)


def test_twenty_stream_at_once_and_nobody_sees_anothers_text(lab: Lab) -> None:
    begun = threading.Barrier(len(OWNERS))
    with ThreadPoolExecutor(len(OWNERS)) as pool:
        came = dict(zip(OWNERS, pool.map(lambda one: frames_of(lab, one, OWNERS.index(one) % 4 == 0, begun), OWNERS), strict=True))
    for i, (owner, (turn, seen, more)) in enumerate(came.items()):
        assert len(seen) > 2 and {word for frame in seen for pane in frame for word in pane.text.split() if word.startswith("owner")} == {owner}
        if i % 4 == 0:
            assert all(pane.state == "cancelled" and 0 < pane.completion_tokens < 2000 for pane in turn.panes)
            assert more * TOKEN < 1, "Stop frees the slot within a second, by the engine's own clock"
        else:
            assert all((pane.state, pane.completion_tokens) == ("done", 40) for pane in turn.panes)
        (info,) = lab.talks.list(owner)
        assert lab.talks.get(owner, info.id).turns == (turn,) and turn.panes == seen[-1] and info.turns == 1
        assert not lab.talks.list(owner, OWNERS[i - 1])
    quick = lab.talks.ask(OWNERS[0], "after the Stop", TWO[:1])
    assert [frame[0].state for frame in quick.frames()][-1] == "done", "whoever stopped can ask at once"


def test_questions_to_one_talk_from_many_windows_are_all_kept(lab: Lab) -> None:
    first = lab.talks.ask("ada", "one", TWO[:1])
    list(first.frames())
    asked = [lab.talks.ask("ada", f"question {i}", TWO[:1], talk=first.talk) for i in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda asking: list(asking.frames()), asked))
    assert sorted(turn.question for turn in lab.talks.get("ada", first.talk).turns) == ["one", *(f"question {i}" for i in range(6))]


# Everything that takes an owner and an id. What another owner has must answer as what never was.
CALLS: dict[str, Callable[[Lab, str, str], object]] = {
    "ask": lambda lab, owner, id: lab.talks.ask(owner, "mine", TWO, talk=id),
    "again": lambda lab, owner, id: lab.talks.again(owner, id),
    "vote": lambda lab, owner, id: lab.talks.vote(owner, id, "tie"),
    "get": lambda lab, owner, id: lab.talks.get(owner, id),
    "rename": lambda lab, owner, id: lab.talks.rename(owner, id, "mine"),
    "delete": lambda lab, owner, id: lab.talks.delete(owner, id),
    "export": lambda lab, owner, id: lab.talks.export(owner, id, "md"),
    "confidence": lambda lab, owner, id: lab.talks.confidence(owner, id, 0),
}


def test_a_foreign_id_answers_exactly_as_a_missing_one(lab: Lab) -> None:
    asking = lab.talks.ask("ada", "hers", TWO)
    list(asking.frames())
    for name, call in CALLS.items():
        with pytest.raises(NotFound) as foreign:
            call(lab, "bob", asking.talk)
        with pytest.raises(NotFound) as missing:
            call(lab, "bob", "never-was")
        assert str(foreign.value).replace(asking.talk, "never-was") == str(missing.value), name
    assert lab.talks.list("bob") == [] and lab.talks.newest("bob") is None and not lab.talks.leaderboard("bob").ballots
    assert lab.talks.get("ada", asking.talk).turns == (asking.turn,)


def test_every_call_that_takes_an_id_is_checked_above(lab: Lab) -> None:
    """A new call must join the list, or nobody would notice that it forgot the owner."""
    assert {name for name in dir(lab.talks) if not name.startswith("_")} - {"list", "newest", "leaderboard", "command"} == set(CALLS)
