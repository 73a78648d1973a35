"""Few-shot chain of thought (Wei et al. 2022): the examples show their worked steps, and the model goes on in their manner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from promptune.core.prompt import Message, Prompt, PromptPart
from promptune.core.strategy import Answer
from promptune.core.task import Example
from promptune.errors import UserError
from promptune.prompting import answers
from promptune.prompting.shots import Shots
from promptune.prompting.strategies.base import STEPS, ask, cue, question
from promptune.prompting.strategies.few_shot import FewShot
from promptune.prompting.strategies.registry import STRATEGIES


@STRATEGIES.register("few-shot-cot")
@dataclass(frozen=True)
class FewShotChainOfThought(FewShot):
    name: ClassVar[str] = "few-shot-cot"
    summary: ClassVar[str] = "Shows k examples with their worked steps, and reads the answer at the end of the model's own."

    def __post_init__(self) -> None:
        if self.material.shots and not self._shots.examples:
            raise UserError("no train row has worked steps.", todo="Give the task a rationale, or use few-shot or cot.")
        super().__post_init__()

    def render(self, example: Example, turns: Sequence[Message] = (), *, drop: int = 0) -> Prompt:
        """The examples ask for steps by showing them. Only where none is left it must be said."""
        shown = "".join(map(self._shown, self._picked(example, drop)))
        return ask(turns, PromptPart("examples", shown), question(example), *([] if shown else [cue(example, STEPS)]))

    def read(self, text: str, example: Example) -> Answer:
        return answers.after_steps(self._own(text, example), example)

    def _solution(self, shot: Example) -> str:
        steps = (shot.rationale or "").strip()
        ending = f"The answer is {shot.completion}."
        said = answers.after_steps(steps, replace(shot, choices=(), answer_type="text"))
        return steps if said.how == answers.BEHIND and answers.alike(said.value, shot.completion or "") else f"{steps} {ending}"

    @cached_property
    def _shots(self) -> Shots:
        return Shots([shot for shot in self.material.shots if (shot.rationale or "").strip()], self.by, self.seed)
