"""What one contender answered: a pane of a comparison, and how its samples become one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import TypeAdapter

from promptune.core.contender import Contender
from promptune.core.prompt import SentPrompt
from promptune.core.strategy import Answer, Extra, Strategy, Vote
from promptune.core.task import Example
from promptune.engines.protocol import Failed, Finished, Request
from promptune.prompting.vote import vote, winner
from promptune.scoring.same import same

LETTERS = "ABCDEF"  # what panes are called by their place, and so how many a question may have
PaneState = Literal["waiting", "streaming", "done", "cancelled", "failed"]


@dataclass(frozen=True)
class Pane:
    contender: str
    weights: str  # the weights that really answered, as the engine named them; empty until it did
    state: PaneState = "waiting"
    text: str = ""
    answer: Answer | None = None
    prompt: SentPrompt | None = None
    completion_tokens: int = 0
    first_token_seconds: float | None = None
    seconds: float = 0.0
    finish_reason: str | None = None
    error: str = ""
    seed: int | None = None
    cause: str = ""  # of a failure, by name: OVERFLOW, OUT_OF_MEMORY, …
    samples: int = 1  # texts that are drawn for the one answer
    sampled: int = 0  # of them, those that ended
    reference: str = ""  # the right answer, where the question came with one
    correct: bool | None = None  # whether the answer read is right; None where nobody knows
    dropped: int = 0  # examples or passages left out, because the window has no room for them
    extras: tuple[Extra, ...] = ()  # the examples or passages that its prompt holds, and why each
    forgotten: int = 0  # earlier turns of its talk left out, because the window has no room for them
    held: str = ""  # why nothing comes yet, while it waits

    @property
    def votes(self) -> tuple[Vote, ...]:
        """Most first; none where one text was drawn."""
        return self.answer.votes if self.answer else ()

    def to_dict(self) -> dict[str, Any]:
        values: dict[str, Any] = _PANE.dump_python(self, mode="json")
        return values

    @staticmethod
    def from_dict(values: dict[str, Any]) -> Pane:
        return _PANE.validate_python(values)


Frame = tuple[Pane, ...]
_PANE: TypeAdapter[Pane] = TypeAdapter(Pane)


@dataclass(frozen=True)
class Asked:
    """One contender made ready: what is sent, once for each sample, and who reads the answer."""

    contender: Contender
    strategy: Strategy
    example: Example
    requests: tuple[Request, ...]
    dropped: int = 0  # examples or passages left out
    forgotten: int = 0  # and of the oldest turns


def waiting(asked: Asked) -> Pane:
    extras = asked.strategy.shown(asked.example, drop=asked.dropped)
    reference = asked.example.completion or ""
    return Pane(str(asked.contender), "", samples=len(asked.requests), reference=reference, dropped=asked.dropped, extras=extras, forgotten=asked.forgotten)


def settled(pane: Pane, asked: Asked, ends: Sequence[Finished | Failed]) -> Pane:
    """Every sample ended: their answers are voted, and the pane shows a text that gives the winning one. A sample that failed or was
    stopped has no voice, unless there is no other."""
    made = [end.generation for end in ends if isinstance(end, Finished)]
    failed = [end for end in ends if isinstance(end, Failed)]
    error = f"{failed[0].what} {failed[0].todo}".strip() if failed else ""
    if not made:
        return replace(pane, state="failed", error=error, cause=failed[0].name, prompt=failed[0].prompt or pane.prompt, finish_reason="failed")
    voices = [one for one in made if one.finish_reason != "cancelled"] or made[:1]
    texts = [one.text for one in voices]
    answer = vote(asked.strategy, texts, asked.example)
    shown = voices[winner(asked.strategy, texts, asked.example)]
    cancelled = any(one.finish_reason == "cancelled" for one in made)
    firsts = [one.first_token_seconds for one in made if one.first_token_seconds is not None]
    return replace(
        pane,
        state="cancelled" if cancelled else "done",
        text=shown.text,
        answer=answer,
        prompt=shown.prompt if shown.prompt.window else None,  # none was read, where it was stopped before its model was loaded
        weights=shown.weights,
        completion_tokens=sum(one.completion_tokens for one in made),
        first_token_seconds=min(firsts, default=None),
        seconds=max(one.seconds for one in made),
        finish_reason="cancelled" if cancelled else shown.finish_reason,
        error=f"{len(failed)} of {len(ends)} samples failed: {error}" if failed else "",
        seed=shown.seed,
        correct=same(answer.value, asked.example) if asked.example.references else None,
    )
