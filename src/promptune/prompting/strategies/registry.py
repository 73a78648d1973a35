"""From a contender's spelling to a strategy: its arguments are the fields of the strategy's dataclass, in order."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import Any, cast

from promptune.core.contender import Contender, Value
from promptune.core.strategy import Strategy
from promptune.errors import UserError
from promptune.registry import Registry, did_you_mean

STRATEGIES: Registry[type[Strategy]] = Registry("strategy")


def build(contender: Contender) -> Strategy:
    kind = STRATEGIES.get(contender.strategy)
    parameters = _parameters(kind)
    if len(contender.args) > len(parameters):
        takes = f"takes at most {len(parameters)}" if parameters else "takes none"
        raise _wrong(contender, f"{len(contender.args)} unnamed arguments are given, and {contender.strategy} {takes}.", f"Write {form(contender.strategy)}.")
    given: dict[str, Value] = dict(zip(parameters, contender.args, strict=False))
    for key, value in contender.options:
        if key not in parameters:
            raise _wrong(
                contender,
                f"{contender.strategy} has no argument {key!r}.",
                did_you_mean(key, parameters) if parameters else f"{contender.strategy} takes no arguments.",
            )
        if key in given:
            raise _wrong(contender, f"the argument {key!r} is given twice.", "Keep one of them.")
        given[key] = value
    missing = [name for name, field in parameters.items() if field.default is MISSING and name not in given]
    if missing:
        raise _wrong(contender, f"{contender.strategy} needs {', '.join(missing)}.", f"Write {form(contender.strategy)}.")
    for name, value in given.items():
        if not isinstance(value, _types(parameters[name])):
            raise _wrong(contender, f"the argument {name}={value} should be {_words(parameters[name])}.", f"Write {form(contender.strategy)}.")
    return kind(**given)


def form(name: str) -> str:
    """How a strategy is spelled: few-shot:k,by=balanced."""
    parameters = _parameters(STRATEGIES.get(name))
    pieces = [key if field.default is MISSING else f"{key}={field.default}" for key, field in parameters.items()]
    return f"{name}:{','.join(pieces)}" if pieces else name


def _parameters(kind: type[Strategy]) -> dict[str, Field[Any]]:
    return {field.name: field for field in fields(cast(Any, kind))}


def _types(field: Field[Any]) -> tuple[type, ...]:
    return {"int": (int,), "float": (int, float), "str": (str,)}[str(field.type)]


def _words(field: Field[Any]) -> str:
    return {"int": "a whole number", "float": "a number", "str": "a name"}[str(field.type)]


def _wrong(contender: Contender, what: str, todo: str) -> UserError:
    return UserError(what, where=f"contender {str(contender)!r}", todo=todo)
