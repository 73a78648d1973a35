"""Two kinds of things, each with its label: one such mapping is a group of the built-in task `patterns`."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from promptune.tiny.world.forms import labels
from promptune.tiny.world.words import KINDS


@dataclass(frozen=True)
class Mapping:
    kinds: tuple[str, str]
    labels: tuple[str, str]

    @property
    def name(self) -> str:
        """animal is zig, fruit is foo: whichever is named first, it is the same mapping."""
        return ", ".join(sorted(f"{kind} is {label}" for kind, label in zip(self.kinds, self.labels, strict=True)))


def mapping(chance: Random) -> Mapping:
    one, other = chance.sample(list(KINDS), 2)
    first, second = labels(chance, 2)
    return Mapping((one, other), (first, second))
