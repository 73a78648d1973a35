"""Talks: questions to several contenders, one after the other, that are kept, found again, voted on and gone on with."""

from __future__ import annotations

import json
import shlex
import threading
import unicodedata
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import takewhile

from promptune import export
from promptune.asked import NOT_ASKED, Asker, Overflow, Said, exchange
from promptune.compare import Comparison
from promptune.core.arena import Ballot, Leaderboard
from promptune.core.contender import Contender
from promptune.engines.protocol import Chance, Engine
from promptune.errors import NotFound, UserError
from promptune.models import Models
from promptune.pane import Asked, Frame, Pane
from promptune.runs import Runs
from promptune.scoring.arena import standings
from promptune.settings import Settings
from promptune.store import ComparisonRecord, Store
from promptune.talk import Talk, Turn
from promptune.taskroom import About

POLL = 0.08  # seconds between two frames
Keep = Callable[[Frame], ComparisonRecord | None]


@dataclass(frozen=True)
class TalkInfo:
    """A row of a list."""

    id: str
    label: str
    created: float  # seconds since the epoch
    updated: float  # when its last question was kept
    turns: int
    contenders: tuple[str, ...]  # of its last turn
    size: int  # bytes
    hidden: bool = False  # whose names nobody may know before the vote


@dataclass(frozen=True)
class _Behind:
    """Which turns a question goes on behind, and the ids of those that it takes the place of."""

    turns: Sequence[Turn]
    gone: Sequence[str]


class Asking:
    """One question under way. `frames` are taken once; whatever ends them, what came is kept."""

    def __init__(self, comparison: Comparison, stop: threading.Event, keep: Keep, poll: float) -> None:
        self._comparison, self._stop, self._keep, self._poll = comparison, stop, keep, poll
        self.turn: Turn | None = None  # once it is kept
        self.trouble = ""  # why an answer that was there stays, though it was asked again
        self.talk = ""  # the id of its talk, then

    def frames(self) -> Generator[Frame, None, None]:
        with closing(self._comparison.frames(self._poll)) as frames:
            try:
                yield from frames
            finally:
                frames.close()
                if record := self._keep(self._comparison.frame):
                    self.turn, self.talk = _turn(record), record.talk

    def stop(self, place: int | None = None) -> None:
        """From any thread: all panes, or one while the others go on."""
        if place is None:
            self._stop.set()
        else:
            self._comparison.stop(place)


class Talks:
    def __init__(self, settings: Settings, store: Store, asker: Asker, engine: Engine, models: Models, runs: Runs) -> None:
        self._settings, self._kept, self._asker, self._engine = settings, store.comparisons, asker, engine
        self._models, self._runs = models, runs

    # ---- asking ----

    def ask(
        self,
        owner: str,
        question: str,
        contenders: Sequence[str | Contender],
        *,
        about: About | None = None,
        talk: str = "",
        after: int | None = None,
        blind: bool = False,
        overflow: Overflow = "fail",
        poll: float = POLL,
        lenient: bool = False,
        keep: bool = True,
        stop: threading.Event | None = None,
    ) -> Asking:
        """Goes on with a `talk` behind its first `after` turns; those behind them go once the new one is kept. In a task every question stands alone.

        `lenient`: a contender that cannot be asked says why in its pane, and the others are asked. What is wrong otherwise is raised here.
        """
        behind = self._before(owner, talk, after, lenient=lenient) if talk and about is None else None
        said = _said(behind.turns if behind else (), len(contenders))
        ready = self._asker.ask(owner, question, contenders, about, overflow, said, lenient=lenient)
        known = asdict(about) if about else None

        def kept(frame: Frame) -> ComparisonRecord | None:
            if not keep or not any(pane.prompt or pane.error for pane in frame):
                return None
            answers = [pane.to_dict() for pane in frame]
            if behind:
                try:
                    return self._kept.save(owner, question=question, answers=answers, talk=talk, instead=behind.gone, blind=blind)
                except NotFound:  # it was deleted meanwhile: what was answered stays all the same
                    pass
            return self._kept.save(owner, question=question, answers=answers, about=known, blind=blind)

        return self._asking(ready.asked, ready.frame, kept, poll, stop)

    def again(self, owner: str, id: str, *, places: Sequence[int] | None = None, overflow: Overflow = "fail", poll: float = POLL) -> Asking:
        """The same question to the same contenders, or to those in some places; the other panes stay as they are. The vote is taken back."""
        record = self._kept.get(owner, id)
        one = _turn(record)
        chosen = [i for i in range(len(one.panes)) if places is None or i in places]
        if not chosen:
            raise NotFound("there is no such pane in that turn.", todo="Choose one that it has.")
        before = takewhile(lambda other: other.id != id, self._kept.talk(owner, record.talk) if one.about is None else ())
        said = _said([_turn(other) for other in before], len(one.panes))
        spelled = [one.panes[i].contender for i in chosen]
        ready = self._asker.ask(owner, one.question, spelled, one.about, overflow, [said[i] for i in chosen], lenient=True)
        panes = list(one.panes)
        for place, pane in zip(chosen, ready.frame, strict=True):
            panes[place] = pane
        moved = {chosen[i]: each for i, each in ready.asked.items()}

        def better(i: int, pane: Pane) -> bool:
            """A good answer gives way to a whole one only."""
            return pane.state == "done" if one.panes[i].text else bool(pane.text or pane.state in ("done", "failed"))

        def kept(frame: Frame) -> ComparisonRecord | None:
            came = {i: frame[i].to_dict() for i in chosen if better(i, frame[i])}
            told = [f"{frame[i].error} The answer before it stays." for i in chosen if i not in came and frame[i].state == "failed"]
            asking.trouble = " ".join(dict.fromkeys(told))
            try:
                return self._kept.answer(owner, id, came) if came else record
            except NotFound:  # it was deleted meanwhile, or another question took its place
                return None

        asking = self._asking(moved, tuple(panes), kept, poll, None)
        return asking

    def _before(self, owner: str, talk: str, after: int | None, *, lenient: bool) -> _Behind | None:
        """None: it is a task's, and so begins another talk."""
        turns = self.get(owner, talk).turns
        if turns[0].about is not None:
            if not lenient:
                todo = "Leave the conversation out, or ask in the task."
                raise UserError("it is a task's, in which every question stands alone.", where=f"talk {talk}", todo=todo)
            return None
        after = len(turns) if after is None else after
        if not 0 <= after <= len(turns):
            raise UserError(f"it has {len(turns)} turns, and {after} are to stay.", where=f"talk {talk}", todo=f"Give 0 to {len(turns)}.")
        return _Behind(turns[:after], [one.id for one in turns[after:]])

    def _asking(self, asked: Mapping[int, Asked], frame: Frame, keep: Keep, poll: float, stop: threading.Event | None) -> Asking:
        stop = stop or threading.Event()
        return Asking(Comparison(self._engine, asked, frame, seconds=self._settings.answer_seconds, stop=stop), stop, keep, poll)

    def confidence(self, owner: str, id: str, place: int) -> list[Chance]:
        """How sure of each token of its answer a pane's model was, at temperature 1."""
        record = self._kept.get(owner, id)
        one = _turn(record)
        if self.get(owner, record.talk).hidden:
            raise UserError("names are hidden until you vote, and this could tell them.", todo="Vote first.")
        if not 0 <= place < len(one.panes) or (pane := one.panes[place]).prompt is None:
            raise NotFound("that pane has no answer.", todo="Ask it first.")
        contender = Contender.parse(pane.contender)
        base = self._models.weights(owner, contender.model)
        weights = base if contender.run is None else self._runs.weights(owner, contender, base)
        return self._engine.chances(weights, pane.prompt.ids, pane.text)

    # ---- what is kept ----

    def vote(self, owner: str, id: str, vote: str) -> Turn:
        """The place of the best pane, `tie` or `bad`. A second vote takes the first one's place."""
        return _turn(self._kept.vote(owner, id, vote, lambda record: _votable(record, vote)))

    def list(self, owner: str, search: str = "", limit: int | None = 200) -> list[TalkInfo]:
        """Newest first. Every word of `search` stands somewhere in what was asked and answered, or in the names."""
        words = _folded(search).split()
        return [_info(records) for records in self._kept.talks(owner, lambda records: not words or _holds(records, words), limit)]

    def get(self, owner: str, id: str) -> Talk:
        records = self._kept.talk(owner, id)
        return Talk(id, records[0].label, records[0].created, tuple(map(_turn, records)))

    def newest(self, owner: str) -> Talk | None:
        record = next(iter(self._kept.list(owner, limit=1)), None)
        return self.get(owner, record.talk) if record else None

    def rename(self, owner: str, id: str, label: str) -> None:
        self._kept.rename(owner, self._kept.talk(owner, id)[0].id, label)

    def delete(self, owner: str, id: str) -> None:
        self._kept.delete_talk(owner, id)

    def export(self, owner: str, id: str, form: str) -> str:
        return export.talk(self.get(owner, id), form)

    def leaderboard(self, owner: str, task: str | None = None) -> Leaderboard:
        """Of every vote; of those in a task; or, where it is empty, of those outside of any."""
        voted = [one for one in self._kept.voted(owner) if task is None or task == (one.about or {}).get("task", "")]
        counted = [(ballot, one.blind) for one in voted if (ballot := _ballot(one))]
        ballots = [ballot for ballot, _ in counted]
        return Leaderboard(tuple(standings(ballots)), len(ballots), sum(blind for _, blind in counted))

    def command(
        self, contenders: Sequence[str], question: str, about: About | None = None, talk: str = "", after: int | None = None, *, drop: bool = False
    ) -> str:
        """What to type to get the same on the command line."""
        row = [] if about is None else [f"{about.split or 'test'}:{about.row}"] if about.row else [json.dumps(dict(about.values))] if about.values else []
        task = ["--task", about.task, *(piece for one in row for piece in ("--row", one))] if about else []
        goes_on = ["--after", talk if after is None else f"{talk}:{after}"] if talk else []
        goes_on += ["--drop"] if drop else []
        who = [piece for contender in contenders for piece in ("-c", contender)]
        if question.startswith("-"):  # it would be read as an option
            return shlex.join(["promptune", "ask", *who, *task, *goes_on, "--", question])
        return shlex.join(["promptune", "ask", question, *who, *task, *goes_on])


def _said(turns: Sequence[Turn], panes: int) -> list[Said]:
    """For each pane what was asked before, and what it answered; what it did not answer is not there for it."""
    return [
        [
            message
            for one in turns
            if place < len(one.panes) and one.panes[place].text.strip() and one.panes[place].state != "failed"
            for message in exchange(one.question, one.panes[place].text)
        ]
        for place in range(panes)
    ]


def _turn(record: ComparisonRecord) -> Turn:
    about = About(**record.about) if record.about else None
    return Turn(record.id, record.question, about, tuple(map(Pane.from_dict, record.answers)), record.vote, record.blind)


def _info(records: Sequence[ComparisonRecord]) -> TalkInfo:
    first, last = records[0], records[-1]
    names = tuple(answer["contender"] for answer in last.answers)
    return TalkInfo(first.talk, first.label, first.created, last.created, len(records), names, sum(one.size for one in records), _hidden(last))


def _hidden(record: ComparisonRecord) -> bool:
    return record.blind and not record.vote


def _holds(records: Sequence[ComparisonRecord], words: Sequence[str]) -> bool:
    """Every word somewhere in all that can be searched: the names only where they can be seen."""
    pieces = [records[0].label]
    for one in records:
        hidden = _hidden(records[-1])
        pieces += [one.question, (one.about or {}).get("task", "")]
        pieces += [f"{answer.get('text', '')} {'' if hidden else answer['contender']}" for answer in one.answers]
    text = _folded("\n".join(pieces))
    return all(word in text for word in words)


def _folded(text: str) -> str:
    """Without case and without the marks upon letters: not every keyboard has them."""
    if text.isascii():
        return text.lower()
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter))


def _votable(record: ComparisonRecord, vote: str) -> None:
    """Raises what is wrong with a vote on it."""
    answers = record.answers
    if vote not in ("tie", "bad", *map(str, range(len(answers)))):
        raise UserError(f"{vote!r} is no vote.", where="vote", todo=f"Give the place of the best pane, 0 to {len(answers) - 1}, tie or bad.")
    if vote.isdecimal() and not answers[int(vote)]["text"]:
        raise UserError("that pane has no answer.", where="vote", todo="Choose one that has, or all bad.")
    if len(_stood(record)) < 2:
        raise UserError("there is one answer alone.", where="vote", todo="Ask at least two contenders.")


def _stood(record: ComparisonRecord) -> list[int]:
    """Whoever could not even be asked did not stand."""
    return [i for i, answer in enumerate(record.answers) if answer.get("cause") != NOT_ASKED]


def _ballot(record: ComparisonRecord) -> Ballot | None:
    """None: nobody stood against anybody, or the vote names a place where nobody stood."""
    stood = _stood(record)
    if len(stood) < 2 or (record.vote.isdecimal() and int(record.vote) not in stood):
        return None
    vote = str(stood.index(int(record.vote))) if record.vote.isdecimal() else record.vote
    return Ballot(tuple(record.answers[i]["contender"] for i in stood), vote)
