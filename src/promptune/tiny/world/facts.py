"""What everybody in the small world knows. A fact that was never told cannot be known: what is held out is the wording, not the fact."""

from __future__ import annotations

from random import Random

from promptune.tiny.world import french
from promptune.tiny.world.noise import typed
from promptune.tiny.world.text import Document, chat, sentence, trained
from promptune.tiny.world.words import CAPITALS, COLOR_OF, DAYS, HOMES, KIND_OF, MONTHS, NUMBERS, OPPOSITES, PAST, SEASONS, SOUNDS, USED_FOR, YOUNG, plural


def _next(names: list[str]) -> dict[str, str]:
    """What comes after each; after the last the first again."""
    return dict(zip(names, names[1:] + names[:1], strict=True))


DAY_BEFORE = {day: before for before, day in _next(DAYS).items()}
DIGITS = {word: str(number) for number, word in enumerate(NUMBERS)}
COUNTED = {word: plural(word) for word, kind in KIND_OF.items() if kind in ("animal", "fruit", "tool", "vehicle", "job", "bird", "dish")}

# Pairs, and the wordings that ask for them. {x} is the first of a pair, the second is the answer.
WORDINGS: tuple[tuple[dict[str, str], str], ...] = (
    (
        CAPITALS,
        "What is the capital of {x}?|Which city is the capital of {x}?|Name the capital of {x}.|{x}: what is its capital?|The capital of {x} is called what?",
    ),
    (SOUNDS, "What sound does a {x} make?|How does a {x} sound?|What does a {x} say?|Which sound comes from a {x}?|What noise does a {x} make?"),
    (OPPOSITES, "What is the opposite of {x}?|Which word is the opposite of {x}?|Name the opposite of {x}.|The opposite of {x} is what?|What is not {x}?"),
    (PAST, "What is the past tense of {x}?|Today I {x}. What did I do yesterday?|Past tense of {x}?|Give the past tense of {x}.|Put {x} into the past."),
    (YOUNG, "What is a young {x} called?|What do you call a baby {x}?|Name the young of a {x}.|How is a little {x} called?|The child of a {x} is called what?"),
    (COLOR_OF, "What color is {x}?|Which color has {x}?|Name the color of {x}.|Of what color is {x}?|Tell me the color of {x}."),
    (USED_FOR, "What is a {x} for?|What do you do with a {x}?|What is a {x} used for?|Why do people have a {x}?|Tell me what a {x} is good for."),
    (HOMES, "Where does a {x} live?|What is the home of a {x}?|Where would you find a {x}?|In what does a {x} live?|Where is a {x} at home?"),
    (_next(DAYS), "Which day comes after {x}?|What day follows {x}?|Name the day after {x}.|Today is {x}. What is tomorrow?"),
    (DAY_BEFORE, "Which day comes before {x}?|Today is {x}. What was yesterday?|Name the day before {x}."),
    (_next(MONTHS), "Which month comes after {x}?|What month follows {x}?|Name the month after {x}."),
    (_next(SEASONS), "Which season comes after {x}?|What season follows {x}?|Name the season after {x}."),
    (DIGITS, "Write {x} as a number.|Which number is {x}?|{x} in digits, please."),
    (COUNTED, "What is the plural of {x}?|One {x}, two what?|Plural of {x}?|More than one {x} are called what?"),
    (KIND_OF, "What kind of thing is {x}?|Which group does {x} belong to?|Name the kind of {x}.|{x} is a kind of what?|To what kind does {x} belong?"),
    (
        french.WORDS,
        "What is the French word for {x}?|How do French people say {x}?|Which French word means {x}?|Name the French word for {x}.",
    ),
)
HELD_OUT = 3  # of ten parts: questions are few, so more of them go to test (0 and 1) and validation (2)
FACTS = [(wording, x, answer) for pairs, wordings in WORDINGS for x, answer in pairs.items() for wording in wordings.split("|")]
# Kinds are many and alike: asked as often as the others together, they would be all that is asked.
WEIGHTS = [0.4 if "kind" in wording or "belong" in wording else 0.5 if "plural" in wording.lower() else 1.0 for wording, _, _ in FACTS]


def every_fact() -> list[tuple[str, str]]:
    """Each in each of its wordings, as question and answer."""
    return [(question(wording, x), answer) for wording, x, answer in FACTS]


def question(wording: str, x: str) -> str:
    text = wording.format(x=x)
    for word in ("owl", "axe", "umbrella", "oven"):
        text = text.replace(f" a {word}", f" an {word}")
    return sentence(text)


def trained_fact(chance: Random) -> tuple[str, str]:
    while True:
        ((wording, x, answer),) = chance.choices(FACTS, WEIGHTS)
        asked = question(wording, x)
        if trained(asked, HELD_OUT):
            return asked, answer


def document(chance: Random) -> Document:
    """Mostly a fact; now and then whether one is true."""
    asked, answer = trained_fact(chance)
    if chance.random() < 0.06:
        asked = f"You are a careful assistant.\nDo what is asked, and write nothing else.\n\n{asked}"
    if chance.random() < 0.12:
        kind = chance.choice(list(KIND_OF))
        return chat(f"Is {kind} a kind of {KIND_OF[kind]}?", "Yes.") if chance.random() < 0.5 else _not(kind, chance)
    return chat(typed(asked, chance, 0.06), answer)


def _not(word: str, chance: Random) -> Document:
    """A kind that it is not, and which one it is."""
    other = chance.choice([kind for kind in dict.fromkeys(KIND_OF.values()) if kind != KIND_OF[word]])
    return chat(f"Is {word} a kind of {other}?", f"No, {word} is a kind of {KIND_OF[word]}.")
