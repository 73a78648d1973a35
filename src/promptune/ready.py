"""Contenders made ready: their spelling parsed, their weights found, their strategy built with what it draws from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promptune.core.contender import Contender
from promptune.core.strategy import Strategy
from promptune.core.task import Example
from promptune.engines.protocol import Weights
from promptune.errors import Problem, UserError
from promptune.models import Models
from promptune.prompting.strategies import build
from promptune.runs import Runs
from promptune.saved import Saved


@dataclass(frozen=True)
class Ready:
    contender: Contender
    weights: Weights
    strategy: Strategy


class Contenders:
    def __init__(self, models: Models, runs: Runs, saved: Saved) -> None:
        self._models, self._runs, self._saved = models, runs, saved

    def ready(self, owner: str, spelled: Sequence[str | Contender], shots: Sequence[Example] = (), *, most: int) -> tuple[list[Ready], list[Problem]]:
        """Those that can be asked, in their order, and everything wrong with any of them. `shots`: a task's train examples."""
        found, problems = [], []
        if not 0 < len(spelled) <= most:
            problems.append(Problem("contenders", f"{len(spelled)} are given; ask 1 to {most} at once."))
        for i, one in enumerate(spelled, 1):
            try:
                found.append(self.one(owner, one, shots))
            except UserError as error:
                problems.append(Problem(f"contender {i}", str(error)))
        return found, problems

    def one(self, owner: str, spelled: str | Contender, shots: Sequence[Example] = ()) -> Ready:
        contender = spelled if isinstance(spelled, Contender) else Contender.parse(spelled)
        strategy = build(contender, self._saved.material(owner, [contender], tuple(shots)))
        base = self._models.weights(owner, contender.model)
        return Ready(contender, base if contender.run is None else self._runs.weights(owner, contender, base), strategy)
