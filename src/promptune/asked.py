"""From contenders and a question to what is sent: everything wrong is told at once, or in the pane that it concerns."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from promptune.core.contender import Contender
from promptune.core.prompt import Message, Prompt, PromptPart
from promptune.core.task import Example
from promptune.engines.protocol import Engine
from promptune.errors import Problem, Problems, UserError
from promptune.links import MOST_CONTENDERS
from promptune.pane import Asked, Frame, Pane
from promptune.prompting import decide
from promptune.prompting.budget import fit
from promptune.ready import Contenders, Ready
from promptune.settings import Settings
from promptune.taskroom import About, TaskRoom

LONGEST_QUESTION = 100_000  # characters
NOT_ASKED = "NOT_ASKED"  # the cause of a pane whose contender could not even be asked
Overflow = Literal["fail", "drop"]
Said = Sequence[Message]  # in one pane, before


@dataclass(frozen=True)
class Prepared:
    """What is sent, by place; and a frame in which those that cannot be asked say why."""

    asked: Mapping[int, Asked]
    frame: Frame


@dataclass(frozen=True)
class _Short:
    """A prompt that fits its window, if any does; how many examples or passages, and how many of the oldest turns, are left out for that."""

    prompt: Prompt
    dropped: int = 0
    forgotten: int = 0


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
        said: Sequence[Said] = (),
        *,
        lenient: bool = False,
    ) -> Prepared:
        """`said`: by place. What is wrong is raised, all at once; a contender that cannot be asked only where it is not `lenient`."""
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
            raise _all(problems, wrong)
        example = self._tasks.question(owner, question, about) if about else Example(prompt=question)
        asked: dict[int, Asked] = {}
        for i, each in ready.items():
            try:
                asked[i] = self._sent(owner, each, example, overflow, said[i] if i < len(said) else ())
            except UserError as error:  # such as a group of rows that has no examples
                wrong[i] = str(error)
        if wrong and not lenient:
            raise _all((), wrong)
        return Prepared(asked, tuple(_unable(str(one), wrong.get(i, "")) for i, one in enumerate(contenders)))

    def _sent(self, owner: str, ready: Ready, example: Example, overflow: Overflow, said: Said) -> Asked:
        strategy = ready.strategy
        short = self._fitted(ready, example, said) if overflow == "drop" else _Short(strategy.render(example, said))
        id, seed = secrets.token_hex(8), secrets.randbelow(2**31)
        requests = decide.requests(id, ready.weights, ready.contender, strategy, short.prompt, max_tokens=self._settings.max_tokens, seed=seed, owner=owner)
        return Asked(ready.contender, strategy, example, requests, short.dropped, short.forgotten)

    def _fitted(self, ready: Ready, example: Example, said: Said) -> _Short:
        strategy, engine, default = ready.strategy, self._engine, self._settings.max_tokens
        measure, apart = partial(engine.measure, ready.weights), engine.capabilities(ready.weights).apart
        for gone in range(0, len(said) + 1, 2):  # a turn is two messages
            try:
                left = said[gone:]
                how: Overflow = "fail" if left else "drop"
                [fitted] = fit(strategy, [example], measure, asked=ready.contender.decoding.max, default=default, overflow=how, apart=apart, turns=left)
            except Problems:
                continue
            if fitted.prompt:
                return _Short(fitted.prompt, fitted.dropped, gone // 2)
        dropped = strategy.extras(example)  # not even without any: the engine says so in its pane, and the others are asked
        return _Short(strategy.render(example, drop=dropped), dropped, len(said) // 2)


def _all(problems: Sequence[Problem], wrong: Mapping[int, str]) -> Problems:
    return Problems([*problems, *(Problem(f"contender {i + 1}", what) for i, what in wrong.items())])


def _unable(contender: str, why: str) -> Pane:
    return Pane(contender, "", state="failed", error=f"{why[:1].upper()}{why[1:]}", finish_reason="failed", cause=NOT_ASKED) if why else Pane(contender, "")


def exchange(question: str, text: str) -> list[Message]:
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
