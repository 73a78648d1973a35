"""The verdict: who is best, who is tied with it, what is cheapest and when tuning pays. Derived from the numbers alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from promptune.core.contender import Contender
from promptune.core.score import Scorecard
from promptune.core.verdict import Difference, Verdict
from promptune.scoring import advice, sentences
from promptune.scoring.metrics.registry import Measured, Prediction
from promptune.scoring.paired import LEVEL, Compared, compare, holm, rows_needed
from promptune.scoring.standing import Gain, Standing, fewest, is_tuned


@dataclass(frozen=True)
class _Pair:
    first: str
    second: str
    found: Compared


def judge(card: Scorecard, measured: Mapping[str, Measured], *, floor: float = 0.0) -> Verdict:
    """`measured` is the task's first metric by contender, all on the same rows; `floor` what giving the commonest answer
    always would score.

    The best one is picked by looking at all of them, so luck has as many chances as there are pairs: p-values are corrected for that many,
    though only those that the verdict speaks of are computed. (Corrected for the others alone, six equal ones would give a false alarm in twelve.)
    """
    scored = {one.contender: one for one in card.contenders}
    metric = next(iter(card.contenders[0].metrics))
    best = min(card.contenders, key=lambda one: (-one.metrics[metric].value, *fewest(card, one)))
    others = [one for one in scored if one != best.contender]
    pairs = [_Pair(one, best.contender, compare(measured[one], measured[best.contender])) for one in others]
    planned = _gains(card, metric)
    pairs += [_Pair(base, tuned, compare(measured[base], measured[tuned])) for base, tuned in planned if best.contender not in (base, tuned)]
    many = len(scored) * (len(scored) - 1) // 2
    corrected = holm([pair.found.p for pair in pairs], many)
    undecided = many - sum(p < LEVEL for p in corrected)  # as many as the next p-value is corrected for
    all_found = [_difference(pair, p, undecided) for pair, p in zip(pairs, corrected, strict=True)]
    differences = tuple(all_found[: len(others)])
    tied = tuple(one.first for one in differences if not one.shown)
    pool = [scored[one] for one in (best.contender, *tied)]
    cheapest = min(pool, key=lambda one: fewest(card, one))
    gains = tuple(Gain(base, tuned, _between(all_found, base, tuned)) for base, tuned in planned)
    standing = Standing(card, metric, best, differences, cheapest, gains, floor)
    told = (advice.headline(standing), sentences.sentences(standing))
    return Verdict(metric, *told, best.contender, tied, cheapest.contender, differences, standing.break_even())


def commonest(predictions: Sequence[Prediction]) -> float:
    """The share of rows that one and the same answer has right, as of a task with few classes; 0 where no two rows share an answer."""
    counts = Counter(reference for one in predictions for reference in {text.strip().casefold() for text in one.references})
    most = max(counts.values(), default=0)
    return most / len(predictions) if most > 1 else 0.0


def _gains(card: Scorecard, metric: str) -> list[tuple[str, str]]:
    """Each tuned contender with what its base does without tuning and without examples."""
    found = []
    for one in card.contenders:
        contender = Contender.parse(one.contender)
        bases = [str(replace(contender, run=None, strength=1.0, strategy="zero-shot", args=(), options=())), f"{contender.model}/zero-shot"]
        base = next((base for base in bases if any(other.contender == base for other in card.contenders)), None)
        if is_tuned(one) and base:
            found.append((base, one.contender))
    return found


def _difference(pair: _Pair, corrected: float, undecided: int) -> Difference:
    found = pair.found
    needed = rows_needed(found, undecided) if corrected >= LEVEL else None
    by_rows = (found.gained, found.lost, needed)
    return Difference(pair.first, pair.second, found.value, found.low, found.high, found.p, corrected, found.test, *by_rows)


def _between(differences: list[Difference], base: str, tuned: str) -> Difference:
    """From the base to the tuned one, whichever of them the verdict compares with the other."""
    one = next(one for one in differences if {one.first, one.second} == {base, tuned})
    if one.first == base:
        return one
    return replace(one, first=base, second=tuned, value=-one.value, low=-one.high, high=-one.low, gained=one.lost, lost=one.gained)
