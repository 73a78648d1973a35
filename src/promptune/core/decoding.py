"""How the next token is chosen, and its spelling `t=0.7&max=64&seed=1`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from urllib.parse import quote, unquote

from promptune.errors import UserError

KEYS = ("t", "top_p", "max", "seed", "stop")
MAX_SEED = 2**63 - 1


DECIMALS = 6  # of every number in a spelling: what is finer is refused, so a spelling loses nothing


def number(value: float) -> str:
    """The shortest spelling that parses back to the same number: 1, 0.7, 0.000001 (never 1e-06)."""
    return str(int(value)) if value == int(value) else f"{value:.{DECIMALS}f}".rstrip("0")


def fine(value: float) -> bool:
    """Whether `number` spells the value without loss."""
    return math.isfinite(value) and round(value, DECIMALS) == value


@dataclass(frozen=True)
class Decoding:
    """Only what was asked for: None leaves the choice to the strategy, which is greedy unless it says otherwise."""

    t: float | None = None  # temperature; 0 is greedy
    top_p: float | None = None
    max: int | None = None  # new tokens
    seed: int | None = None
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _range("t", self.t, 0, 5)
        if self.top_p is not None:
            _range("top_p", self.top_p, 0, 1)
            if self.top_p == 0:
                raise UserError("top_p is 0.", where="decoding", todo="Write a number above 0 and up to 1.")
        _range("max", self.max, 1, 1_000_000)
        _range("seed", self.seed, 0, MAX_SEED)
        for text in self.stop:
            if not text:
                raise UserError("an empty stop text would stop at once.", where="decoding", todo="Write stop=TEXT.")
            if any("\ud800" <= char <= "\udfff" for char in text):
                raise UserError("a stop text holds half of a character.", where="decoding", todo="Write it again.")

    def __str__(self) -> str:
        pairs = [(key, number(value)) for key in KEYS[:-1] if (value := getattr(self, key)) is not None]
        pairs += [("stop", quote(text, safe="")) for text in self.stop]
        return "&".join(f"{key}={value}" for key, value in pairs)

    @classmethod
    def parse(cls, text: str) -> Decoding:
        """The inverse of str(): every error names its key and what would be right."""
        values: dict[str, float] = {}
        stops: list[str] = []
        for pair in text.split("&") if text else []:
            key, equals, value = pair.partition("=")
            if key not in KEYS:
                raise UserError(f"unknown decoding key {key!r}.", where="decoding", todo=f"The keys are {', '.join(KEYS)}, as in t=0.7&max=64.")
            if not equals or not value:
                raise UserError(f"{key} has no value.", where="decoding", todo=f"Write {key}=VALUE.")
            if key == "stop":
                stops.append(_stop(value))
            elif key in values:
                raise UserError(f"{key} is given twice.", where="decoding", todo="Keep one of them.")
            else:
                values[key] = _integer(key, value) if key in ("max", "seed") else _float(key, value)
        return cls(stop=tuple(stops), **values)  # type: ignore[arg-type]  # max and seed were parsed as integers


def _range(key: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not (fine(value) and low <= value <= high):
        raise _wrong(key, number(value) if fine(value) else str(value), f"a number from {number(low)} to {number(high)} with at most {DECIMALS} decimals")


def _wrong(key: str, value: str, right: str) -> UserError:
    return UserError(f"{key}={value} is not {right}.", where="decoding")


def _integer(key: str, value: str) -> int:
    if not (value.isascii() and value.isdigit()) or len(value) > 19:
        raise _wrong(key, value, "a whole number")
    return int(value)


def _float(key: str, value: str) -> float:
    plain = value.replace(".", "", 1)
    if not (plain.isascii() and plain.isdigit()):
        raise _wrong(key, value, "a plain number such as 0.7")
    return float(value)


def _stop(value: str) -> str:
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise _wrong("stop", value, "percent-encoded UTF-8 text") from None
