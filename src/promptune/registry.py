"""One dict of named things, where an unknown name is a helpful error."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from promptune.errors import NotFound

T = TypeVar("T")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The hint behind an unknown name: the nearest one, then all of them."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return f"{hint}Available: {', '.join(known) or 'none yet'}."


class Registry(Generic[T]):
    """Strategies, methods, metrics, job kinds: each is one Registry, filled by its decorator `register`."""

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self._things: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        def add(thing: T) -> T:
            if name in self._things:
                raise ValueError(f"{self.noun} {name!r} is registered twice")
            self._things[name] = thing
            return thing

        return add

    def get(self, name: str) -> T:
        if name not in self._things:
            raise NotFound(f"unknown {self.noun} {name!r}.", todo=did_you_mean(name, self._things))
        return self._things[name]

    def names(self) -> list[str]:
        return list(self._things)
