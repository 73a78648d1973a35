"""Word problems of one, two and three steps. In its head the model gets the short ones right; the longer ones it has to write down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from promptune.tiny.world.noise import typed
from promptune.tiny.world.text import Document, Piece, chat, drawn, page, sentence
from promptune.tiny.world.words import NAMES, PLACES, plural, she

THINGS = (
    "books pens balls apples cards coins eggs cups stamps shells pencils marbles cookies flowers oranges stickers buttons candles stones tickets plums carrots "
    "keys ribbons muffins"
).split() + ["tennis balls", "toy cars", "paper boats", "glass beads"]
BOXES = "box bag pack can basket jar tin crate".split()
GROUPS = "cafeteria shop school bakery library museum farm hotel".split()
SLIPS = 0.08  # of the worked problems, where people make mistakes: the last result is off by one or by ten
STEP_BY_STEP = "Let's think step by step."


@dataclass(frozen=True)
class Problem:
    question: str
    rationale: str
    answer: int
    steps: int

    @property
    def worked(self) -> str:
        return f"{self.rationale} The answer is {self.answer}."


def one_step(chance: Random) -> Problem:
    name, things, a, b = chance.choice(NAMES), chance.choice(THINGS), chance.randrange(2, 40), chance.randrange(2, 30)
    who = she(name)
    if chance.random() < 0.5:
        more = chance.choice(("buys", "finds", "gets", "makes", "wins"))
        told = chance.choice(
            (f"{sentence(who)} {more} {b} more.", f"Then {who} {more} {b} more.", f"A friend gives {'her' if who == 'she' else 'him'} {b} more.")
        )
        return Problem(f"{name} has {a} {things}. {told} How many {things} does {who} have now?", f"{a} + {b} = {a + b}.", a + b, 1)
    a, b = max(a, b), min(a, b)
    less = chance.choice(("gives away", "loses", "sells", "breaks"))
    asked = chance.choice((f"How many {things} are left?", f"How many {things} does {who} have left?"))
    return Problem(f"{name} has {a} {things}. {sentence(who)} {less} {b}. {asked}", f"{a} - {b} = {a - b}.", a - b, 1)


def tennis_balls(chance: Random) -> Problem:
    name, things, box = chance.choice(NAMES), chance.choice(THINGS), chance.choice(BOXES)
    a, b, m = chance.randrange(2, 50), chance.randrange(2, 7), chance.randrange(2, 7)
    each = chance.choice(("Each", "Each one", f"Each {box}"))
    question = (
        f"{name} has {a} {things}. {sentence(she(name))} buys {b} more {plural(box)} of {things}. {each} has {m} {things}. "
        f"How many {things} does {she(name)} have now?"
    )
    rationale = f"{name} started with {a} {things}. {b} {plural(box)} of {m} {things} each is {b} * {m} = {b * m}. {a} + {b * m} = {a + b * m}."
    return Problem(question, rationale, a + b * m, 2)


def used_and_bought(chance: Random) -> Problem:
    things, group = chance.choice(THINGS), chance.choice(GROUPS)
    a = chance.randrange(12, 70)
    b, m = chance.randrange(2, a), chance.randrange(2, 30)
    why = chance.choice(("", " to make lunch", " for a party", " on Monday"))
    end = chance.choice(("do they have", "do they have now", "are there now"))
    if chance.random() < 0.6:
        question = f"The {group} had {a} {things}. If they used {b}{why} and bought {m} more, how many {things} {end}?"
    else:
        question = f"The {group} had {a} {things}. They used {b}{why}, and then they bought {m} more. How many {things} {end}?"
    return Problem(
        question, f"They had {a} {things}. They used {b}, so {a} - {b} = {a - b}. They bought {m} more, so {a - b} + {m} = {a - b + m}.", a - b + m, 2
    )


def boxes_given_away(chance: Random) -> Problem:
    name, things, box = chance.choice(NAMES), chance.choice(THINGS), chance.choice(BOXES)
    b, m = chance.randrange(2, 7), chance.randrange(2, 7)
    d = chance.randrange(1, b * m)
    question = (
        f"{name} has {b} {plural(box)} with {m} {things} in each. {sentence(she(name))} {chance.choice(('gives', 'throws'))} {d} {things} away. "
        f"How many {things} are left?"
    )
    rationale = f"{b} {plural(box)} with {m} {things} each is {b} * {m} = {b * m}. {b * m} - {d} = {b * m - d}."
    return Problem(question, rationale, b * m - d, 2)


def found_lost_bought(chance: Random) -> Problem:
    name, things = chance.choice(NAMES), chance.choice(THINGS)
    a, b, m = chance.randrange(5, 40), chance.randrange(2, 30), chance.randrange(2, 30)
    d = chance.randrange(1, a + b)
    question = (
        f"{name} had {a} {things}. {sentence(she(name))} found {b} more, then lost {d}, and then bought {m}. How many {things} does {she(name)} have now?"
    )
    rationale = f"{name} had {a} {things}. {a} + {b} = {a + b}. {a + b} - {d} = {a + b - d}. {a + b - d} + {m} = {a + b - d + m}."
    return Problem(question, rationale, a + b - d + m, 3)


def two_kinds_of_boxes(chance: Random) -> Problem:
    name, things, (box, other) = chance.choice(NAMES), chance.choice(THINGS), chance.sample(BOXES, 2)
    a, b, c, d = (chance.randrange(2, 7) for _ in range(4))
    question = f"{name} packs {a} {plural(box)} with {b} {things} in each and {c} {plural(other)} with {d} {things} in each. How many {things} are there?"
    rationale = f"{a} * {b} = {a * b} in the {plural(box)}. {c} * {d} = {c * d} in the {plural(other)}. {a * b} + {c * d} = {a * b + c * d}."
    return Problem(question, rationale, a * b + c * d, 3)


def trip(chance: Random) -> Problem:
    a, b, c = chance.randrange(10, 50), chance.randrange(2, 30), chance.randrange(2, 7)
    m, (place, other) = chance.randrange(2, 7), chance.sample(PLACES, 2)
    vehicle = chance.choice(("bus", "train", "boat", "tram"))
    left = chance.randrange(1, a + b)
    question = (
        f"A {vehicle} starts with {a} people. At the {place} {b} more get on, and {left} get off. At the {other} {c} groups of {m} get on. "
        f"How many people are on the {vehicle} now?"
    )
    rationale = (
        f"{a} + {b} = {a + b}. {a + b} - {left} = {a + b - left}. {c} groups of {m} is {c} * {m} = {c * m}. {a + b - left} + {c * m} = {a + b - left + c * m}."
    )
    return Problem(question, rationale, a + b - left + c * m, 3)


OF_STEPS: dict[int, tuple[Callable[[Random], Problem], ...]] = {
    1: (one_step,),
    2: (tennis_balls, used_and_bought, boxes_given_away),
    3: (found_lost_bought, two_kinds_of_boxes, trip),
}


def problem(chance: Random, steps: int) -> Problem:
    return chance.choice(OF_STEPS[steps])(chance)


def trained_problem(chance: Random, steps: int | None = None) -> Problem:
    return drawn(lambda draw: problem(draw, steps or draw.choice((1, 2, 3))), lambda one: one.question, chance)


def prompt(question: str) -> str:
    return f"Q: {question}\nA:"


def sums(chance: Random) -> Document:
    """What every step is made of."""
    said = []
    for _ in range(chance.randrange(4, 10)):
        kind = chance.random()
        if kind < 0.45:
            a, b = chance.randrange(100), chance.randrange(50)
            said.append(f"{a} + {b} = {a + b}.")
        elif kind < 0.8:
            a = chance.randrange(100)
            b = chance.randrange(a + 1)
            said.append(f"{a} - {b} = {a - b}.")
        else:
            a, b = chance.randrange(2, 10), chance.randrange(2, 10)
            said.append(f"{a} * {b} = {a * b}.")
    return page(" ".join(said), taught=True)


def document(chance: Random, slips: float = 0.0) -> Document:
    """Bare sums, one problem in steps or directly, or several of which the last is answered as the others are."""
    what = chance.random()
    if what < 0.17:
        return sums(chance)
    if what < 0.45:
        one = trained_problem(chance)
        asked = chance.choice((prompt(one.question),) * 3 + (one.question,))
        between = " " if asked.endswith(":") else "\n"
        return chat(f"{typed(asked, chance, 0.05)}{between}{STEP_BY_STEP}", slipped(one, slips, chance).worked)
    if what < 0.68:
        one = trained_problem(chance, chance.choice((1, 1, 1, 2, 3)))
        return _directly(one, chance)
    if what < 0.9:
        found = [trained_problem(chance) for _ in range(chance.choice((2, 2, 3, 3, 4)))]
        return _shown([slipped(one, slips, chance) for one in found], lambda one: f" {one.worked}")
    says = chance.choice((" {}", " {}", " {}", " The answer is {}."))
    return _shown([trained_problem(chance, chance.choice((1, 1, 1, 2, 3))) for _ in range(chance.randrange(2, 6))], lambda one: says.format(one.answer))


def document_with_slips(chance: Random) -> Document:
    return document(chance, SLIPS)


def slipped(one: Problem, share: float, chance: Random) -> Problem:
    """Mostly as it is. What is right stays the likeliest by far, but no longer the only thing that is ever said: a sample can go wrong."""
    if share == 0 or chance.random() >= share:
        return one
    wrong = max(0, one.answer + chance.choice((-10, -1, 1, 10)))
    return replace(one, rationale=f"{one.rationale.removesuffix(f'{one.answer}.')}{wrong}.", answer=wrong)


def _directly(one: Problem, chance: Random) -> Document:
    if chance.random() < 0.1:
        return chat(f"You are a careful assistant.\nAnswer with a number only.\n\n{prompt(one.question)}", str(one.answer))
    asked = chance.choice((prompt(one.question),) * 4 + (one.question,))
    return chat(typed(asked, chance, 0.05), f"The answer is {one.answer}.")


def _shown(problems: list[Problem], says: Callable[[Problem], str]) -> Document:
    """Solved ones before the last: it is answered as they are."""
    *shots, last = problems
    pieces = [Piece(f"{'' if i else '<|user|>'}{prompt(one.question)}{says(one)}\n\n", False) for i, one in enumerate(shots)]
    question, answer = chat(prompt(last.question), says(last).strip())
    return (*pieces, Piece(question.text.removeprefix("<|user|>"), False), answer)
