"""What people's votes say of contenders."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ballot:
    """One vote on the answers to one question."""

    contenders: tuple[str, ...]
    vote: str  # the place of the best one; tie; bad


@dataclass(frozen=True)
class Standing:
    contender: str
    votes: int  # ballots it stood on
    wins: int
    losses: int  # ballots that another one won
    ties: int
    bad: int  # ballots on which nobody was good
    score: float  # Bradley-Terry on the scale of chess: 1000 is the middle, and 400 more wins ten times of eleven
    low: float  # 95%, from redrawn ballots
    high: float


@dataclass(frozen=True)
class Leaderboard:
    standings: tuple[Standing, ...]  # the best first
    ballots: int
    blind: int  # of them, those given while names were hidden
