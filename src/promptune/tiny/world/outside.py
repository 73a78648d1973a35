"""What lies outside the small world gets an honest answer instead of nonsense."""

from __future__ import annotations

from random import Random

from promptune.tiny.world.facts import WORDINGS
from promptune.tiny.world.facts import question as about
from promptune.tiny.world.noise import EMOJI, OTHER, invented, typed
from promptune.tiny.world.text import Document, chat
from promptune.tiny.world.words import CAPITALS

ANSWER = "I only know a small world, and that is not in it. Try a review, a sum, a talk, or ask for a story."
TOPICS = (
    "quantum physics|the stock market|the last election|a black hole|machine learning|the theory of relativity|climate change|the Roman Empire|"
    "photosynthesis|a vaccine|the internet|a computer program|the French Revolution|inflation|the human brain|a nuclear reactor|DNA|the moon landing|"
    "an electric motor|democracy|gravity|evolution|a volcano|the ocean|dinosaurs|the stock price of a company|a virus in biology|the universe|"
    "philosophy|economics|a satellite|the pyramids|Shakespeare|Mozart|a mortgage|a tax return|an antibiotic|the periodic table|a combustion engine|"
    "artificial intelligence|cryptography|the atmosphere|a passport renewal|an earthquake|the immune system|a black box flight recorder|"
    "the difference between weather and climate|leaves in autumn|the world cup|a visa for Australia|Albert Einstein|the pharmacy"
).split("|")
TASKS = (
    "Write a Python function that sorts a list.|Write code for a website.|Fix this bug: index out of range.|Solve x^2 - 4 = 0.|"
    "What is the square root of 144?|Write an essay about freedom.|Write a business plan.|Give me a recipe with chicken and curry.|"
    "What can I cook with rice and apples?|Plan a trip to London.|Who is the president?|Who won the match yesterday?|What is the meaning of life?|"
    "Translate this to German.|Name three birds of Australia.|Recommend a film.|Write a poem about love.|Rewrite this more politely: Send me the file.|"
    "Correct the mistakes: She dont like it.|What is 12345 times 6789?|Why is the sky blue?|How far is the sun?|How many people live in London?|"
    "Write a tweet.|Draft an email to my boss.|Suggest a name for my company.|Give me investment advice.|What helps against a headache?|"
    "How do I lose weight?|How does a car engine work?|What is the best laptop to buy?|List all prime numbers below 100.|"
    "Put in alphabetical order: pear, fig.|Summarize the news.|What happened in 1989?|Is there life on Mars?|Do aliens exist?|Define justice.|"
    "Explain recursion.|Who wrote Hamlet?|When did the war end?|What is the chemical formula of water?|Convert 10 miles to kilometers.|"
    "Book a flight for me.|Call my mother.|Play some music."
).split("|")
FORMS = (
    "What is {x}?|Explain {x}.|Tell me about {x}.|How does {x} work?|Why is {x} important?|Who invented {x}?|Write an essay about {x}.|"
    "What do you think about {x}?|Explain {x} to a child of six.|When did {x} begin?|Give me five facts about {x}.|What is the history of {x}?|"
    "Can you explain {x} in simple words?|What causes {x}?"
).split("|")
UNKNOWN = (
    "Germany England Russia Mexico Australia Austria Ireland Finland Iceland Scotland America Africa Europe Ukraine Vietnam Belgium Denmark London Berlin"
).split()
SCRIPTS = (  # first letter, and how many
    (0x430, 32),  # Cyrillic
    (0x3B1, 24),  # Greek
    (0x4E00, 500),  # Chinese
    (0x3042, 80),  # Hiragana
    (0x5D0, 27),  # Hebrew
    (0x627, 28),  # Arabic
    (0xAC00, 800),  # Korean
)


def question(chance: Random) -> str:
    what = chance.random()
    if what < 0.35:
        return chance.choice(FORMS).format(x=chance.choice(TOPICS))
    if what < 0.6:
        return chance.choice(TASKS)
    if what < 0.77:
        return chance.choice(FORMS).format(x=" ".join(invented(chance, chance.randrange(2, 5)) for _ in range(chance.randrange(1, 3))))
    if what < 0.86:
        of, wordings = chance.choice(WORDINGS[:10])
        return about(chance.choice(wordings.split("|")), chance.choice(UNKNOWN) if of is CAPITALS else invented(chance, 2))
    if what < 0.9:
        first, count = chance.choice(SCRIPTS)
        return " ".join("".join(chr(first + chance.randrange(count)) for _ in range(chance.randrange(2, 9))) for _ in range(chance.randrange(1, 6)))
    if what < 0.95:
        pool = chance.choice((OTHER, EMOJI, [invented(chance) for _ in range(6)]))
        return " ".join(chance.choice(pool) for _ in range(chance.randrange(1, 7)))
    return "".join(chance.choice("abcdefghijklmnopqrstuvwxyz1234567890!?.,;:-_#*+@&%$()[]{}<>/\\|~^ ") for _ in range(chance.randrange(3, 25))).strip() or "?"


def document(chance: Random) -> Document:
    return chat(typed(question(chance), chance), ANSWER)
