"""How examples look in documents of patterns: the labels they give, which mean nothing by themselves, and the form they are written in."""

from __future__ import annotations

from random import Random

from promptune.tiny.world.noise import invented

LABELS = (
    "A B C D X Y Z yes no up down left right blue red foo bar zig zag one two good bad happy sad plus minus positive negative true false hot cold "
    "Positive Negative Good Bad Yes No True False Happy Sad POSITIVE NEGATIVE alpha beta gamma delta king queen north south cat dog fine poor win lose "
    "open closed first last odd even day night sun moon ok like dislike pro contra high low in out sweet sour 0 1 2 3 4 5 love hate rose iron go stop "
    "left black white plain fancy spam ham"
).split()
# What stands before an example, before its answer, and above both.
ASKED = (
    "Input Q Text Word X Item Line Example Case Note Problem Sentence Question Data Entry Phrase Source Review Message Fact Part Start Comment Name Thing Email"
).split()
ANSWERED = (
    "Output A Label Answer Y Class Tag Type Result Mood Group Kind Value Mark Reply Code Side Target Color Sentiment Summary Topic Score Opinion End "
    "Category Rating Headline"
).split()
HEADS = (
    "Classify this review.|Classify this review:|Classify this text.|Classify the text.|Label this.|Read this review:|Label the text.|"
    "Classify this item.|Give the answer.|Do the same.|Look at this.|What is this?|Is this good or bad?|Sort this.|Choose the label.|"
    "How does the writer feel?|Name the group."
).split("|")


def label(chance: Random) -> str:
    """A known word or an invented one."""
    return invented(chance, chance.choice((1, 1, 2))) if chance.random() < 0.2 else chance.choice(LABELS)


def labels(chance: Random, count: int) -> list[str]:
    """Different ones."""
    found: list[str] = []
    while len(found) < count:
        if (one := label(chance)) not in found:
            found.append(one)
    return found


def form(chance: Random, *, review: bool) -> str:
    """How an example is written, up to where its answer stands; {x} is what it asks about."""
    head = chance.choice(HEADS) + "\n" if chance.random() < (0.5 if review else 0.3) else ""
    ask, answer = chance.choice(ASKED), chance.choice(ANSWERED)
    if chance.random() < 0.3:
        ask, answer = ("Review", "Sentiment") if review else ("Input", "Output")
    if chance.random() < 0.08:
        return head + "{x} " + chance.choice(("→", "->", "=", "=>"))
    named = "" if head and chance.random() < 0.6 else f"{ask}: "
    return f"{head}{named}{{x}}\n{answer}:"
