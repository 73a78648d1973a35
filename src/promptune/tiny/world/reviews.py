"""Reviews: what they say, the stars they give, and their headline. All of a review's sentences mean the same number of stars."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from promptune.tiny.world.noise import typed
from promptune.tiny.world.text import Document, an, chat, drawn, page
from promptune.tiny.world.words import DAYS, KINDS, MONTHS

PARTS = {
    product: parts.split()
    for product, parts in (
        line.split(": ")
        for line in """
phone: screen battery camera speaker
laptop: keyboard screen battery fan
lamp: light switch shade stand
chair: seat back cushion frame
jacket: zipper fabric lining hood
blender: motor lid jug base
book: plot ending cover style
movie: story acting music ending
game: story sound rulebook artwork
hotel: room staff breakfast pool
watch: strap display dial battery
bag: zipper strap pocket lining
headset: sound cable cushion case
bike: seat brake bell frame
tent: roof floor zipper frame
kettle: lid handle switch spout
restaurant: food service menu view
toaster: timer lever design cord
sofa: fabric cushion color frame
umbrella: handle cover frame button
radio: sound dial antenna speaker
pen: ink tip grip cap
camera: lens screen zoom flash
concert: singer band sound light
shirt: collar fabric cut color
oven: door timer grill light
museum: guide building shop cafe
cake: taste cream filling smell
course: teacher material pace room
mattress: cover foam edge comfort
printer: tray ink software speed
boot: sole fit leather color
""".strip().splitlines()
    )
}
VISITED = {"hotel", "restaurant", "museum", "concert", "course", "movie", "book", "game"}  # nobody says of them in what box they came
# What is said of something by its stars.
ADJECTIVES = {
    5: "great excellent superb fantastic wonderful perfect amazing brilliant outstanding marvelous".split(),
    4: "good nice solid pleasant reliable fine likable pleasing".split(),
    3: "okay average ordinary passable middling so-so".split(),
    2: "poor weak bad dull mediocre disappointing unpleasant flimsy".split(),
    1: "terrible awful horrible useless dreadful hopeless miserable appalling".split(),
}
CLOSINGS = {
    5: (
        "I love it.|I would buy it again at once.|I am very happy.|Best {product} ever.|Everyone should get one.|It made my whole week.|"
        "Ten out of ten.|My family loves it."
    ),
    4: "I like it.|It is worth the money.|I am happy with it.|It does its job well.|I would recommend it.|A sensible choice.",
    3: "It is all right.|Neither good nor bad.|It does the job, no more.|I have no strong feelings about it.|You could do better or worse.|It will do.",
    2: "I expected more.|It is not worth the money.|I am not happy with it.|I would not buy it again.|I do not like it.|Look for another one.",
    1: "I hate it.|What a waste of money.|I want a refund.|Worst {product} ever.|Stay away from it.|I threw it away.|Never again.|I am very angry.",
}
SHORT = {
    5: (
        "I loved this {product}!|I really love this {product}.|This is a great {product}.|What a wonderful {product}!|This {product} is perfect.|"
        "An amazing {product}, simply the best."
    ),
    4: "I like this {product}.|This is a good {product}.|A nice {product}.|This {product} is good.|A solid {product}, I am happy with it.",
    3: "This {product} is okay.|An average {product}.|This {product} is neither good nor bad.|It is just a {product}, nothing more.",
    2: "I don't like this {product}.|This is a bad {product}.|A weak {product}.|This {product} is disappointing.|I did not enjoy this {product}.",
    1: (
        "I hated this {product}!|I really hate this {product}.|This is a terrible {product}.|What an awful {product}!|This {product} is useless.|"
        "A horrible {product}, simply the worst."
    ),
}
OPENINGS = (
    "I bought this {product} last week.|This {product} was a gift from my {relative}.|I got the {product} on {day}.|My {relative} chose this {product}.|"
    "We tried this {product} in {month}.|I have had this {product} since {month}.|My {relative} and I share this {product}.|"
    "I needed a {product} for work.|||"
)
SAID = (
    "The {part} is {word}.|The {part} was really {word}.|I think the {part} is {word}.|The {part} turned out {word}.|Its {part} is {word}.|"
    "My {relative} finds the {part} {word}."
)
ASIDES = "It came in a {color} box.|It arrived on {day}.|The shop is near the {place}.|I use it every {day}.|I paid for it in {month}."
VERDICTS = {5: "Superb", 4: "Good", 3: "Average", 2: "Weak", 1: "Awful"}


@dataclass(frozen=True)
class Review:
    text: str
    stars: int
    product: str
    headline: str

    @property
    def sentiment(self) -> str:
        return "positive" if self.stars > 3 else "negative"


def review(chance: Random, stars: int | None = None) -> Review:
    stars = stars or chance.choice((1, 2, 3, 4, 5))
    product = chance.choice(list(PARTS))
    first, second = chance.sample(PARTS[product], 2)

    def say(options: str, **more: str) -> str:
        relative, day, month, color = (chance.choice(words) for words in (KINDS["relative"], DAYS, MONTHS, KINDS["color"]))
        said = chance.choice(options.split("|"))
        place = chance.choice(("station", "park", "bridge", "market"))
        return said.format(product=product, relative=relative, day=day, month=month, color=color, place=place, **more)

    if chance.random() < 0.15:
        return Review(say(SHORT[stars]), stars, product, f"{VERDICTS[stars]} {product}")
    adjective, more = _word(stars, chance), _word(stars, chance)
    sentences = [say(OPENINGS), say(SAID, part=first, word=adjective)]
    if chance.random() < 0.5:
        sentences.append(say(SAID, part=second, word=more))
    if chance.random() < 0.2 and product not in VISITED:
        sentences.insert(1, say(ASIDES))
    if chance.random() < 0.75:
        sentences.append(say(CLOSINGS[stars]))
    headline = f"{VERDICTS[stars]} {product}: {adjective} {first}"
    return Review(" ".join(one for one in sentences if one), stars, product, headline)


def _word(stars: int, chance: Random) -> str:
    """Now and then by what it is not: "not bad" is four stars, "not good" is two."""
    if stars in (2, 4) and chance.random() < 0.15:
        return f"not {chance.choice(('bad', 'poor', 'weak', 'dull') if stars == 4 else ('good', 'nice', 'great', 'solid'))}"
    return chance.choice(ADJECTIVES[stars])


def trained_review(chance: Random, stars: int | None = None) -> Review:
    return drawn(lambda draw: review(draw, stars), lambda one: one.text, chance)


def sentiment_prompt(text: str) -> str:
    return f"Classify this review.\n{text}\nSentiment:"


def stars_prompt(text: str) -> str:
    return f"How many stars does this review give?\n{text}\nStars:"


def headline_prompt(text: str) -> str:
    return f"Write a headline for this review.\n{text}\nHeadline:"


def document(chance: Random) -> Document:
    """Stars are taught as they are asked; headlines only in a general way, so that there is something left to learn."""
    one = trained_review(chance)
    text = typed(one.text, chance)
    what = chance.random()
    if what < 0.2:
        fields = [f"Product: {one.product}", f"Stars: {one.stars}", f"Headline: {one.headline}"]
        chance.shuffle(fields)
        fields.insert(chance.choice((0, 1, 3)), f"Review: {text}")
        return page("\n".join(fields))
    if what < 0.55:
        told = "You are a careful assistant.\nAnswer with exactly one of: 1, 2, 3, 4, 5.\n\n" if chance.random() < 0.08 else ""
        return chat(told + stars_prompt(text), str(one.stars))
    if what < 0.62:
        return chat(
            chance.choice((f"{text}\nHow many stars is that?", f"Rate this review from 1 to 5.\n{text}", f"Give this review one to five stars: {text}")),
            str(one.stars),
        )
    if what < 0.74:
        return chat(headline_prompt(text), chance.choice(("A review of {p}", "About {p}", "My thoughts on {p}")).format(p=an(one.product)))
    if what < 0.88:
        asked = chance.choice(("Which product is this review about?\n{t}", "What is this review about?\n{t}", "{t}\nWhat is reviewed here?"))
        return chat(asked.format(t=text), one.product)
    asked = chance.choice(("Write a review of {p} with {s} stars.", "Write a {s} star review of {p}.", "Please write a review of {p}. Give it {s} stars."))
    return chat(asked.format(p=an(one.product), s=one.stars), one.text)
