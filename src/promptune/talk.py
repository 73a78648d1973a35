"""A conversation as it is kept: its turns, and in each what every contender answered."""

from __future__ import annotations

from dataclasses import dataclass

from promptune.pane import Frame
from promptune.taskroom import About


@dataclass(frozen=True)
class Turn:
    id: str  # of the kept comparison; empty while it is under way
    question: str
    about: About | None  # the task and row that it was asked in
    panes: Frame  # in the order asked
    vote: str = ""  # none yet; the place of the best pane; tie; bad
    blind: bool = False  # asked with names hidden

    @property
    def hidden(self) -> bool:
        """Whether the names stay hidden still: until the vote."""
        return self.blind and not self.vote


@dataclass(frozen=True)
class Talk:
    id: str
    label: str
    created: float  # seconds since the epoch
    turns: tuple[Turn, ...]

    @property
    def hidden(self) -> bool:
        """Whether its names are: while its last turn hides them. Of an earlier one nobody voted on there is nothing left to hide by then."""
        return bool(self.turns) and self.turns[-1].hidden
