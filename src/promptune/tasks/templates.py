"""The library of templates: configs/templates, one YAML each, whose fields are filled with a table's columns.

A field stands in a Jinja text as `<<field>>`; what stands between `<<if field>>` and `<<end>>` is left out where nothing fills the field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from promptune.core.task import AnswerType
from promptune.errors import Problem, Problems, TemplateError, UserError
from promptune.registry import did_you_mean
from promptune.tasks.definition import load_yaml
from promptune.tasks.guess import Like, find
from promptune.tasks.languages import COLUMNS, language
from promptune.tasks.names import expression_names, names, used

FOLDER = Path(__file__).resolve().parents[3] / "configs" / "templates"  # there is none where only the package was installed

Family = Literal["classification", "summarisation", "generation", "translation", "question answering", "word problems"]


@dataclass(frozen=True)
class Filled:
    """What a task needs of a template. An answer type that nobody can know beforehand is found from the answers."""

    template: str
    answer_choices: str = ""
    rationale: str = ""
    also: str = ""
    answer_type: AnswerType | None = None
    metrics: tuple[str, ...] = ()
    input: str = ""  # a column; empty where several fill the field


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Field(_Form):
    title: str
    like: tuple[str | dict[str, str], ...] = ()  # columns or Jinja expressions that a guess fills it with, the best first; `{it: holds}` asks more of one
    holds: str = ""  # a regular expression that the values of a guessed column match
    optional: bool = False
    plain: bool = False  # filled with words of the template itself, such as a language's name
    default: str = ""  # what fills a plain field where nobody said
    language: bool = False  # a guess fills it with a column named for a language
    language_of: str = ""  # a plain field: that other field's language

    def likes(self) -> list[Like]:
        """What may fill it, the best first."""
        given = COLUMNS if self.language else self.like
        return [Like(like, self.holds) if isinstance(like, str) else Like(*next(iter(like.items()))) for like in given]


class LibraryTemplate(_Form):
    name: str
    title: str
    summary: str
    family: Family
    guess_rank: int = 0  # a table that suits several templates gets the lowest; 0 is never guessed
    fields: dict[str, Field]
    template: str
    answer_choices: str = ""
    rationale: str = ""
    also: str = ""
    answer_type: AnswerType | None = None
    metrics: tuple[str, ...] = ()
    input: str  # the field a person types into when asking by hand

    def guess(self, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, str] | None:
        """What fills each field, told by the columns' names and a sample of their values; None where a field finds nothing."""
        mapping: dict[str, str] = {}
        for name, field in self.fields.items():
            if field.plain:
                continue
            if found := find(field.likes(), columns, rows, mapping.values()):
                mapping[name] = found
            elif not field.optional:
                return None
        return mapping

    def fill(self, mapping: Mapping[str, str], columns: Sequence[str]) -> Filled:
        """The template over these columns. A field is filled with a column, or with any Jinja expression of columns."""
        problems = [Problem(name, f"is no field of {self.name}. {did_you_mean(name, self.fields)}") for name in mapping if name not in self.fields]
        fills: dict[str, str] = {}
        for name, field in self.fields.items():
            if field.plain:
                fills[name] = mapping.get(name) or language(mapping.get(field.language_of, "")) or field.default
            elif given := mapping.get(name, "").strip():
                try:
                    fills[name] = _expression(given, columns)
                except TemplateError as error:
                    problems.append(Problem(name, f"{error.what} {error.todo}"))
            elif not field.optional:
                problems.append(Problem(name, f"nothing fills it ({field.title}). The columns are {', '.join(columns)}."))
        if problems:
            raise Problems(problems, where=f"template {self.name}")
        plain = {name for name, field in self.fields.items() if field.plain}
        texts = {key: _filled(getattr(self, key), fills, plain) for key in ("template", "answer_choices", "rationale", "also")}
        return Filled(**texts, answer_type=self.answer_type, metrics=self.metrics, input=_only_column(fills.get(self.input, ""), columns))


@lru_cache(maxsize=1)
def library() -> dict[str, LibraryTemplate]:
    """By name. A file that is wrong is named with everything wrong in it."""
    return {template.name: template for template in map(read, sorted(FOLDER.glob("*.yaml")))}


def read(file: Path) -> LibraryTemplate:
    try:
        template = LibraryTemplate.model_validate({"name": file.stem, **load_yaml(file)})
    except ValidationError as error:
        raise Problems([Problem(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors()], where=file.name) from None
    if template.name != file.stem or template.input not in template.fields:
        raise UserError("its name should be its file's, and its input one of its fields.", where=file.name, todo="Correct it.")
    return template


def best_guess(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> tuple[LibraryTemplate, dict[str, str]] | None:
    """Which template suits a table that nobody said anything about; None is better than a wrong one."""
    for template in sorted(library().values(), key=lambda template: template.guess_rank):
        if template.guess_rank and (mapping := template.guess(columns, rows)):
            return template, mapping
    return None


def prompt_columns(template: str, columns: Sequence[str]) -> list[str]:
    """The columns that a template reads before its `|||`."""
    column_of = {name: column for column, name in names(columns).items()}
    return [column_of[name] for name in used(template).prompt if name in column_of]


def _expression(given: str, columns: Sequence[str]) -> str:
    written = names(columns)
    if given in written:
        return written[given]
    needed = used("{{ " + given + " }}").needed if expression_names(given) else ()
    for name in sorted(needed):
        if name not in written.values():
            raise TemplateError(f"there is no column {name!r}.", todo=did_you_mean(name, written.values()))
    return given


def _filled(text: str, fills: Mapping[str, str], plain: Set[str]) -> str:
    """Empty where it wants a field that nothing fills. An expression within an expression gets brackets."""
    text = re.sub(r"<<if (\w+)>>(.*?)<<end>>", lambda part: part[2] if part[1] in fills else "", text, flags=re.DOTALL)
    if any(name not in fills for name in re.findall(r"<<(\w+)>>", text)):
        return ""

    def put(place: re.Match[str]) -> str:
        before, fill, behind = place[1] or "", fills[place[2]], place[3] or ""
        whole = (before and behind) or place[2] in plain or re.fullmatch(r"\w+", fill)
        return f"{before}{fill if whole else f'({fill})'}{behind}"

    return re.sub(r"(\{\{ )?<<(\w+)>>( \}\})?", put, text)


def _only_column(expression: str, columns: Sequence[str]) -> str:
    column_of = {name: column for column, name in names(columns).items()}
    found = [column_of[name] for name in (expression_names(expression) if expression else ()) if name in column_of]
    return found[0] if len(found) == 1 else ""
