"""A task's templates, as the sandbox's child renders them: every name must be there, no None is ever printed, and a row decides its text alone."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jinja2 import ChainableUndefined, StrictUndefined, Template, TemplateError, TemplateRuntimeError, TemplateSyntaxError, Undefined, UndefinedError, nodes
from jinja2.exceptions import SecurityError
from jinja2.filters import do_float, do_int
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


class Strict(StrictUndefined):
    """Says which name is not there, so that its column can be told."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        name: Any = self._undefined_name
        if isinstance(name, Strict):  # an index that is not there
            self._undefined_exception = name._undefined_exception
        elif self._undefined_obj is missing and name:
            self._undefined_exception = lambda _: Absent([name])  # type: ignore[assignment]


class Unasked(ChainableUndefined):
    """By hand a person gives what the prompt needs: what a template only asks about counts as false, what it prints is noted."""

    noted: list[str] = []  # noqa: RUF012  # of the row at work

    def __str__(self) -> str:
        name: Any = self._undefined_name
        if isinstance(name, Unasked):  # an index that is not there
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


def most_frequent(items: Iterable[Any]) -> list[Any]:
    """For promptsource's templates: the items that occur most often."""
    counts = Counter(items)
    return [item for item, count in counts.items() if count == max(counts.values())]


class Draws:
    """What a template draws is decided by its row: the same row always becomes the same text."""

    def begin(self, values: dict[str, Any]) -> None:
        self._row = dict(values)
        self._random: random.Random | None = None

    def choice(self, items: Iterable[Any]) -> Any:
        if self._random is None:
            self._random = random.Random(json.dumps(self._row, sort_keys=True))
        return self._random.choice(list(items))


def environment(draws: Draws, asking: bool) -> TaskEnvironment:
    env = TaskEnvironment(undefined=Unasked if asking else Strict, extensions=["jinja2.ext.loopcontrols"])
    env.filters.update(given=given, given_each=given_each, shown=shown)
    env.filters.update(choice=draws.choice, random=draws.choice, most_frequent=most_frequent)
    env.filters.update(int=strictly(do_int, "whole number"), float=strictly(do_float, "number"))
    env.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)  # Jinja's own is escaped for HTML
    env.globals["zip"] = zip
    del env.globals["lipsum"]  # draws without a seed
    return env


class Templates:
    """One task's templates by name; each text comes back in pieces, taken apart at the mark that stands for `|||`."""

    def __init__(self, mark: str, asking: bool) -> None:
        self.at = ""  # the template at work, named in an error
        self._mark, self._draws = mark, Draws()
        self._env = environment(self._draws, asking)
        self._templates: dict[str, Template] = {}

    def compile(self, texts: dict[str, str]) -> None:
        for name in sorted(texts, key=lambda name: name != "answer_choices"):  # the others know the choices
            self.at = name
            self._templates[name] = self._env.from_string(texts[name].replace("|||", self._mark))

    def row(self, values: dict[str, Any]) -> dict[str, list[str]]:
        self._draws.begin(values)
        pieces = {}
        for name, template in self._templates.items():
            self.at = name
            pieces[name] = self._pieces(template.generate(values))
            if name == "answer_choices":
                values[name] = pieces[name]
        return pieces

    def asked(self, values: dict[str, Any]) -> dict[str, list[str]]:
        """The prompt alone. Choices that need what was not given are missed only where the prompt shows them."""
        self._draws.begin(values)
        pieces, for_choices = self._asked_choices(values)
        Unasked.noted.clear()
        self.at = "template"
        pieces["template"] = self._pieces(self._until_mark(self._templates["template"].generate(values | pieces)))
        absent = [name for noted in Unasked.noted for name in (for_choices if for_choices and noted == "answer_choices" else [noted])]
        if absent:
            raise Absent(dict.fromkeys(absent))
        return pieces

    def _asked_choices(self, values: dict[str, Any]) -> tuple[dict[str, list[str]], list[str]]:
        """The choices where they can be told, else the names they need."""
        Unasked.noted.clear()
        if "answer_choices" not in self._templates:
            return {}, []
        try:
            choices = self._pieces(self._templates["answer_choices"].generate(values))
        except Exception:  # whatever a template does with a value that is not there
            return {}, [*Unasked.noted]
        return ({}, [*Unasked.noted]) if Unasked.noted else ({"answer_choices": choices}, [])

    def _pieces(self, written: Iterable[str]) -> list[str]:
        return [piece.strip() for piece in "".join(written).split(self._mark)]

    def _until_mark(self, written: Iterable[str]) -> Iterator[str]:
        """Jinja renders as it is asked to, so what stands behind the mark is never worked out."""
        for part in written:
            yield part
            if self._mark in part:
                return


def render_each(order: dict[str, Any], most: int) -> dict[str, Any]:
    """Every row's pieces, or why it has none; what is wrong with a template as a whole is the only answer. `most`: characters of the batch."""
    templates = Templates(order["mark"], order["asking"])
    try:
        templates.compile(order["texts"])
    except MemoryError:
        raise
    except Exception as error:  # Python's own compiler may refuse what Jinja makes of a template
        return {"error": f"{words(error)}.", "text": templates.at}
    rows: list[dict[str, Any]] = []
    length = 0
    for values in order["rows"]:
        try:
            pieces = templates.asked(values) if order["asking"] else templates.row(values)
        except MemoryError:
            raise
        except (Absent, Null) as error:
            rows.append({"text": templates.at, "kind": error.kind, "what": str(error), "names": error.names})
        except Exception as error:  # a template can raise anything: 1/0, a missing key, a type error
            rows.append({"text": templates.at, "kind": "error", "what": words(error).replace(order["mark"], "|||"), "names": []})
        else:
            rows.append({"pieces": pieces})
            length += sum(len(piece) for text in pieces.values() for piece in text)
        if length > most:
            raise MemoryError
    return {"rows": rows}


def words(error: Exception) -> str:
    if isinstance(error, TemplateSyntaxError):
        said = f"line {error.lineno}: {error.message}"
    elif isinstance(error, RecursionError):
        said = "it is nested too deeply, or calls itself without end"
    elif isinstance(error, SecurityError):
        said = f"it is not allowed: {error}"
    elif isinstance(error, TemplateError):
        said = str(error)
        said += ": a text is no number, so put | int behind it" if re.search(r"has no (attribute|element) '\d+'", said) else ""
    else:
        said = f"{type(error).__name__}: {error}"
    return said.rstrip(".")
