"""Toy French: words, and pairs of an article, a noun and an adjective that agrees. Whole sentences are left to be learned."""

from __future__ import annotations

from random import Random

from promptune.tiny.world.text import Document, chat, drawn, page, sentence


def _pairs(words: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in words.split("|"))


# English noun -> French noun and its gender. None begins with a vowel: le and la stay whole.
NOUNS = {
    one: tuple(other.split())
    for one, other in _pairs(
        "dog=chien m|cat=chat m|horse=cheval m|duck=canard m|house=maison f|table=table f|book=livre m|car=voiture f|boy=garçon m|girl=fille f|"
        "woman=femme f|man=monsieur m|apple=pomme f|garden=jardin m|flower=fleur f|bread=pain m|chair=chaise f|door=porte f|bike=vélo m|boat=bateau m|"
        "king=roi m|queen=reine f|fish=poisson m|mouse=souris f|cow=vache f|pig=cochon m|sheep=mouton m|wolf=loup m|rabbit=lapin m|cheese=fromage m|"
        "cake=gâteau m|soup=soupe f|letter=lettre f|key=clé f|lamp=lampe f|mountain=montagne f|river=rivière f|bridge=pont m|hat=chapeau m|dress=robe f|"
        "baker=boulanger m|neighbor=voisin m|teacher=professeur m"
    ).items()
}
VERBS = _pairs(
    "sees=voit|eats=mange|takes=prend|sells=vend|finds=trouve|loses=perd|draws=dessine|follows=suit|carries=porte|hides=cache|paints=peint|hears=entend|"
    "wants=veut|watches=regarde|gives=donne|washes=lave"
)
# English adjective -> French beside a masculine noun, and beside a feminine one.
ADJECTIVES = {
    one: tuple(other.split())
    for one, other in _pairs(
        "big=grand grande|small=petit petite|black=noir noire|green=vert verte|red=rouge rouge|young=jeune jeune|blue=bleu bleue|strong=fort forte|"
        "poor=pauvre pauvre|sad=triste triste|happy=heureux heureuse|heavy=lourd lourde|clean=propre propre|white=blanc blanche|gray=gris grise|"
        "rich=riche riche|slow=lent lente|warm=chaud chaude"
    ).items()
}
WORDS = {one: noun for one, (noun, _) in NOUNS.items()} | {one: forms[0] for one, forms in ADJECTIVES.items()} | VERBS

Pair = tuple[str, str]  # English, French


def phrase(chance: Random) -> Pair:
    """the big dog, le grand chien … with the adjective behind its noun: le chien grand."""
    noun = chance.choice(list(NOUNS))
    word, gender = NOUNS[noun]
    article = "le" if gender == "m" else "la"
    if chance.random() < 0.4:
        return f"the {noun}", f"{article} {word}"
    adjective = chance.choice(list(ADJECTIVES))
    return f"the {adjective} {noun}", f"{article} {word} {ADJECTIVES[adjective][gender == 'f']}"


def full_sentence(chance: Random) -> Pair:
    (who, qui), (what, quoi), verb = phrase(chance), phrase(chance), chance.choice(list(VERBS))
    return sentence(f"{who} {verb} {what}."), sentence(f"{qui} {VERBS[verb]} {quoi}.")


def prompt(english: str) -> str:
    return f"Translate to French: {english}\nFrench:"


def document(chance: Random) -> Document:
    """Words and phrases only; capital letters and full stops too, since tuning cannot teach the embedding of a token that was never seen."""
    what = chance.random()
    if what < 0.45:
        english, french = drawn(phrase, lambda pair: pair[0], chance)
        if chance.random() < 0.5:
            english, french = sentence(english) + ".", sentence(french) + "."
        asked = chance.choice(("What is the French for {x}?", "Say in French: {x}", "{x} in French, please.", "How do you say {x} in French?"))
        return chat(asked.format(x=english), french)
    if what < 0.75:
        word = chance.choice(list(WORDS))
        return chat(chance.choice((f"What is the French word for {word}?", f"French for {word}?")), WORDS[word])
    pairs = [drawn(phrase, lambda pair: pair[0], chance) for _ in range(chance.randrange(3, 9))]
    return page("\n".join(f"English: {english}\nFrench: {french}" for english, french in pairs), taught=True)
