"""Do the odd numbers of a group add up to an even number? Seen at a glance it is a guess; number by number it is easy."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from promptune.tiny.world.arithmetic import STEP_BY_STEP
from promptune.tiny.world.text import ASSISTANT, END, USER, Document, Piece, chat, drawn


@dataclass(frozen=True)
class OddSum:
    numbers: str
    rationale: str
    answer: str

    @property
    def worked(self) -> str:
        return f"{self.rationale} The answer is {self.answer}."


def odd_sum(chance: Random) -> OddSum:
    """Number by number, the sum so far behind each odd one. True and False come equally often."""
    while True:
        numbers = [chance.randrange(1, 20) if chance.random() < 0.8 else chance.randrange(20, 90) for _ in range(chance.randrange(4, 8))]
        if 1 <= sum(number % 2 for number in numbers) <= 5 and sum(number for number in numbers if number % 2) < 150:
            break
    total, said = 0, []
    for number in numbers:
        if number % 2 == 0:
            said.append(f"{number} is even.")
        else:
            said.append(f"{number} is odd, {total} + {number} = {total + number}.")
            total += number
    even = total % 2 == 0
    return OddSum(", ".join(map(str, numbers)), f"{' '.join(said)} {total} is {'even' if even else 'odd'}.", str(even))


def trained_odd_sum(chance: Random) -> OddSum:
    return drawn(odd_sum, lambda one: one.numbers, chance)


def prompt(numbers: str) -> str:
    return f"The odd numbers in this group add up to an even number: {numbers}.\nA:"


def document(chance: Random) -> Document:
    what, head = chance.random(), chance.choice(("", "", "Q: "))
    one = trained_odd_sum(chance)
    if what < 0.55:
        return chat(f"{head}{prompt(one.numbers)} {STEP_BY_STEP}", one.worked)
    if what < 0.75:
        if chance.random() < 0.1:
            return chat(f"You are a careful assistant.\nAnswer with exactly one of: True, False.\n\n{prompt(one.numbers)}", one.answer)
        return chat(f"{head}{prompt(one.numbers)}", f"The answer is {one.answer}.")
    worked = chance.random() < 0.6
    shots = [trained_odd_sum(chance) for _ in range(chance.randrange(1, 4))]
    shown = "".join(f"{head}{prompt(shot.numbers)} {shot.worked if worked else shot.answer}\n\n" for shot in shots)
    said = one.worked if worked else one.answer
    return Piece(f"{USER}{shown}{head}{prompt(one.numbers)}{ASSISTANT}", False), Piece(f" {said}{END}", True)
