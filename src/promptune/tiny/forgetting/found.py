"""What the study's runs say together: the mean of each rate's seeds, the rate that validation loss alone chooses, and what it kept."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from promptune.core.score import Score
from promptune.tiny.forgetting.grid import RATES, Result

T_ = TypeVar("T_", float, Score)
NEAR = 0.03  # nats a token: so far above the best rate's validation loss a gentler one counts as good
T = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}  # Student's 97.5% points for so many seeds


@dataclass(frozen=True)
class Mean:
    """One rate of one recipe on one task, over its seeds; intervals are Student's, so three seeds that differ make them wide."""

    task: str
    recipe: str
    rate: float
    seeds: int
    loss: float  # validation
    score: Score  # on test rows
    kept: Score
    drift: float
    seconds: float


def means(found: Sequence[Result]) -> list[Mean]:
    """In the order of task, recipe, rate."""
    made = []
    for task in dict.fromkeys(one.cell.task for one in found):
        for recipe, rates in RATES.items():
            for rate in rates:
                mine = [one for one in found if (one.cell.task, one.cell.recipe, one.cell.rate) == (task, recipe, rate)]
                if mine:
                    made.append(_mean(task, recipe, rate, mine))
    return made


def chosen(made: Sequence[Mean], recipe: str) -> float | None:
    """The gentlest rate whose validation loss is near the best on every task. Nothing of test rows or other skills goes into it."""
    mine = [one for one in made if one.recipe == recipe]
    tasks = {one.task for one in mine}
    best = {task: min(one.loss for one in mine if one.task == task) for task in tasks}
    for rate in RATES[recipe]:
        here = [one for one in mine if one.rate == rate]
        if tasks and {one.task for one in here} == tasks and all(one.loss <= best[one.task] + NEAR for one in here):
            return rate
    return None


def _mean(task: str, recipe: str, rate: float, mine: Sequence[Result]) -> Mean:
    def mean(of: Callable[[Result], float]) -> float:
        return statistics.fmean(map(of, mine))

    return Mean(
        task,
        recipe,
        rate,
        len(mine),
        mean(lambda one: one.loss),
        _student([one.score.value for one in mine]),
        _student([_known(one.retention.overall).value for one in mine]),
        mean(lambda one: _known(one.retention.drift)),
        mean(lambda one: one.seconds),
    )


def _known(value: T_ | None) -> T_:
    """The bundled model has skills to lose, and drifts."""
    assert value is not None
    return value


def _student(values: Sequence[float]) -> Score:
    mean = statistics.fmean(values)
    half = T[len(values)] * statistics.stdev(values) / len(values) ** 0.5 if len(values) in T else 1.0
    return Score(mean, max(0.0, mean - half), min(1.0, mean + half))
