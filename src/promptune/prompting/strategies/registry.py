"""From a contender's spelling to a strategy: its arguments are the fields of the strategy's dataclass, in order.

The keyword field `material` is no argument. A field whose name is a word of Python's own has a `_` behind it (`from_`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields
from typing import Any, Literal, TypeVar, cast

from promptune.core.contender import Contender, Value
from promptune.core.strategy import Strategy
from promptune.errors import NotFound, UserError
from promptune.prompting.material import NOTHING, Material
from promptune.registry import Registry, did_you_mean

STRATEGIES: Registry[type[Strategy]] = Registry("strategy")
T = TypeVar("T")


def build(contender: Contender, material: Material = NOTHING) -> Strategy:
    kind = STRATEGIES.get(contender.strategy)
    given = _given(contender, _parameters(kind))
    wants = {"material": material} if any(field.name == "material" for field in fields(cast(Any, kind))) else {}
    try:
        return kind(**given, **wants)
    except UserError as error:  # of the strategy itself, which does not know how it was spelled
        raise type(error)(error.what, where=_where(contender), todo=error.todo) from None


def form(name: str) -> str:
    """How a strategy is spelled: few-shot:k,by=balanced,seed=0. What may be left out and has no default of its own is not in it."""
    pieces = []
    for i, (key, field) in enumerate(_parameters(STRATEGIES.get(name)).items()):
        if field.default is MISSING:
            pieces.append(f"{key}=name" if i and field.type == "str" else "name" if field.type == "str" else key)
        elif field.default != "":
            pieces.append(f"{key}={field.default}")
    return f"{name}:{','.join(pieces)}" if pieces else name


# ---- for the strategies: what an argument may be ----


def within(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise UserError(f"{name}={value} is not from {low} to {high}.", todo=f"Write a number from {low} to {high}.")


def one_of(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise UserError(f"{name}={value} is unknown.", todo=did_you_mean(value, known))


def saved(noun: Literal["prompts", "passages"], name: str, known: Mapping[str, T]) -> T:
    if name not in known:
        raise NotFound(f"no saved {noun} {name!r}.", todo=did_you_mean(name, known) if known else f"Save some: promptune {noun} add FILE.")
    return known[name]


# ---- inside ----


def _given(contender: Contender, parameters: Mapping[str, Field[Any]]) -> dict[str, Value]:
    """The arguments by field, checked one by one."""
    if len(contender.args) > len(parameters):
        takes = f"takes at most {len(parameters)}" if parameters else "takes none"
        raise _wrong(contender, f"{len(contender.args)} unnamed arguments are given, and {contender.strategy} {takes}.", f"Write {form(contender.strategy)}.")
    given: dict[str, Value] = dict(zip(parameters, contender.args, strict=False))
    for key, value in contender.options:
        if key not in parameters:
            known = did_you_mean(key, parameters) if parameters else f"{contender.strategy} takes no arguments."
            raise _wrong(contender, f"{contender.strategy} has no argument {key!r}.", known)
        if key in given:
            raise _wrong(contender, f"the argument {key!r} is given twice.", "Keep one of them.")
        given[key] = value
    missing = [name for name, field in parameters.items() if field.default is MISSING and name not in given]
    if missing:
        raise _wrong(contender, f"{contender.strategy} needs {', '.join(missing)}.", f"Write {form(contender.strategy)}.")
    for name, value in given.items():
        if not isinstance(value, _types(parameters[name])):
            raise _wrong(contender, f"the argument {name}={value} should be {_words(parameters[name])}.", f"Write {form(contender.strategy)}.")
    return {parameters[name].name: value for name, value in given.items()}


def _parameters(kind: type[Strategy]) -> dict[str, Field[Any]]:
    """By the name that is written."""
    return {field.name.rstrip("_"): field for field in fields(cast(Any, kind)) if not field.kw_only}


def _types(field: Field[Any]) -> tuple[type, ...]:
    return {"int": (int,), "float": (int, float), "str": (str,)}[str(field.type)]


def _words(field: Field[Any]) -> str:
    return {"int": "a whole number", "float": "a number", "str": "a name"}[str(field.type)]


def _where(contender: Contender) -> str:
    return f"contender {str(contender)!r}"


def _wrong(contender: Contender, what: str, todo: str) -> UserError:
    return UserError(what, where=_where(contender), todo=todo)
