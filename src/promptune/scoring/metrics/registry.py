"""What a metric is: a function of predictions. Its heavy libraries are imported when it is used, not before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from promptune.core.score import Score
from promptune.core.task import AnswerType
from promptune.errors import Problem, Problems, UserError
from promptune.registry import Registry

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Prediction:
    """What came for one row, and what would have been right. What failed has neither text nor answer."""

    text: str  # all of it
    answer: str  # what the strategy read from it
    references: tuple[str, ...]  # any of them is right
    answer_type: AnswerType = "text"


@dataclass(frozen=True)
class Corpus:
    """What a metric that is no mean of its rows is computed from."""

    counts: NDArray[numpy.float64]  # (rows, counts)
    of_sums: Callable[[NDArray[numpy.float64]], NDArray[numpy.float64]]  # sums of rows (corpora, counts) -> scores (corpora,)


@dataclass(frozen=True)
class Measured:
    score: Score
    per_row: tuple[float, ...]  # in the order of the predictions
    signature: str  # how exactly it was computed: scores compare only where it is the same
    corpus: Corpus | None = field(default=None, compare=False, repr=False)  # None: the score is the mean of per_row


@dataclass(frozen=True)
class Metric:
    name: str
    summary: str  # one sentence for people
    score: Callable[[Sequence[Prediction]], Measured]


METRICS: Registry[Metric] = Registry("metric")


def metric(name: str, summary: str) -> Callable[[Callable[[Sequence[Prediction]], Measured]], Callable[[Sequence[Prediction]], Measured]]:
    def add(score: Callable[[Sequence[Prediction]], Measured]) -> Callable[[Sequence[Prediction]], Measured]:
        METRICS.register(name)(Metric(name, summary, score))
        return score

    return add


def unknown(names: Sequence[str]) -> list[Problem]:
    """Everything wrong with a choice of metrics."""
    problems = [] if names else [Problem("metrics", f"none is named. Available: {', '.join(METRICS.names())}.")]
    for name in dict.fromkeys(names):
        try:
            METRICS.get(name)
        except UserError as error:
            problems.append(Problem("metrics", str(error)))
    return problems


def measure(names: Sequence[str], predictions: Sequence[Prediction]) -> dict[str, Measured]:
    if problems := unknown(names):
        raise Problems(problems)
    if not predictions:
        raise UserError("there is no row to score.")
    return {name: METRICS.get(name).score(predictions) for name in names}
