"""From contenders and a question to what is sent: everything wrong is told at once, or in the pane that it concerns."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import partial
from typing import Literal

from promptune.core.contender import Contender
from promptune.core.prompt import Message, Prompt, PromptPart
from promptune.core.task import Example
from promptune.engines.protocol import Engine
from promptune.errors import Problem, Problems, UserError
from promptune.pane import Asked, Frame, Pane
from promptune.prompting import decide
from promptune.prompting.budget import fit
from promptune.ready import Contenders, Ready
from promptune.settings import Settings
from promptune.taskroom import About, TaskRoom

LONGEST_QUESTION = 100_000  # characters
MOST_CONTENDERS = 6
NOT_ASKED = "NOT_ASKED"  # the cause of a pane whose contender could not even be asked
Overflow = Literal["fail", "drop"]
Turns = Sequence[Message]  # what was said in a pane before


class Asker:
    def __init__(self, settings: Settings, tasks: TaskRoom, contenders: Contenders, engine: Engine) -> None:
        self._settings, self._tasks, self._contenders, self._engine = settings, tasks, contenders, engine

    def ask(
        self,
        owner: str,
        question: str,
        contenders: Sequence[str | Contender],
        about: About | None = None,
        overflow: Overflow = "fail",
        turns: Sequence[Turns] = (),
        *,
        lenient: bool = False,
    ) -> tuple[dict[int, Asked], Frame]:
        """By place what is sent, and a frame in which those that cannot be asked say why. Unless it is `lenient`, they are raised, all at once."""
        problems = [Problem("question", what)] if (what := unfit(question)) else []
        if not 0 < len(contenders) <= MOST_CONTENDERS:
            problems.append(Problem("contenders", f"{len(contenders)} are given; ask 1 to {MOST_CONTENDERS} at once."))
        shots = self._tasks.load(owner, about.task).examples.get("train", ()) if about else ()
        ready: dict[int, Ready] = {}
        wrong: dict[int, str] = {}
        for i, one in enumerate(contenders):
            try:
                ready[i] = self._contenders.one(owner, one, shots)
            except UserError as error:
                wrong[i] = str(error)
        if problems or (wrong and not lenient):
            raise Problems([*problems, *(Problem(f"contender {i + 1}", what) for i, what in wrong.items())])
        example = self._tasks.question(owner, question, about) if about else Example(prompt=question)
        asked: dict[int, Asked] = {}
        for i, each in ready.items():
            try:
                asked[i] = self._sent(owner, each, example, overflow, turns[i] if i < len(turns) else ())
            except UserError as error:  # such as a group of rows that has no examples
                if not lenient:
                    raise
                wrong[i] = str(error)
        return asked, tuple(_unable(str(one), wrong.get(i, "")) for i, one in enumerate(contenders))

    def _sent(self, owner: str, ready: Ready, example: Example, overflow: Overflow, turns: Turns) -> Asked:
        strategy = ready.strategy
        prompt, dropped, forgotten = strategy.render(example, turns), 0, 0
        if overflow == "drop":
            prompt, dropped, forgotten = self._fitted(ready, example, turns)
        id, seed = secrets.token_hex(8), secrets.randbelow(2**31)
        requests = decide.requests(id, ready.weights, ready.contender, strategy, prompt, max_tokens=self._settings.max_tokens, seed=seed, owner=owner)
        return Asked(ready.contender, strategy, example, requests, dropped, forgotten)

    def _fitted(self, ready: Ready, example: Example, turns: Turns) -> tuple[Prompt, int, int]:
        """A prompt that fits its window, and how many examples or passages, and how many of the oldest turns, were left out for that."""
        strategy, engine, default = ready.strategy, self._engine, self._settings.max_tokens
        measure, apart = partial(engine.measure, ready.weights), engine.capabilities(ready.weights).apart
        for gone in range(0, len(turns) + 1, 2):  # a turn is two messages
            try:
                left = turns[gone:]
                how: Overflow = "fail" if left else "drop"
                [fitted] = fit(strategy, [example], measure, asked=ready.contender.decoding.max, default=default, overflow=how, apart=apart, turns=left)
                return fitted.prompt or strategy.render(example, left), fitted.dropped, gone // 2
            except Problems:
                continue
        dropped = strategy.extras(example)  # not even without any: the engine says so in its pane, and the others are asked
        return strategy.render(example, drop=dropped), dropped, len(turns) // 2


def _unable(contender: str, why: str) -> Pane:
    return Pane(contender, "", state="failed", error=f"{why[:1].upper()}{why[1:]}", finish_reason="failed", cause=NOT_ASKED) if why else Pane(contender, "")


def turn(question: str, text: str) -> list[Message]:
    """An earlier question and what a pane said to it, as it is read before the next one."""
    return [Message("user", (PromptPart("context", question),)), Message("assistant", (PromptPart("context", text.strip()),))]


def unfit(question: str) -> str:
    """Why a question cannot be asked; empty when it can."""
    if not question.strip():
        return "it is empty; write something to ask."
    if len(question) > LONGEST_QUESTION:
        return f"it has {len(question)} characters, and at most {LONGEST_QUESTION} are read."
    if "\0" in question or any("\ud800" <= char <= "\udfff" for char in question):
        return "it holds a character that is no text (NUL or half of a pair); remove it."
    return ""
