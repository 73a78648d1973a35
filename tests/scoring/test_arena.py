"""Votes become a ranking: nobody's name, place or order counts, and the numbers are the model's own."""

from __future__ import annotations

import math
import random
from itertools import combinations, pairwise

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.arena import Ballot, Standing
from promptune.scoring.arena import TEN_TO_ONE, standings

NAMES = ("tiny/cot", "tiny/zero-shot", "tiny/few-shot:4", "other/cot")
lineups = st.lists(st.sampled_from(NAMES), min_size=1, max_size=5).map(tuple)
ballots = st.lists(lineups.flatmap(lambda who: st.builds(Ballot, st.just(who), st.sampled_from(["tie", "bad", *map(str, range(len(who)))]))), max_size=8)
few = st.integers(0, 2**32)


def by_name(found: list[Standing]) -> dict[str, Standing]:
    return {one.contender: one for one in found}


def chance(one: float, other: float) -> float:
    """That the first wins, by their scores."""
    return 1 / (1 + math.pow(10, (other - one) / TEN_TO_ONE))


def test_no_votes_make_no_ranking() -> None:
    assert standings([]) == []


@given(ballots, few)
def test_the_order_of_ballots_changes_nothing(given_: list[Ballot], seed: int) -> None:
    shuffled = random.Random(seed).sample(given_, len(given_))
    assert standings(shuffled) == standings(given_)


@given(ballots, few)
def test_nor_do_the_places_of_the_panes(given_: list[Ballot], seed: int) -> None:
    moved = []
    for ballot in given_:
        order = random.Random(seed).sample(range(len(ballot.contenders)), len(ballot.contenders))
        vote = str(order.index(int(ballot.vote))) if ballot.vote.isdecimal() else ballot.vote
        moved.append(Ballot(tuple(ballot.contenders[i] for i in order), vote))
    assert standings(moved) == standings(given_)


@given(ballots)
def test_nor_do_the_names(given_: list[Ballot]) -> None:
    """Whoever is called what: the scores go with the votes."""
    called = dict(zip(NAMES, ("z/cot", "y/cot", "x/cot", "w/cot"), strict=True))
    found = by_name(standings([Ballot(tuple(called[one] for one in ballot.contenders), ballot.vote) for ballot in given_]))
    for one in standings(given_):
        other = found[called[one.contender]]
        assert (one.votes, one.wins, one.losses, one.ties, one.bad) == (other.votes, other.wins, other.losses, other.ties, other.bad)
        assert one.score == pytest.approx(other.score, abs=1e-4)


@given(ballots)
def test_every_ballot_is_counted_once_and_an_interval_holds_its_score(given_: list[Ballot]) -> None:
    found = standings(given_)
    assert {one.contender for one in found} == {name for ballot in given_ for name in ballot.contenders}
    for one in found:
        assert one.votes == one.wins + one.losses + one.ties + one.bad == sum(one.contender in ballot.contenders for ballot in given_)
        assert math.isfinite(one.low) and one.low <= one.score <= one.high
    assert all(a.score >= b.score - 1e-5 for a, b in pairwise(found))


def test_one_vote_ranks_the_winner_above_the_others_and_stays_finite() -> None:
    best, *others = standings([Ballot(NAMES[:3], "1")])
    assert (best.contender, best.wins) == (NAMES[1], 1) and all(1000 > one.score > 400 and one.losses == 1 for one in others)
    assert 1000 < best.score < 1600 and others[0].score == pytest.approx(others[1].score)


@pytest.mark.parametrize("vote", ["tie", "bad"])
def test_where_nobody_was_better_all_stay_in_the_middle(vote: str) -> None:
    assert [one.score for one in standings([Ballot(NAMES, vote)] * 5)] == [pytest.approx(1000, abs=1e-3)] * 4


def test_a_contender_does_not_meet_itself() -> None:
    assert [one.score for one in standings([Ballot((NAMES[0], NAMES[0]), "0")] * 3)] == [pytest.approx(1000)]


def test_the_winner_in_two_panes_beats_another_once() -> None:
    """Only the pane that was voted for won; what its double is worth beside the others nobody said."""
    twice, once = (by_name(standings([Ballot(who, "0")])) for who in ((NAMES[0], NAMES[0], NAMES[1]), NAMES[:2]))
    assert {name: one.score for name, one in twice.items()} == {name: one.score for name, one in once.items()}


def test_many_votes_take_no_longer_than_a_few_and_arrive() -> None:
    """At the likeliest scores what was won is what was to be expected, for everybody, also after thousands of votes."""
    given_ = [Ballot((NAMES[i % 3], NAMES[3]), "0") for i in range(6000)]
    found = by_name(standings(given_))
    for name in NAMES[:3]:
        expected = 2000 * chance(found[name].score, found[NAMES[3]].score) + chance(found[name].score, 1000)
        assert expected == pytest.approx(2000.5, abs=1e-6)


def test_four_hundred_more_wins_ten_times_of_eleven() -> None:
    """With many votes the draw against the middle weighs nothing."""
    pair = NAMES[:2]
    best, worst = standings([Ballot(pair, "0")] * 1000 + [Ballot(pair, "1")] * 100)
    assert best.score - worst.score == pytest.approx(400, abs=3) and best.score + worst.score == pytest.approx(2000, abs=0.1)
    assert chance(best.score, worst.score) == pytest.approx(10 / 11, abs=0.002) and chance(1000, 1000) == 0.5


def _likelihood(won: dict[tuple[str, str], float], strength: dict[str, float]) -> float:
    """Of what was won, and of one draw of each against the middle: logarithms, in nats."""
    total = sum(math.log(one / (one + 1)) * 0.5 + math.log(1 / (one + 1)) * 0.5 for one in strength.values())
    return total + sum(times * math.log(strength[a] / (strength[a] + strength[b])) for (a, b), times in won.items())


@pytest.mark.parametrize("seed", range(6))
def test_the_scores_are_the_likeliest_ones(seed: int) -> None:
    """Against a search by hand: from the scores found, no step in any direction is likelier."""
    chance_ = random.Random(seed)
    given_ = [Ballot(tuple(chance_.sample(NAMES, chance_.randint(2, 4))), chance_.choice(["0", "0", "1", "tie", "bad"])) for _ in range(7)]
    won: dict[tuple[str, str], float] = {}
    for ballot in given_:
        best = ballot.contenders[int(ballot.vote)] if ballot.vote.isdecimal() else ""
        for a, b in combinations(ballot.contenders, 2):
            for one, other in ((a, b), (b, a)):
                won[one, other] = won.get((one, other), 0) + (0.5 if ballot.vote == "tie" else 1.0 if one == best else 0.0)
    strength = {one.contender: 10 ** ((one.score - 1000) / 400) for one in standings(given_)}
    top = _likelihood(won, strength)
    for step in numpy.random.default_rng(seed).normal(0, 0.1, (300, len(strength))):
        moved = {name: value * math.exp(by) for (name, value), by in zip(strength.items(), step, strict=True)}
        assert _likelihood(won, moved) <= top + 1e-9
