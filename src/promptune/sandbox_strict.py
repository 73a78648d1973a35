"""Jinja as a task's templates want it: every name must be there, no None is ever printed, and what is no number is not made one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jinja2 import ChainableUndefined, StrictUndefined, TemplateRuntimeError, Undefined, UndefinedError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

NULL_IS_FINE = ("default", "d", "tojson")  # filters that know what to do with None


class Absent(UndefinedError):
    """Names that the row does not have."""

    kind = "absent"

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__("it is not there")
        self.names = list(names)


class Null(Exception):
    """None stood where a template wants text; it is what one of these names gives."""

    kind = "null"

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__("it is null")
        self.names = list(names)


class Named(Undefined):
    """Says which name is not there, so that its column can be told."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        name: Any = self._undefined_name
        if isinstance(name, Named):  # an index that is not there
            self._undefined_exception = name._undefined_exception
        elif self._undefined_obj is missing and name:
            self._undefined_exception = lambda _: Absent([name])  # type: ignore[assignment]


class Strict(Named, StrictUndefined):
    """For rows: every use of a name that is not there is an error, but for `is defined` and `default`."""


class Unasked(Named, ChainableUndefined):
    """By hand a person gives what the prompt needs: what a template only asks about counts as false, what it prints is noted."""

    noted: list[str] = []  # noqa: RUF012  # of the row at work

    def __str__(self) -> str:
        name: Any = self._undefined_name
        if isinstance(name, Unasked):
            return str(name)
        if self._undefined_obj is not missing or not name:
            raise UndefinedError(self._undefined_message)
        if name not in self.noted:
            self.noted.append(name)
        return ""

    def __iter__(self) -> Iterator[Any]:
        return iter(str(self))

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self


class TaskEnvironment(ImmutableSandboxedEnvironment):
    """Whatever becomes text, and whatever a filter is given, first passes a filter of ours together with the names it is made of."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for use in list(tree.find_all(nodes.Filter)):
            if use.node is None or use.name in NULL_IS_FINE:  # without a node it filters a block
                continue
            if use.name == "join" and isinstance(use.node, nodes.List):
                use.node.items = [_passing("shown", item) for item in use.node.items]
            else:
                use.node = _passing("given_each" if use.name == "join" else "given", use.node)
        for output in list(tree.find_all(nodes.Output)):
            output.nodes = [node if isinstance(node, nodes.TemplateData) else _passing("shown", node) for node in output.nodes]
        for joined in list(tree.find_all(nodes.Concat)):
            joined.nodes = [_passing("shown", node) for node in joined.nodes]
        return tree


def _passing(filter_name: str, node: nodes.Node) -> nodes.Filter:
    names = dict.fromkeys(name.name for name in ([node] if isinstance(node, nodes.Name) else node.find_all(nodes.Name)))
    return nodes.Filter(node, filter_name, [nodes.Const(name) for name in names], [], None, None, lineno=node.lineno)


def given(value: Any, *names: str) -> Any:
    if value is None:
        raise Null(names)
    return value


def given_each(values: Any, *names: str) -> Any:
    if isinstance(given(values, *names), Undefined | str):
        return values
    return [given(value, *names) for value in values]


def shown(value: Any, *names: str) -> Any:
    if isinstance(given(value, *names), Undefined):
        return value
    if callable(value):
        raise TemplateRuntimeError("it prints a function, not what the function gives: put () behind its name")
    if isinstance(value, Iterator):
        raise TemplateRuntimeError("it prints values that are not worked out yet: put | join(', ') behind them")
    return value


def strictly(convert: Callable[..., Any], noun: str) -> Callable[..., Any]:
    """Jinja makes 0 of what is no number, and a label would become the first of its choices."""

    def converted(value: Any, default: Any = None, *more: Any, **named: Any) -> Any:
        number = convert(value, default, *more, **named)
        if number is None:
            raise TemplateRuntimeError(f"{str(value)[:60]!r} is no {noun}")
        return number

    return converted
