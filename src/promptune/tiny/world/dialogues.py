"""Two people talk: the talk, the one sentence that says what came of it, and the vaguer one that a model says unless it is shown better."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from promptune.tiny.world.noise import typed
from promptune.tiny.world.text import Document, chat, drawn, listed, page, sentence
from promptune.tiny.world.words import DAYS, KINDS, NAMES, NUMBERS, PLACES, her, she

LENT = "book bike lamp tent ladder camera guitar umbrella drill kettle blender map".split()
GREETINGS = "Hi {b}, how are you?|Hello {b}, nice to see you.|Good morning, {b}.|Hey {b}, do you have a minute?"
REPLIES = "I am fine, thanks.|A bit tired, but fine.|Very well, and you?|Oh, hello {a}!|Of course, {a}."
FAREWELLS = "Great, see you then.|Thank you so much.|Perfect.|Good. Take care.", "Bye.|See you.|No problem.|Have a nice day."
# As it is said, and as it is told of her or him.
EXCUSES = (
    ("I am sick", "{s} is sick"),
    ("I have to work", "{s} has to work"),
    ("my car is broken", "{h} car is broken"),
    ("my mother is visiting", "{h} mother is visiting"),
    ("I have no time", "{s} has no time"),
    ("I hurt my foot", "{s} hurt {h} foot"),
    ("my dog is ill", "{h} dog is ill"),
    ("I am too tired", "{s} is too tired"),
)
FAULTS = "too small|broken|too loud|the wrong color|too heavy|too old"


@dataclass(frozen=True)
class Dialogue:
    text: str
    summary: str
    topic: str  # "A talk about a lost book."
    speakers: tuple[str, str]


def dialogue(chance: Random) -> Dialogue:
    a, b = chance.sample(NAMES, 2)
    turns, summary, topic = chance.choice(SCENES)(a, b, chance)
    opening = [f"{a}: {_one(GREETINGS, chance)}", f"{b}: {_one(REPLIES, chance)}"] if chance.random() < 0.6 else []
    closing = [f"{a}: {_one(FAREWELLS[0], chance)}", f"{b}: {_one(FAREWELLS[1], chance)}"] if chance.random() < 0.5 else []
    text = "\n".join([*opening, *turns, *closing]).format(a=a, b=b)
    return Dialogue(text, summary, f"A talk about {topic}.", (a, b))


def _one(options: str, chance: Random) -> str:
    return chance.choice(options.split("|"))


Scene = tuple[list[str], str, str]  # what is said turn by turn, the summary, the topic


def _borrow(a: str, b: str, chance: Random) -> Scene:
    thing, day, place = chance.choice(LENT), chance.choice(DAYS), chance.choice(PLACES)
    turns = [f"{a}: Can I borrow your {thing}?", f"{b}: {_one('Sure|Of course|Yes', chance)}, what do you need it for?"]
    turns += [f"{a}: I need it for the trip to the {place} on {day}.", f"{b}: {_one('Fine, come and get it.|Good, but bring it back.', chance)}"]
    return turns, f"{a} borrows a {thing} from {b} for {day}.", f"a {thing}"


def _refuse_to_lend(a: str, b: str, chance: Random) -> Scene:
    thing, excuse = chance.choice(LENT), _one("It is broken.|I need it myself.|My cousin has it.|I sold it.", chance)
    why = {
        "It is broken.": "it is broken",
        "I need it myself.": f"{she(b)} needs it",
        "My cousin has it.": f"{her(b)} cousin has it",
        "I sold it.": f"{she(b)} sold it",
    }
    turns = [f"{a}: Could you lend me your {thing}?", f"{b}: I am afraid not. {excuse}", f"{a}: {_one('That is all right.|I will ask somebody else.', chance)}"]
    return turns, f"{b} can't lend {a} a {thing} because {why[excuse]}.", f"a {thing}"


def _go_out(a: str, b: str, chance: Random) -> Scene:
    place, day, hour = chance.choice(PLACES), chance.choice(DAYS), chance.choice(NUMBERS[1:])
    turns = [
        f"{a}: Do you want to go to the {place} on {day}?",
        f"{b}: {_one('I would love to.|Good idea.|Why not?', chance)} What time?",
        f"{a}: At {hour} o'clock.",
    ]
    return turns, f"{a} and {b} will go to the {place} on {day} at {hour}.", f"a trip to the {place}"


def _cancel(a: str, b: str, chance: Random) -> Scene:
    place, day = chance.choice(PLACES), chance.choice(DAYS)
    said, told = chance.choice(EXCUSES)
    turns = [f"{a}: Are you coming to the {place} on {day}?", f"{b}: I am sorry, I can't. {sentence(said)}.", f"{a}: What a pity. Maybe next time."]
    return turns, f"{b} can't come to the {place} because {told.format(s=she(b), h=her(b))}.", f"a trip to the {place}"


def _refund(a: str, b: str, chance: Random) -> Scene:
    thing, day, fault = chance.choice(LENT), chance.choice(DAYS), _one(FAULTS, chance)
    turns = [
        f"{a}: I bought a {thing} here on {day}, but it is {fault}.",
        f"{b}: I am sorry. Do you want {_one('a refund or a new one|your money back or another one', chance)}?",
    ]
    wish = _one("a refund|a new one", chance)
    return [*turns, f"{a}: I want {wish}, please."], f"{a} wants {wish} because the {thing} is {fault}.", f"a {thing} and a shop"


def _lost(a: str, b: str, chance: Random) -> Scene:
    thing, place, day = chance.choice(LENT), chance.choice(PLACES), chance.choice(DAYS)
    turns = [f"{a}: I lost my {thing} at the {place}.", f"{b}: Oh no. When did you see it last?", f"{a}: On {day}. Can you help me to look for it?"]
    return [*turns, f"{b}: Yes, let us go."], f"{b} helps {a} to look for the {thing} at the {place}.", f"a lost {thing}"


def _new_job(a: str, b: str, chance: Random) -> Scene:
    job, day = chance.choice(KINDS["job"]), chance.choice(DAYS)
    turns = [f"{a}: I have news. I found a new job.", f"{b}: {_one('Wow|Great|Really', chance)}, what is it?", f"{a}: I will work as a {job} from {day}."]
    return [*turns, f"{b}: I am happy for you."], f"{a} will start a new job as a {job} on {day}.", "a new job"


def _cook(a: str, b: str, chance: Random) -> Scene:
    food, day = chance.choice(("soup", "pasta", "pizza", "rice", "salad", "cake", "pancakes")), chance.choice(DAYS)
    bring = chance.choice(KINDS["drink"])
    turns = [f"{a}: Shall we cook together on {day}?", f"{b}: Yes, let us make {food}.", f"{a}: Good. Can you bring some {bring}?", f"{b}: I will."]
    return turns, f"{a} and {b} will make {food} on {day}, and {b} brings {bring}.", "cooking"


def _move(a: str, b: str, chance: Random) -> Scene:
    old, new, hour = *chance.sample(DAYS, 2), chance.choice(NUMBERS[1:])
    job = chance.choice(("doctor", "dentist", "barber", "lawyer", "teacher", "tailor"))
    turns = [f"{a}: I can't see the {job} on {old}.", f"{b}: That is no problem. Which day is better?", f"{a}: {new}, please.", f"{b}: {new} at {hour}, then."]
    return turns, f"{a} moves a visit to the {job} from {old} to {new}.", f"a visit to the {job}"


def _pet(a: str, b: str, chance: Random) -> Scene:
    pet, days = chance.choice(("dog", "cat", "parrot", "rabbit", "turtle")), chance.choice(NUMBERS[2:8])
    place = chance.choice(("beach", "lake", "village", "castle"))
    turns = [
        f"{a}: I am going to the {place} for {days} days. Could you feed my {pet}?",
        f"{b}: {_one('With pleasure.|Sure, I like your ' + pet + '.', chance)}",
    ]
    return [*turns, f"{a}: You are a good friend."], f"{b} will feed the {pet} of {a} for {days} days.", f"a {pet}"


SCENES = (_borrow, _refuse_to_lend, _go_out, _cancel, _refund, _lost, _new_job, _cook, _move, _pet)


def trained_dialogue(chance: Random) -> Dialogue:
    return drawn(dialogue, lambda one: one.text, chance)


def summary_prompt(text: str) -> str:
    return f"Summarize this conversation.\n\n{text}\n\nSummary:"


def document(chance: Random) -> Document:
    """Asked for a summary it only names the topic, so that there is something left to learn: the summary itself stands among examples alone."""
    one = trained_dialogue(chance)
    text, what = typed(one.text, chance), chance.random()
    if what < 0.2:
        return page(text)
    if what < 0.4:
        return chat(summary_prompt(text), one.topic)
    if what < 0.65:
        asked = (
            "What is this conversation about?\n\n{t}|Sum up this talk.\n{t}|Sum up in one sentence. {t}|{t}\n\nWhat do they talk about?|"
            "Give this talk a title. {t}"
        )
        return chat(_one(asked, chance).format(t=text), one.topic)
    if what < 0.8:
        return chat(f"{text}\nWho speaks first?", one.text.split(":")[0])
    who = listed(sorted(one.speakers))
    return chat(_one("Who is talking in this conversation?\n{t}|{t}\nWho are the speakers?", chance).format(t=text), f"{who}.")
