"""What people really type: slips of the finger, and words that nobody in the small world has heard of."""

from __future__ import annotations

from random import Random

ONSETS = "b bl br c ch cl cr d dr f fl fr g gl gr h j k kl l m n p pl pr qu r s sh sk sl sm sn sp st str t th tr v w wh x y z zh".split()
VOWELS = "a e i o u ai ea ee ie oa oo ou".split()
CODAS = ["", "", *"b d ff l ll m mp n nd ng nk r rk rt s sh sk st th x zz".split()]
OTHER = "дом привет кошка спасибо мир 猫 你好 水 ありがとう 안녕 مرحبا שלום γεια naïve über señor £ € ß ñ ø".split()
EMOJI = "😀 😂 😍 🙂 🙁 😡 👍 👎 ❤ 🎉 🐶 🐱 🍎 ⭐ 🚗 🔥".split()


def invented(chance: Random, syllables: int | None = None) -> str:
    """A word that is none: blick, zhoompa, tradoss."""
    count = syllables or chance.choice((1, 1, 2, 2, 3))
    return "".join(chance.choice(ONSETS) + chance.choice(VOWELS) + chance.choice(CODAS) for _ in range(count))


def typo(word: str, chance: Random) -> str:
    """One slip: two letters swapped, one lost, or one doubled. Short words stay."""
    if len(word) < 4 or not word.isalpha():
        return word
    at = chance.randrange(1, len(word) - 1)
    return chance.choice((word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:]))


def typed(text: str, chance: Random, share: float = 0.1) -> str:
    """The text as a person may have typed it: mostly as it is, now and then with a slip, an unknown word or an emoji."""
    if chance.random() >= share:
        return text
    words = text.split(" ")
    at = chance.randrange(len(words))
    slip = chance.random()
    if slip < 0.6:
        words[at] = typo(words[at], chance)
    elif slip < 0.75:
        words.append(chance.choice(EMOJI))
    elif slip < 0.9:
        words = [word.lower() for word in words]
    else:
        words = [word.upper() for word in words]
    return " ".join(words)
