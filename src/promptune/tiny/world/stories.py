"""Small stories: somebody, a place, an animal, a little trouble, an end."""

from __future__ import annotations

from random import Random

from promptune.tiny.world.text import Document, an, chat, page, sentence
from promptune.tiny.world.words import DAYS, KINDS, NAMES, PLACES, her, she

MOODS = "sunny rainy windy cold warm foggy quiet bright stormy golden".split()
TROUBLES = (
    "The {animal} was hungry, so {name} gave it {a_fruit}.|The {animal} was lost and looked sad.|{name} wanted to take the {animal} home.|"
    "The {animal} had a thorn in its foot, and {name} pulled it out.|Suddenly the {animal} ran away, and {name} ran after it.|"
    "The {animal} could speak! It asked {name} for help.|The {animal} was stuck under {a_piece}, so {name} lifted it.|"
    "The {animal} had found an old {thing}, and {name} wondered whose it was."
)
TURNS = (
    'Then {friend} came and they played together.|{friend} said, "What a nice {animal}!"|They walked to the {other} to find {friend}.|'
    "{friend} the {job} knew what to do.|At the {other} they met {friend}, who plays the {instrument}.|It began to {rain}, and they hid in the {other}.|"
    "{friend} brought some {drink} and they sat down together.|They asked {friend}, but {friend} only laughed."
)
ENDS = (
    "In the end, everyone was happy.|{name} went home and slept well.|From that day, {name} and the {animal} were friends.|"
    "And {name} never forgot that {day}.|{She} told the story to {her} {relative} that evening.|Since then the {animal} waits for {name} every {day}.|"
    "That night {name} wrote it all down in a {color} book."
)


def story(chance: Random) -> str:
    name, friend = chance.sample(NAMES, 2)
    place, other = chance.sample(PLACES, 2)
    animal, color, fruit = chance.choice(KINDS["animal"] + KINDS["bird"]), chance.choice(KINDS["color"]), chance.choice(KINDS["fruit"])
    words = {
        "name": name,
        "friend": friend,
        "animal": animal,
        "other": other,
        "a_fruit": an(fruit),
        "a_piece": an(chance.choice(KINDS["furniture"])),
        "thing": chance.choice(("hammer", "key", "map", "needle", "rope", "lamp", "letter", "coin")),
        "job": chance.choice(KINDS["job"]),
        "instrument": chance.choice(KINDS["instrument"]),
        "rain": chance.choice(("rain", "snow")),
        "drink": chance.choice(KINDS["drink"]),
        "day": chance.choice(DAYS),
        "She": sentence(she(name)),
        "her": her(name),
        "relative": chance.choice(KINDS["relative"]),
        "color": chance.choice(KINDS["color"]),
    }
    opening = chance.choice(
        (
            f"One {chance.choice(MOODS)} day, {name} went to the {place}.",
            f"{name} lived near the {place}.",
            f"On a {chance.choice(MOODS)} {words['day']}, {name} was at the {place}.",
        )
    )
    told = [opening, f"{sentence(she(name))} saw {an(color)} {animal}."]
    told += [chance.choice(options.split("|")).format(**words) for options in (TROUBLES, TURNS, ENDS)]
    return " ".join(told)


def document(chance: Random) -> Document:
    """Told to nobody, or to somebody who asks for one."""
    if chance.random() < 0.4:
        return page(story(chance))
    asked = (
        "Tell me a story.|Write a short story.|Can you tell me a story?|A story, please.|I would like to hear a story.|tell me a story|Make up a little story."
    )
    return chat(chance.choice(asked.split("|")), story(chance))
