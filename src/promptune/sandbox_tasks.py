"""A task's templates, as the sandbox's child renders them: a row alone decides its text, and one bad row does not hide the others."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from jinja2 import Template, TemplateError, TemplateSyntaxError
from jinja2.exceptions import SecurityError
from jinja2.filters import do_float, do_int

from promptune.sandbox_strict import Absent, Null, Strict, TaskEnvironment, Unasked, given, given_each, shown, strictly


def most_frequent(items: Iterable[Any]) -> list[Any]:
    """For promptsource's templates: the items that occur most often."""
    counts = Counter(items)
    return [item for item, count in counts.items() if count == max(counts.values())]


class Choices(list[str]):
    """A label of -1, which marks rows that have none, must not pick the last choice."""

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, int) and place < 0:
            raise IndexError
        return super().__getitem__(place)


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
                values[name] = Choices(pieces[name])
        return pieces

    def asked(self, values: dict[str, Any]) -> dict[str, list[str]]:
        """The prompt alone. Choices that need what was not given are missed only where the prompt shows them."""
        self._draws.begin(values)
        pieces, for_choices = self._asked_choices(values)
        Unasked.noted.clear()
        self.at = "template"
        pieces["template"] = self._pieces(
            self._until_mark(self._templates["template"].generate(values | {name: Choices(found) for name, found in pieces.items()}))
        )
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
