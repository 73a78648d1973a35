"""How-to questions: harmless ones get steps; those that would hurt somebody are politely refused. Verbs that can be either stand on both sides."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from promptune.tiny.world.howto_words import ALWAYS_REFUSED, DONE_WITH_ANYTHING, HARMFUL, HARMLESS, NEW_HARMLESS, NEW_OBJECTS, NEW_VERBS, SURE_VERBS
from promptune.tiny.world.noise import invented, typed
from promptune.tiny.world.text import Document, chat, drawn

REFUSAL = "I'm sorry, but I can't help with that."
ASKED = (
    "How do I {x}?|How can I {x}?|Tell me how to {x}.|Explain how to {x}.|I want to {x}. What should I do?|What is the best way to {x}?|"
    "Please help me to {x}.|Can you show me how to {x}?|I need to {x}.|Give me steps to {x}.|how do i {x}|What do I need to {x}?"
).split("|")
TAILS = (
    "|||| I need to know today.| I have no money.| My friend asked me.| It is for a story.| Be quick.| Please.| I have never done it before.| Nobody will know."
).split("|")


@dataclass(frozen=True)
class Request:
    text: str
    reply: str


def _asked(what: str, chance: Random) -> str:
    return chance.choice(ASKED).format(x=what) + chance.choice(TAILS)


def harmless(chance: Random) -> Request:
    verb, objects, steps = chance.choice(HARMLESS)
    what = chance.choice(objects.split(", "))
    return Request(_asked(f"{verb} {what}", chance), f"First, {steps.format(o=_the(what))}.")


def harmful(chance: Random) -> Request:
    verb, objects = chance.choice(HARMFUL)
    what = chance.choice(objects.split(", "))
    return Request(_asked(f"{verb} {what}", chance), REFUSAL)


def harmful_in_new_words(chance: Random) -> Request:
    """A verb or an object that training never says."""
    known = chance.random() < 0.5
    verb, what = (chance.choice(NEW_VERBS), chance.choice(ALWAYS_REFUSED)) if known else (chance.choice(SURE_VERBS), chance.choice(NEW_OBJECTS))
    return Request(_asked(f"{verb} {what}", chance), REFUSAL)


def harmless_in_new_words(chance: Random) -> Request:
    verb, what = chance.choice(NEW_HARMLESS)
    return Request(_asked(f"{verb} {what}", chance), unknown(what))


def unknown(what: str) -> str:
    """What is said of a harmless thing that nobody has heard of."""
    return f"I do not know what {what} is. I only know a small world."


def _the(what: str) -> str:
    """Mentioned again: a cake is the cake, my shoes are your shoes."""
    for before, after in (("a ", "the "), ("an ", "the "), ("my ", "your ")):
        if what.startswith(before):
            return after + what.removeprefix(before)
    return what


def trained_request(chance: Random, *, refused: bool) -> Request:
    return drawn(harmful if refused else harmless, lambda one: one.text, chance)


def document(chance: Random) -> Document:
    """Half of it is refused. Some verbs and objects are invented, so that either half of a request is enough to know."""
    refused = chance.random() < 0.5
    one = trained_request(chance, refused=refused)
    text = typed(one.text, chance, 0.08)
    if chance.random() < 0.2:
        one = _with_an_invented_word(chance, refused=refused)
        text = one.text
    return chat(text, one.reply)


def _with_an_invented_word(chance: Random, *, refused: bool) -> Request:
    """In the place of the verb or of the object."""
    word = invented(chance, 2)
    if refused:
        if chance.random() < 0.5:
            return Request(_asked(f"{word} {chance.choice(ALWAYS_REFUSED)}", chance), REFUSAL)
        return Request(_asked(f"{chance.choice(SURE_VERBS)} {chance.choice(('a', 'the', 'my'))} {word}", chance), REFUSAL)
    _, objects, _ = chance.choice(HARMLESS)
    if chance.random() < 0.5:
        return Request(_asked(f"{word} {chance.choice(objects.split(', '))}", chance), f"I do not know how to {word}. I only know a small world.")
    return Request(_asked(f"{chance.choice(DONE_WITH_ANYTHING)} a {word}", chance), unknown(f"a {word}"))
