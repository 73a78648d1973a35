"""The verdict's headline: a few words that say what to do, each by a rule that a reader can check in the table."""

from __future__ import annotations

from promptune.core.contender import Contender
from promptune.core.score import Scored
from promptune.scoring.standing import Standing, fewest, is_tuned, kept, tokens
from promptune.scoring.wording import names, plural

FEW = 20  # rows: where nothing is shown, so few could hardly have shown anything
FAILED = 0.1  # of a contender's answers: more are no score of what it can
LITTLE, MUCH = 0.9, 0.75  # of other skills kept: at least so much is little forgotten, less than so much is much
BOTH = "Prompt it for a few questions, tune it for many."
LESS = 0.1  # kept by another tuned one: then the better one was gentle


def headline(at: Standing) -> str:
    card = at.card
    if all(one.errors >= card.rows for one in card.contenders):
        return "Every answer failed."
    if any(one.errors > FAILED * card.rows for one in card.contenders):
        return "Mend the errors first."
    if len(card.contenders) == 1:
        return "One alone is no comparison." if at.works() else "It does not work yet."
    if card.rows < FEW and len(at.tied) == len(at.differences):
        return "Too few rows to tell."
    return _choice(at) if at.works() else _not_yet(at)


def _not_yet(at: Standing) -> str:
    plain = [one for one in at.differences if Contender.parse(one.first).strategy == "zero-shot" and not is_tuned(at.scored(one.first))]
    if any(one.shown for one in plain):
        return f"{'Tuning' if is_tuned(at.best) else 'Prompting'} helps, but not enough yet."
    return "Neither works yet." if at.tuned() and at.prompted() else "Nothing works yet."


def _choice(at: Standing) -> str:
    tuned, prompted = at.tuned(), at.prompted()
    if prompted is None:
        return _among_tuned(at)
    if tuned is None:
        cheaper = [one for one in at.tied if one not in at.close and fewest(at.card, one) < fewest(at.card, prompted)]
        return "Too close to call." if cheaper else _prompt(at, prompted)
    if tuned in at.close and prompted in at.close:
        return BOTH if _pays(at, tuned, prompted) else _prompt(at, prompted)
    if is_tuned(at.best):
        return "Too close to call." if prompted in at.tied else _tune(at, tuned)
    return _prompt(at, prompted)


def _pays(at: Standing, tuned: Scored, prompted: Scored) -> bool:
    """Whether shorter prompts pay for tuning in the end, and little else is lost. From how many questions on depends on how busy the
    machine was, which a headline must not."""
    keeps = kept(tuned)
    return tokens(at.card, tuned) < tokens(at.card, prompted) and (keeps is None or keeps >= MUCH)


def _among_tuned(at: Standing) -> str:
    unclear = [one for one in at.tied if one not in at.close]
    best = at.tuned()
    return "Too close to call." if unclear or best is None else f"Use {names(at.card)[best.contender]}."


def _prompt(at: Standing, prompted: Scored) -> str:
    name = names(at.card)[prompted.contender]
    if not at.tied:
        return f"Prompt it: {name} {'win' if plural(name) else 'wins'}."
    return f"Prompt it: {name} {'are' if plural(name) else 'is'} enough."


def _tune(at: Standing, tuned: Scored) -> str:
    keeps = kept(tuned)
    if keeps is None:
        return "Tune it."
    if keeps < MUCH:
        return "Tune it, but it forgets much."
    others = [share for one in at.card.contenders if one is not tuned and (share := kept(one)) is not None]
    if any(share <= keeps - LESS for share in others):
        return "Tune it, gently."
    return "Tune it: it forgets little." if keeps >= LITTLE else "Tune it: it forgets some."
