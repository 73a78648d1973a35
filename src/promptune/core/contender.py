"""The one noun of the app: model × run (at a strength) × strategy × decoding, and its spelling.

    model[+run[@strength]]/strategy[:arguments][?decoding]

`str()` and `Contender.parse` are inverse. The spelling is the same in the page, the command line and the database;
in a URL it is percent-encoded whole.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from promptune.core.decoding import DECIMALS, Decoding, fine, number
from promptune.errors import UserError

SLUG = re.compile(r"[a-z0-9][a-z0-9._-]*")
NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]+)?")  # what is spelled like a number is one
KEY = re.compile(r"[a-z][a-z0-9_]*")
MAX_SPELLING = 2000  # characters

Value = float | int | str

FORM = "model[+run[@strength]]/strategy[:arguments][?decoding]"


def is_slug(text: str) -> bool:
    return SLUG.fullmatch(text) is not None and len(text) <= 100


@dataclass(frozen=True)
class Contender:
    model: str
    strategy: str
    run: str | None = None
    strength: float = 1.0  # of the run's weights: 0 is the base model, 1 the run as trained
    args: tuple[Value, ...] = ()  # few-shot:4
    options: tuple[tuple[str, Value], ...] = ()  # few-shot:4,by=nearest
    decoding: Decoding = field(default_factory=Decoding)

    def __post_init__(self) -> None:
        _need_slug("model", self.model)
        if self.run is not None:
            _need_slug("run", self.run)
        elif self.strength != 1:
            raise _wrong(f"the strength {number(self.strength)} has no run to apply to.", "Write model+run@strength/strategy.")
        if not (fine(self.strength) and 0 <= self.strength <= 1):
            raise _wrong(f"the strength {self.strength} is not a number from 0 to 1 with at most {DECIMALS} decimals.", "Write model+run@0.8/strategy.")
        _need_slug("strategy", self.strategy)
        keys = [key for key, _ in self.options]
        for key in keys:
            if not KEY.fullmatch(key):
                raise _wrong(f"the argument name {key!r} is not made of letters, digits and '_'.", "Write key=value, such as by=nearest.")
        if len(set(keys)) < len(keys):
            raise _wrong("an argument is given twice.", "Keep one of them.")
        for value in (*self.args, *(value for _, value in self.options)):
            if isinstance(value, str) and (not is_slug(value) or NUMBER.fullmatch(value)):
                raise _wrong(f"the argument {value!r} is neither a number nor a name.", "Names are lower-case letters, digits, '.', '_' and '-'.")
            if not isinstance(value, str) and not (fine(value) and NUMBER.fullmatch(number(value))):
                raise _wrong(f"the argument {value} is not a number of at most 15 digits and {DECIMALS} decimals.", "Write a shorter number.")

        if len(str(self)) > MAX_SPELLING:
            raise _wrong(f"it has {len(str(self))} characters.", f"At most {MAX_SPELLING} are allowed; shorten its stop texts.")

    def __str__(self) -> str:
        run = f"+{self.run}" if self.run else ""
        strength = f"@{number(self.strength)}" if self.strength != 1 else ""
        arguments = ",".join([*map(_spell, self.args), *(f"{key}={_spell(value)}" for key, value in self.options)])
        decoding = str(self.decoding)
        return f"{self.model}{run}{strength}/{self.strategy}" + (f":{arguments}" if arguments else "") + (f"?{decoding}" if decoding else "")

    @property
    def weights(self) -> str:
        """Model and run without the strategy: what a pane names as the weights that answered."""
        return str(self).partition("/")[0]

    @classmethod
    def parse(cls, text: str) -> Contender:
        text = text.strip()
        if not text:
            raise _wrong("it is empty.", f"Write {FORM}, such as tiny/zero-shot.")
        if len(text) > MAX_SPELLING:
            raise _wrong(f"it has {len(text)} characters.", f"At most {MAX_SPELLING} are allowed.")
        try:
            return cls._parse(text)
        except UserError as error:
            raise UserError(error.what, where=f"contender {text!r}", todo=error.todo) from None

    @classmethod
    def _parse(cls, text: str) -> Contender:
        head, question, decoding = text.partition("?")
        if question and not decoding:
            raise _wrong("nothing follows '?'.", "Write ?t=0.7 or leave the '?' out.")
        weights, slash, how = head.partition("/")
        if not slash:
            raise _wrong("there is no '/' between model and strategy.", f"Write {FORM}, such as {_suggest(weights)}/zero-shot.")
        model, plus, run_part = weights.partition("+")
        run, at, strength = run_part.partition("@")
        if not plus and "@" in model:
            raise _wrong("'@' gives a run's strength, and no run is named.", "Write model+run@0.8/strategy.")
        if plus and not run:
            raise _wrong("nothing follows '+'.", "Write model+run/strategy or leave the '+' out.")
        strategy, colon, arguments = how.partition(":")
        if not strategy:
            raise _wrong("no strategy follows '/'.", f"Write {_suggest(model)}/zero-shot.")
        if colon and not arguments:
            raise _wrong("nothing follows ':'.", "Write the strategy's arguments, such as few-shot:4, or leave the ':' out.")
        args, options = _arguments(arguments)
        return cls(
            model=model,
            strategy=strategy,
            run=run or None,
            strength=_strength(strength) if at else 1.0,
            args=args,
            options=options,
            decoding=Decoding.parse(decoding),
        )


def _arguments(text: str) -> tuple[tuple[Value, ...], tuple[tuple[str, Value], ...]]:
    args: list[Value] = []
    options: list[tuple[str, Value]] = []
    for piece in text.split(",") if text else []:
        key, equals, value = piece.partition("=")
        if equals:
            options.append((key, _value(value, piece)))
        elif options:
            raise _wrong(f"the argument {piece!r} stands after a named one.", "Put unnamed arguments first: few-shot:4,by=nearest.")
        else:
            args.append(_value(piece, piece))
    return tuple(args), tuple(options)


def _value(text: str, piece: str) -> Value:
    if not text:
        raise _wrong(f"the argument {piece!r} has no value.", "Write a number or a name between the commas.")
    if NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text


def _strength(text: str) -> float:
    if not NUMBER.fullmatch(text):
        raise _wrong(f"the strength {text!r} is not a number.", "Write a number from 0 to 1 after '@', such as @0.8.")
    return float(text)


def _spell(value: Value) -> str:
    return value if isinstance(value, str) else number(value)


def _need_slug(piece: str, text: str) -> None:
    if not is_slug(text):
        what = f"the {piece} {text!r} is not a name." if text else f"the {piece} is missing."
        raise _wrong(what, f"Names start with a letter or digit and hold lower-case letters, digits, '.', '_' and '-': {_suggest(text)!r}, say.")


def _suggest(text: str) -> str:
    return slugify(text) or "tiny"


def slugify(text: str) -> str:
    """The nearest slug to a name a person gave; empty when nothing of it is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()  # é is an e with something on it
    return re.sub(r"[^a-z0-9._-]+", "-", plain.lower()).strip("-._")[:60].rstrip("-._")


def _wrong(what: str, todo: str) -> UserError:
    return UserError(what, where="contender", todo=todo)
