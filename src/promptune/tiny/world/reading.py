"""A few sentences about somebody, and a question that they answer."""

from __future__ import annotations

from random import Random

from promptune.tiny.world.noise import typed
from promptune.tiny.world.text import Document, chat, drawn, sentence
from promptune.tiny.world.words import CAPITALS, KINDS, NAMES, her, she

Passage = tuple[str, str, str]  # text, question, answer


def passage(chance: Random) -> Passage:
    name = chance.choice(NAMES)
    who, whose = sentence(she(name)), sentence(her(name))
    pick = {kind: chance.choice(words) for kind, words in KINDS.items()}
    city, age = chance.choice(list(CAPITALS.values())), str(chance.randrange(18, 90))
    told = [
        (f"{name} lives in {city}.", f"Where does {name} live?", city),
        (f"{who} works as a {pick['job']}.", f"What is the job of {name}?", pick["job"]),
        (f"{who} has a {pick['color']} {pick['vehicle']}.", f"What color is the {pick['vehicle']}?", pick["color"]),
        (f"{who} likes {pick['drink']}.", f"What does {name} drink?", pick["drink"]),
        (f"{who} is {age} years old.", f"How old is {name}?", age),
        (f"{who} has a pet {pick['animal']}.", f"What pet does {name} have?", pick["animal"]),
        (f"{whose} favorite sport is {pick['sport']}.", f"Which sport does {name} like best?", pick["sport"]),
        (f"In the evening {who.lower()} plays the {pick['instrument']}.", f"Which instrument does {name} play?", pick["instrument"]),
        (f"{who} speaks {pick['language']}.", f"Which language does {name} speak?", pick["language"]),
        (f"{whose} garden is full of {pick['tree']} trees.", f"Which trees grow in the garden of {name}?", pick["tree"]),
    ]
    kept = [told[0], *chance.sample(told[1:], chance.randrange(2, 5))]
    _, question, answer = chance.choice(kept)
    return " ".join(one for one, _, _ in kept), question, answer


def trained_passage(chance: Random) -> Passage:
    return drawn(passage, lambda one: one[0], chance)


def document(chance: Random) -> Document:
    text, question, answer = trained_passage(chance)
    what = chance.random()
    if what < 0.25:  # as the strategy `retrieve` puts what it found before a question
        others = [text, *(trained_passage(chance)[0] for _ in range(chance.randrange(1, 3)))]
        chance.shuffle(others)
        return chat("What may help:\n\n" + "\n\n".join(others) + f"\n\n{question}", answer)
    asked = chance.choice(("{t}\n{q}", "{t} {q}", "Read the text and answer.\n{t}\nQuestion: {q}\nAnswer:", "Passage: {t}\nQuestion: {q}\nAnswer:"))
    return chat(asked.format(t=typed(text, chance), q=question), answer)
