"""HTML of what stands around a talk: how sure an answer was, what its prompt was given and why, votes and what they add up to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from promptune.core.arena import Leaderboard, Standing
from promptune.core.strategy import Extra
from promptune.lab import Turn
from promptune.markup import shapes
from promptune.web.present import KEYS, NBSP, clip, empty, esc, key, name, notice, plural

LEVELS = (0.9, 0.7, 0.5, 0.3)  # a token at least as sure as the first is plain; below each the shade and the line under it grow
LONGEST = 30  # characters of a token that a sentence names
SIGNS = {"\n": "↵", "\t": "⇥", "\r": "␍"}  # what could not be seen otherwise
RAIL = 180  # units of a leaderboard's bar
MIDDLE = 1000.0
FIRST = "No votes yet. Ask something, then say which answer was best; with Blind on, you do not see who wrote it."
READING = "1000 is the middle, and 400 points more mean ten wins to one loss. The bars are 95% intervals: where two overlap, more votes may turn them around."


# ---- how sure the model was ----


class Sure(Protocol):
    """A token of an answer, as the lab gives it: shares from 0 to 1."""

    @property
    def text(self) -> str: ...

    @property
    def probability(self) -> float: ...

    @property
    def others(self) -> Sequence[tuple[str, float]]:
        """What was likely besides, perhaps with the token itself among it."""
        ...


def confidence(chances: Sequence[Sure]) -> str:
    """An answer's tokens, each shaded and underlined by how unsure it was; its figures are read under the text, on hover and on focus."""
    if not chances:
        return empty("There is no word to look at.")
    body = "".join(map(_token, chances))
    hint = '<span class="hint soft">Point at a marked piece to read what else was likely.</span>'
    text = f'<div class="tokens" dir="auto" role="group" aria-label="The answer, piece by piece">{body}{hint}</div>'
    return f'<div class="sure"><p class="small">{esc(_told(chances))}</p>{text}{_levels()}</div>'


def _told(chances: Sequence[Sure]) -> str:
    shown = [one for one in chances if any(map(str.isalnum, one.text))] or chances  # of a comma nobody wants to know
    least = min(shown, key=lambda one: one.probability)
    unsure = sum(one.probability < LEVELS[0] for one in chances)
    if not unsure:
        return f"At least {LEVELS[0]:.0%} sure of each of its {plural(len(chances), 'token')}, least of {_quoted(least.text)} ({_about(least.probability)})."
    return f"Least sure of {_quoted(least.text)} ({_about(least.probability)}); under {LEVELS[0]:.0%} sure of {unsure:,} of {plural(len(chances), 'token')}."


def _token(one: Sure) -> str:
    """What was as good as sure is passed over by the Tab key: a long answer has hundreds of them."""
    level = sum(one.probability < least for least in LEVELS)
    others = " · ".join(f"{_quoted(text)} {_percent(share)}" for text, share in one.others if text != one.text)
    figures = f"{_quoted(one.text)} {_percent(one.probability)}{f' · else {others}' if others else ''}"
    reach = ' tabindex="0"' if level else ""
    return f'<span class="tok t{level}"{reach}>{esc(one.text)}<span class="tip" role="tooltip">{esc(figures)}</span></span>'


def _levels() -> str:
    bounds = [f"{LEVELS[0]:.0%} and more", *(f"under {most:.0%}" for most in LEVELS)]
    marks = "".join(f'<span><b class="tok t{level}">word</b>{esc(words)}</span>' for level, words in enumerate(bounds))
    return f'<div class="legend">{marks}</div>'


def _quoted(text: str) -> str:
    seen = "".join(SIGNS.get(letter, letter) for letter in text)
    return f"“{clip(seen.strip() or seen.replace(' ', '␣'), LONGEST)}”"


def _percent(share: float) -> str:
    """To a tenth; what is not quite all or nothing does not read as if it were."""
    points = 100 * share
    return f"<0.1{NBSP}%" if 0 < points < 0.05 else f">99.9{NBSP}%" if 99.95 <= points < 100 else f"{points:.1f}%"


def _about(share: float) -> str:
    return f"{100 * share:.0f}%" if 0.005 <= share < 0.995 else _percent(share)


# ---- what a prompt was given ----


def extras(extras: Sequence[Extra]) -> str:
    """The examples and passages of a prompt, each with why it was chosen: two disclosures at most."""
    return "".join(_fold(title, [one for one in extras if one.kind == kind]) for kind, title in (("example", "Examples"), ("passage", "Passages")))


def _fold(title: str, shown: Sequence[Extra]) -> str:
    if not shown:
        return ""
    return f'<details class="given"><summary>{title} ({len(shown)})</summary><ol class="extras">{"".join(map(_extra, shown))}</ol></details>'


def _extra(one: Extra) -> str:
    why = f'<p class="small soft" dir="auto">{esc(one.why[:1].upper() + one.why[1:])}</p>' if one.why else ""
    answer = f'<div class="small gave" dir="auto"><span class="soft">Answer:</span> <b>{esc(one.answer.strip())}</b></div>' if one.answer else ""
    return f'<li><p class="small"><b>{esc(one.title[:1].upper() + one.title[1:])}</b></p>{why}<div class="cell" dir="auto">{esc(one.text)}</div>{answer}</li>'


# ---- votes ----


def voted(turn: Turn) -> str:
    """What was voted, or what a vote is waited for."""
    if turn.hidden:
        return '<p class="small" role="status">Names are hidden until you vote: which answer was best?</p>'
    verdict = verdict_of(turn)
    return f'<p class="small" role="status">{verdict}</p>' if verdict else ""


def verdict_of(turn: Turn) -> str:
    """The vote as a sentence, marked up."""
    blind = " You voted blind." if turn.blind else ""
    if turn.vote == "tie":
        return f"Voted: a tie.{blind}"
    if turn.vote == "bad":
        return f"Voted: all bad.{blind}"
    best = int(turn.vote) if turn.vote.isdecimal() else -1
    if not 0 <= best < min(len(turn.panes), len(KEYS)):
        return ""
    return f'Voted best: {key(best)} <b dir="auto">{name(turn.panes[best].contender)}</b>.{blind}'


def leaderboard(board: Leaderboard) -> str:
    """Who wins, and how sure that is by now."""
    if not board.ballots:
        return empty(FIRST)
    low, high = _scale(board.standings)
    head = ["Contender", '<span class="ci-head">Score, 95% interval</span>', "Votes", "Wins", "Losses", "Ties", "All bad"]
    rows = [
        [
            f'<span class="spelled" dir="auto">{name(one.contender)}</span>',
            _rail(one, low, high),
            *(f"{count:,}" for count in (one.votes, one.wins, one.losses, one.ties, one.bad)),
        ]
        for one in board.standings
    ]
    blind = f"{board.blind:,} of them blind" if board.blind else "none of them blind: names can sway a vote"
    standings = shapes.table(head, rows, "Contenders by votes, the best first", "figures compact")
    return f'<p class="small">{plural(board.ballots, "vote")}, {esc(blind)}.</p>{standings}<p class="small soft">{esc(READING)}</p>'


def _scale(standings: Sequence[Standing]) -> tuple[float, float]:
    """The middle is always seen, so that above and below mean something."""
    low, high = min([MIDDLE - 100, *(one.low for one in standings)]), max([MIDDLE + 100, *(one.high for one in standings)])
    return low, high


def _rail(one: Standing, low: float, high: float) -> str:
    def x(score: float) -> str:
        return f"{RAIL * (score - low) / (high - low):.1f}"

    label = esc(f"Score {one.score:.0f}, 95% interval {one.low:.0f} to {one.high:.0f}")
    middle = f'<path class="axis" d="M{x(MIDDLE)} 2V18"/>'
    drawing = f'<path class="rail" d="M0 10H{RAIL}"/>{middle}<path class="range" d="M{x(one.low)} 10H{x(one.high)}"/>'
    point = f'<g class="spot" transform="translate({x(one.score)} 10)"><circle r="5.2"/></g>'
    picture = f'<svg class="score" viewBox="0 0 {RAIL} 20" role="img" aria-label="{label}"><title>{label}</title>{drawing}{point}</svg>'
    known = f"{one.low:.0f}–{one.high:.0f}" if one.high - one.low >= 1 else "too few votes"  # of one vote there is no spread to be seen
    return f'<span class="ci"><b>{one.score:.0f}</b>{picture}<span class="soft small">{known}</span></span>'


# ---- small lines under the box ----


def copied(*, too_long: bool) -> str:
    """What a shared link holds, and what it does not."""
    left_out = " The question is too long for a link and is not in it: send it beside." if too_long else ""
    return notice(f"The link is copied: contenders, task and question. Nothing is asked until its reader presses Send.{left_out}")


def export_menu(talk: str) -> str:
    """Links to our own owner-checked route; before anything is kept, why there are none."""
    if not talk:
        return '<div class="menu" popover id="export-menu"><p class="soft small">Nothing of this chat is kept yet. Earlier ones are in the Library.</p></div>'
    links = "".join(f'<a href="download/talks/{esc(talk)}.{form}" download>{label}</a>' for label, form in (("Markdown", "md"), ("JSON", "json")))
    return f'<div class="menu" popover id="export-menu" aria-label="Export this conversation">{links}</div>'
