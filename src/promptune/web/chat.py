"""What Compare shows of a talk, worked out without a widget. Of a talk whose names are hidden nothing that tells gets into the markup."""

from __future__ import annotations

from dataclasses import dataclass, replace

from promptune.lab import About, Frame, Pane, Talk, Turn
from promptune.web import present, present_talk

UNTOLD = "It could not answer. Why is told after the vote."
COUNTS = ("nobody", "it", "both", "all three", "all four", "all five", "all six")


@dataclass(frozen=True)
class Chat:
    """A page's talk. A turn without an id is under way, or was not kept, or is only there to be read."""

    talk: str = ""  # its id, once something of it is kept
    turns: tuple[Turn, ...] = ()
    editing: int | None = None  # the place of the turn whose question is in the box again
    live: bool = False  # its last turn is under way
    parted: bool = False  # a pane was taken out from among the others: what is shown goes on no further

    @staticmethod
    def of(talk: Talk | None) -> Chat:
        return Chat(talk.id, talk.turns) if talk else Chat()

    @property
    def last(self) -> Turn | None:
        return self.turns[-1] if self.turns else None

    @property
    def hidden(self) -> bool:
        """Whether nobody may know yet who sits where."""
        return self.last is not None and self.last.hidden

    @property
    def contenders(self) -> tuple[str, ...]:
        """Who answered last, in their places."""
        return tuple(pane.contender for pane in self.last.panes) if self.last else ()

    @property
    def grows(self) -> bool:
        """Whether another pane can stand beside those that answered."""
        return not self.hidden and len(self.contenders) < len(present.KEYS)

    @property
    def settled(self) -> bool:
        """Whether its last turn can be voted on and asked again."""
        return self.last is not None and bool(self.last.id) and not self.live

    def goes_on(self, about: About | None, *, blind: bool) -> bool:
        """Whether a next question belongs to it. In a task every question stands alone; and names that were seen cannot be hidden."""
        return bool(self.talk) and about is None and self.last is not None and self.last.about is None and not (blind and not self.hidden)

    def asking(self, turn: Turn, *, fresh: bool) -> Chat:
        """With a question that is asked now, instead of the one that was edited and what followed it. What was not kept goes."""
        before = () if fresh else tuple(one for one in self.turns[: self.editing] if one.id)
        return Chat("" if fresh else self.talk, (*before, turn), live=True)

    def showing(self, frame: Frame) -> Chat:
        return replace(self, turns=(*self.turns[:-1], replace(self.turns[-1], panes=frame))) if frame else self

    def ended(self, turn: Turn | None, talk: str) -> Chat:
        """Once the answers are there; where nothing was kept, with what was seen."""
        return replace(self, talk=talk or self.talk, turns=(*self.turns[:-1], turn or self.turns[-1]), live=False)

    def voted(self, turn: Turn) -> Chat:
        return replace(self, turns=(*self.turns[:-1], turn))

    def without(self, place: int) -> Chat:
        """A pane is taken out. Those behind it move up, and with them what they said: the kept talk has them in other places."""
        if not any(len(turn.panes) > place + 1 for turn in self.turns):
            return self
        return self._parted(tuple(replace(turn, panes=turn.panes[:place] + turn.panes[place + 1 :]) for turn in self.turns))

    def with_one_more(self, count: int) -> Chat:
        """A new pane takes the place of one that was taken out at the end, and is not to go on with what that one said."""
        if not any(len(turn.panes) > count for turn in self.turns):
            return self
        return self._parted(tuple(replace(turn, panes=turn.panes[:count]) for turn in self.turns))

    def _parted(self, turns: tuple[Turn, ...]) -> Chat:
        return Chat("", tuple(replace(turn, id="", vote="", blind=False) for turn in turns), parted=True)


# ---- what a pane shows ----


@dataclass(frozen=True)
class PaneShown:
    """Markup of a pane that has said something, or is about to."""

    head: str
    log: str
    result: str


def shown(chat: Chat, i: int, waiting: str = "", earlier: str | None = None) -> PaneShown:
    """`earlier`: the markup of the turns before the last one, where it is known by now."""
    turn, hidden = chat.turns[-1], chat.hidden
    there = turn.panes[i] if i < len(turn.panes) else None
    if there is None:  # it was added since
        return PaneShown("", "", "")
    before = past(chat, i) if earlier is None else earlier
    there = masked(there, i) if hidden else there
    body = before + present.turn(i, len(chat.turns) - 1, turn.question, there, waiting, edit=chat.settled)
    head = present.pane_head(i, "" if hidden else there.contender, kinds=kinds(chat, i), best=turn.vote == str(i))
    log = present.log(i, f"Conversation with {there.contender}", body)
    return PaneShown(head, log, present.answered(there) if hidden else present.result(there))


def past(chat: Chat, i: int) -> str:
    """The turns before the last one, as pane i had them."""
    said = []
    for at, turn in enumerate(chat.turns[:-1]):
        if i < len(turn.panes):
            pane = masked(turn.panes[i], i) if chat.hidden else turn.panes[i]
            said.append(present.turn(i, at, turn.question, pane, edit=chat.settled))
    return "".join(said)


def opened(pane: Pane, *, hidden: bool) -> str:
    """The exact prompt, and what of it was chosen for it."""
    if hidden:
        return ""
    return present.prompt_view(pane.prompt) + (present_talk.extras(pane.extras) if pane.extras else "")


def kinds(chat: Chat, i: int) -> str:
    """Classes by which the style sheet shows a pane's buttons: for what can be done with it now."""
    turn = chat.turns[-1]
    can = {
        "unnamed": chat.hidden,
        "can-again": chat.settled,
        "can-vote": chat.settled and len(turn.panes) > 1 and bool(turn.panes[i].text),
        "can-judge": chat.settled and (chat.hidden or (len(turn.panes) > 1 and any(pane.text for pane in turn.panes))),
        "can-look": chat.settled and not chat.hidden and bool(turn.panes[i].text) and turn.panes[i].prompt is not None,
        "won": turn.vote == str(i),
    }
    return " ".join(kind for kind, it_is in can.items() if it_is)


def masked(pane: Pane, i: int) -> Pane:
    """Without what tells who it is. Its words may; those are what the vote is about."""
    error = UNTOLD if pane.error else ""
    return replace(pane, contender=present.KEYS[i], weights="", error=error, held="", extras=(), samples=1)
