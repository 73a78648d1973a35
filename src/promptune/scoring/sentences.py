"""The verdict's three to six sentences: plain words, each with its numbers."""

from __future__ import annotations

from promptune.core.score import Scored, Skill
from promptune.core.verdict import Difference
from promptune.scoring.advice import FEW
from promptune.scoring.paired import MOST_ROWS
from promptune.scoring.standing import Standing, is_tuned, kept, tokens
from promptune.scoring.wording import about, between, capital, chance, counted, duration, level, listed, names, plural, points, said


def sentences(at: Standing) -> tuple[str, ...]:
    found = [_best(at), _others(at), _gained(at), _forgotten(at), _cost(at), _rows(at)]
    return tuple(capital(one) for one in found if one)


def _best(at: Standing) -> str:
    best = said(_name(at, at.best), at.metric, at.best.metrics[at.metric])
    rival = _rival(at)
    if rival is None:
        return f"{best}; nothing stands beside it to compare it with."
    other, one = f"{_name(at, rival)}{' in the prompt' * _name(at, rival).endswith('examples')}", at.difference(rival)
    if one.shown:
        return f"{best}; {other} {_level(at, rival)}, {points(one.value)} less ({_interval(one)}; {_chance(at, one)})."
    return f"{best}; {other} {_level(at, rival)}, and no difference between them is shown ({_chance(at, one)}{_settling(at, one)})."


def _rival(at: Standing) -> Scored | None:
    """Whom the best one is to be compared with first: the other way of doing it, where there is one."""
    other_way = at.prompted() if is_tuned(at.best) else at.tuned()
    if other_way is not None:
        return other_way
    return max((at.scored(one.first) for one in at.differences), key=at.value, default=None)


def _others(at: Standing) -> str:
    rest = [one for one in at.differences if at.scored(one.first) != _rival(at)]
    tied = [_with_level(at, one) for one in rest if not one.shown]
    worse = [_with_level(at, one) for one in rest if one.shown]
    pieces = [f"no difference to the best is shown for {listed(tied)}"] * bool(tied) + [f"shown to be worse: {listed(worse)}"] * bool(worse)
    return f"{'; '.join(pieces)}." if pieces else ""


def _gained(at: Standing) -> str:
    tuned = at.tuned()
    gain = next((one for one in at.gains if tuned and one.tuned == tuned.contender), None)
    if tuned is None or gain is None:
        return ""
    one, base = gain.difference, at.scored(gain.base)
    rows = f"; {counted(one.gained, 'row')} won, {one.lost:,} lost" if one.gained is not None and one.lost is not None else ""
    told = f"{_interval(one)}; {_chance(at, one)}{rows}"
    levels = f"from {_level(at, base)} to {_level(at, tuned)}"
    if not one.shown:
        return f"that {_name(at, tuned)} changes anything over {_name(at, base)} is not shown: {levels}, {points(one.value)} ({told})."
    return f"over {_name(at, base)} {_name(at, tuned)} {'gained' if one.value > 0 else 'lost'} {points(abs(one.value))}, {levels} ({told})."


def _forgotten(at: Standing) -> str:
    tuned = at.tuned()
    if tuned is None:
        return ""
    retention, name = tuned.retention, _name(at, tuned)
    if retention is None:
        return f"what {name} forgot was not measured."
    if retention.overall is None:
        kept_share = f"the base has no other skill that {name} could have lost"
    else:
        kept_share = f"{name} kept {100 * retention.overall.value:.1f}% of what its base could ({between(retention.overall)}){_worst(retention.skills)}"
    others = [f"{_name(at, one)} kept {100 * share:.1f}%" for one in at.card.contenders if one is not tuned and (share := kept(one)) is not None]
    refusals = [f"{100 * one.after.value:.1f}% of {one.kind} requests (before: {100 * one.before.value:.1f}%)" for one in retention.refusals]
    refused = [f"it refuses {listed(refusals)}"] * bool(refusals)
    return f"{'; '.join([kept_share, *refused, *others])}."


def _worst(skills: tuple[Skill, ...]) -> str:
    lost = [one for one in skills if one.lost]
    if not lost:
        return ", and no row of it that was right before is wrong now" if skills else ""
    worst = min(lost, key=lambda one: one.kept.value)
    return f", least of {_titled(worst.title)}: {100 * worst.kept.value:.1f}%, {counted(worst.lost, 'row')} right before and wrong after"


def _cost(at: Standing) -> str:
    told = list({id(one): one for one in (at.best, _rival(at), at.cheapest) if one is not None}.values())
    each = ", ".join(f"{_name(at, one)} {tokens(at.card, one):,.0f}" for one in told)
    pieces = [f"tokens a question: {each}"]
    if at.tied:
        name = _name(at, at.cheapest)
        pieces.append(f"of the best and those tied with it {name} {'cost' if plural(name) else 'costs'} least")
    tuned, even = at.tuned(), at.break_even()
    if tuned and tuned.tuning:
        tuning = f"{_name(at, tuned)} took {duration(tuned.tuning.seconds)} of tuning"
        if even:
            against = _name(at, at.scored(even.prompted))
            tuning += f", which its shorter prompts win back in {about(even.questions)} questions (against {against}, on this machine)"
        pieces.append(tuning)
    return f"{'; '.join(pieces)}."


def _rows(at: Standing) -> str:
    """What was asked, and everything that is not quite as it was meant."""
    card = at.card
    every = "each answered the same" if len(card.contenders) > 1 else "it answered"
    notes = [f"{every} {counted(card.rows, 'test row')} of {card.task}"]
    if card.skipped:
        notes.append(f"{counted(card.skipped, 'row')} left out for all, because a prompt did not fit")
    notes += [f"{_name(at, one)} had to leave something out of the prompt in {counted(one.dropped, 'row')}" for one in card.contenders if one.dropped]
    notes += [f"{counted(one.errors, 'answer')} of {_name(at, one)} failed and count as wrong" for one in card.contenders if one.errors]
    if card.weak:
        notes.append(f"not counted in what was kept, because the base itself has fewer than half right: {listed([*map(_titled, card.weak)])}")
    notes += [f"missing: {one.rstrip('.')}" for one in card.missing]
    return f"{'; '.join(notes)}."


def _titled(title: str) -> str:
    """A skill's title may hold a comma."""
    return f'"{title}"'


def _name(at: Standing, one: Scored) -> str:
    return names(at.card)[one.contender]


def _level(at: Standing, one: Scored) -> str:
    return level(at.metric, at.value(one))


def _with_level(at: Standing, one: Difference) -> str:
    return f"{_name(at, at.scored(one.first))} ({_level(at, at.scored(one.first))})"


def _interval(one: Difference) -> str:
    return f"{100 * one.low:.1f} to {100 * one.high:.1f}"


def _chance(at: Standing, one: Difference) -> str:
    return chance(one.corrected, corrected=len(at.card.contenders) > 2)


def _settling(at: Standing, one: Difference) -> str:
    """How many rows would do; from a handful of rows nobody can say."""
    if one.rows_needed is None or at.card.rows < FEW:
        return ""
    if one.rows_needed >= MOST_ROWS:
        return "; a million rows would not settle it"
    return f"; about {about(one.rows_needed)} rows would settle it"
