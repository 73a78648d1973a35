"""One question to several contenders: frames as the answers come, samples voted, and nothing lost when it ends early."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest

from promptune import compare, export
from promptune.compare import Comparison
from promptune.core.contender import Contender
from promptune.core.task import Example
from promptune.engines.protocol import Event, Failed, Finished, Held, Request, Weights
from promptune.engines.scripted import Scripted
from promptune.pane import Asked, Frame, Pane
from promptune.prompting import decide
from promptune.prompting.strategies import build

HERE = Weights("tiny", "/none")
SUM = Example("Is it 7 or 8 or 9?", "8", answer_type="number")


def asked(spelling: str, example: Example = SUM) -> Asked:
    contender = Contender.parse(spelling)
    strategy = build(contender)
    requests = decide.requests(spelling, HERE, contender, strategy, strategy.render(example), max_tokens=200, seed=5)
    return Asked(contender, strategy, example, requests)


def compared(*ready: Asked, engine: Scripted | None = None, seconds: float = 60, poll: float = 0.01) -> list[Frame]:
    comparison = Comparison(engine or Scripted(), dict(enumerate(ready)), blank(*ready), seconds=seconds, stop=threading.Event())
    return list(comparison.frames(poll))


def blank(*ready: Asked) -> Frame:
    return tuple(Pane(str(one.contender), "") for one in ready)


def alone(request: Request) -> Finished:
    *_, end = Scripted().stream([request])
    assert isinstance(end, Finished)
    return end


def test_samples_are_voted_and_the_winning_text_is_shown() -> None:
    """Each sample is what its seed gives alone; the prompt is paid once, every sample's tokens count."""
    ready = asked("tiny/self-consistency:7")
    made = [alone(request).generation for request in ready.requests]
    read = [ready.strategy.read(one.text, SUM).value for one in made]
    ((pane,),) = compared(ready)[-1:]
    ((value, count), *_) = Counter(read).most_common()
    assert pane.answer is not None and pane.answer.value == value and pane.answer.how.startswith(f"{count} of 7 samples agree; ")
    assert {vote.value: vote.count for vote in pane.votes} == Counter(read) and len(pane.votes) > 1
    assert (pane.text, pane.seed) == (made[read.index(value)].text, ready.requests[read.index(value)].seed)
    assert pane.completion_tokens == sum(one.completion_tokens for one in made) and pane.prompt == made[0].prompt
    assert (pane.state, pane.samples, pane.sampled) == ("done", 7, 7) and pane.correct == (value == "8")
    assert compared(ready)[-1][0].answer == pane.answer, "the same seed votes the same"
    assert export.answer(pane)["votes"][0] == {"value": value, "count": count} and Pane.from_dict(pane.to_dict()) == pane


def test_the_first_sample_is_watched_and_the_others_are_counted() -> None:
    ready = asked("tiny/self-consistency:3", Example("[delay=0.01] one two three"))
    first = alone(ready.requests[0]).generation.text
    frames = [pane for (pane,) in compared(ready)]
    watched = [pane for pane in frames if pane.state == "streaming"]
    assert watched and all(first.startswith(pane.text) for pane in watched)
    assert all(a.sampled <= b.sampled and a.completion_tokens <= b.completion_tokens for a, b in pairwise(frames)) and frames[-1].sampled == 3


def test_a_question_with_a_reference_is_marked() -> None:
    """Right, wrong, and nobody knows."""
    for reference, correct in (("9", True), ("9.0", True), ("8", False), (None, None)):
        (pane,) = compared(asked("tiny/zero-shot", Example(SUM.prompt, reference, answer_type="number")))[-1]
        assert pane.answer is not None and (pane.answer.value, pane.correct, pane.reference) == ("9", correct, reference or "")
        assert "votes" not in export.answer(pane) and pane.samples == 1


def test_a_prompt_that_does_not_fit_comes_back_with_its_parts() -> None:
    long, short = compared(asked("tiny/cot", Example("word " * 5000)), asked("tiny/zero-shot"))[-1]
    assert (long.state, long.cause) == ("failed", "OVERFLOW") and "question 5000, cue 5" in long.error and "Shorten" in long.error
    assert long.prompt is not None and long.prompt.tokens > 4096 and short.state == "done"


class Spotty(Scripted):
    """Some samples fail."""

    def __init__(self, *failing: int) -> None:
        super().__init__()
        self.failing = failing

    def stream(self, requests: Sequence[Request]) -> Iterator[Event]:
        spoiled = {requests[i].id for i in self.failing}
        for event in super().stream(requests):
            failed = isinstance(event, Finished) and event.id in spoiled
            yield Failed(event.id, "FAILED", "It broke.", "Ask again.") if failed else event


def test_samples_that_fail_have_no_vote_and_are_told() -> None:
    ready = asked("tiny/self-consistency:4")
    (pane,) = compared(ready, engine=Spotty(0, 2))[-1]
    assert pane.state == "done" and sum(vote.count for vote in pane.votes) == 2 and pane.error == "2 of 4 samples failed: It broke. Ask again."
    (pane,) = compared(ready, engine=Spotty(0, 1, 2, 3))[-1]
    assert (pane.state, pane.cause, pane.error) == ("failed", "FAILED", "It broke. Ask again.")


@pytest.mark.parametrize("spelling", ["tiny/zero-shot", "tiny/self-consistency:3"])
def test_stopped_by_the_clock_it_keeps_what_there_is(spelling: str) -> None:
    (pane,) = compared(asked(spelling, Example("[long][delay=0.02] x")), seconds=0.2)[-1]
    assert pane.state == "cancelled" and pane.text and pane.sampled == pane.samples and "0.2 seconds" in pane.error


def test_samples_that_ended_before_a_stop_still_vote() -> None:
    """One that was stopped has not said its answer yet."""
    ready = asked("tiny/self-consistency:3")
    slow = asked("tiny/zero-shot", Example("[long][delay=0.02] x")).requests[0]
    mixed = Asked(ready.contender, ready.strategy, SUM, (slow, *ready.requests[1:]))
    stop = threading.Event()
    for (pane,) in Comparison(Scripted(), {0: mixed}, blank(mixed), seconds=60, stop=stop).frames(0.01):
        if pane.sampled == 2:
            stop.set()
    assert pane.state == "cancelled" and sum(vote.count for vote in pane.votes) == 2


class Silent(Scripted):
    """It says that something is being loaded, and then nothing more. It may hang there, and not even hear that it is cancelled."""

    def __init__(self, *, hangs: bool) -> None:
        super().__init__()
        self.over = threading.Event()
        if not hangs:
            self.over.set()

    def stream(self, requests: Sequence[Request]) -> Iterator[Event]:
        yield Held(requests[0].id, "Loading big (8,000 MB) …")
        self.over.wait(20)


def test_a_model_that_never_comes_to_the_question_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer's own time has not begun, so it has a bound of its own."""
    monkeypatch.setattr(compare, "LOADING", 0.2)
    monkeypatch.setattr(compare, "GRACE", 0.2)
    engine = Silent(hangs=True)
    first, *_, (pane,) = compared(asked("tiny/zero-shot"), engine=engine)
    engine.over.set()
    assert "Loading" in first[0].held and (pane.state, pane.held) == ("cancelled", "") and "in time" in pane.error


def test_an_engine_that_ends_without_a_word_is_a_failure_in_words() -> None:
    """A pane that shows nothing and says nothing is the worst of answers."""
    (pane,) = compared(asked("tiny/zero-shot"), engine=Silent(hangs=False))[-1]
    assert pane.state == "failed" and "without a word" in pane.error


def test_a_comparison_stored_before_there_were_samples_still_loads() -> None:
    old = {"contender": "tiny/cot", "weights": "tiny", "state": "done", "text": "3", "answer": {"value": "3", "how": "the whole text"}, "seed": 1}
    pane = Pane.from_dict(old)
    assert (pane.samples, pane.votes, pane.correct, pane.reference) == (1, (), None, "")
