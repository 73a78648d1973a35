"""A task as one YAML: where its rows come from, and everything that makes examples of them.

The same form whether a person wrote it, the command line made it or Promptune keeps it; what is left out is found by `draft`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, ValidationError, model_validator

from promptune.core.contender import is_slug
from promptune.core.task import SPLITS, AnswerType, Split, Task
from promptune.errors import Problem, Problems, UserError
from promptune.registry import did_you_mean
from promptune.tasks.tables.table import ReadOptions

LARGEST = 2**20  # bytes of a YAML, rows in it included: it is parsed slowly


def _slug(name: str) -> str:
    if name and not is_slug(name):
        raise ValueError("should be a name such as reviews: lower-case letters, digits, '.', '_' and '-'")
    return name


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Share = Annotated[float, Field(ge=0, le=1)]


class Making(_Form):
    """How splits are made where they are not given."""

    train: Share = 0.8
    validation: Share = 0.1
    test: Share = 0.1
    seed: Annotated[int, Field(ge=0)] = 0

    @property
    def fractions(self) -> dict[Split, float]:
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if abs(sum(self.fractions.values()) - 1) > 1e-6:
            raise ValueError("train, validation and test should add up to 1")
        return self


def _rows(value: Any) -> Any:
    """Told here in one sentence, where a union would tell what is wrong with each of its kinds."""
    given = isinstance(value, dict) and all(split in SPLITS and (isinstance(of, str) or _is_table(of)) for split, of in value.items())
    if not (isinstance(value, str) or given):
        raise ValueError("should name a file, or hold train, validation or test, each with a file's name or with rows of `column: value`")
    return value


def _is_table(rows: Any) -> bool:
    return isinstance(rows, list) and all(isinstance(row, dict) and all(isinstance(name, str) for name in row) for row in rows)


Rows = str | Mapping[Split, str | list[dict[str, Any]]]  # a file, or for each split a file or the rows themselves


class TaskFile(_Form):
    rows: Annotated[Rows, PlainValidator(_rows)] = ""
    name: Annotated[str, AfterValidator(_slug)] = ""
    title: str = ""
    description: str = ""
    use: str = ""  # a template of the library, instead of one written here
    fills: dict[str, str] = {}  # pydantic copies it; what fills its fields: columns, or Jinja expressions
    template: Annotated[str, Field(max_length=100_000)] = ""
    answer_choices: str = ""
    rationale: str = ""
    also: str = ""
    columns: tuple[str, ...] = ()  # that its tables must have
    input: str = ""
    answer_type: AnswerType | None = None
    metrics: tuple[str, ...] = ()
    group: str = ""
    source: str = ""
    read: ReadOptions = ReadOptions()
    splits: Making | None = None  # only where `rows` is one file
    keep_good: bool = False  # goes on without the rows that cannot be used

    @classmethod
    def check(cls, values: Mapping[str, Any], where: str) -> Self:
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            problems = {_problem(one) for one in error.errors()}
            raise Problems(sorted(problems, key=str), where=where) from None

    @classmethod
    def load(cls, file: Path) -> Self:
        """Everything wrong with it at once."""
        return cls.check(load_yaml(file), file.name)

    def dump(self) -> str:
        values = self.model_dump(mode="json", exclude_defaults=True)
        return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=160)

    @classmethod
    def of(cls, task: Task, rows: Rows) -> Self:
        same = [field.name for field in fields(Task) if field.name in cls.model_fields]
        return cls(rows=rows, **{key: getattr(task, key) for key in same})


def load_yaml(file: Path, loader: type[PlainLoader] | None = None) -> dict[str, Any]:
    """A person's YAML: `name: value` lines, read by a loader that makes nothing but plain values."""
    try:
        with file.open("rb") as stream:
            text = stream.read(LARGEST + 1)  # of a device no more either
    except OSError as error:
        raise UserError(f"it cannot be read: {error.strerror}.", where=str(file), todo="Check the path.") from None
    if len(text) > LARGEST:
        raise UserError(f"it is larger than {LARGEST:,} bytes.", where=file.name, todo="Keep rows in files of their own.")
    try:
        values = yaml.load(text.decode("utf-8-sig"), Loader=loader or PlainLoader)  # noqa: S506  # a SafeLoader that knows even less
    except UnicodeDecodeError as error:
        raise UserError(f"byte {error.start} is no UTF-8.", where=file.name, todo="Save the file as UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        raise UserError(f"{line}it is no YAML: {getattr(error, 'problem', None) or error}.", where=file.name, todo="Correct it.") from None
    except (RecursionError, ValueError, TypeError):  # nested too deeply, an impossible number, a list as a name
        raise UserError("it is no YAML that can be read.", where=file.name, todo="Correct it.") from None
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise UserError("it does not consist of `name: value` lines.", where=file.name, todo="Correct it.")
    return values


class PlainLoader(yaml.SafeLoader):
    """Text, plain numbers, true, false, null, lists and maps. `003`, `yes` and a date stay the text they are; no anchor multiplies what a file holds."""

    yaml_implicit_resolvers: Any = {}  # noqa: RUF012  # as PyYAML declares it

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not read", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} is there twice", key.start_mark)
            seen.add(getattr(key, "value", "") if isinstance(key, yaml.ScalarNode) else "")
        return dict(super().construct_mapping(node, deep))

    def construct_yaml_float(self, node: Any) -> Any:
        """A number that would lose digits stays the text it is."""
        text = str(node.value)
        value = float(text)
        return value if math.isfinite(value) and Decimal(text) == Decimal(repr(value)) else text


PlainLoader.add_constructor("tag:yaml.org,2002:float", PlainLoader.construct_yaml_float)
for _tag, _form, _first in (
    ("bool", "true|false", "tf"),
    ("null", "null|~|", ["n", "~", ""]),
    ("int", "-?(0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?", "-0123456789"),
):
    PlainLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^({_form})$"), list(_first))


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, as a person would write them."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _problem(error: Any) -> Problem:
    place = [str(piece) for piece in error["loc"]]
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        known: Any = TaskFile.model_fields if len(place) == 1 else {"splits": Making.model_fields, "read": ReadOptions.__dataclass_fields__}.get(place[0], ())
        return Problem(".".join(place), f"is unknown. {did_you_mean(place[-1], known)}")
    return Problem(".".join(place) or "task", error["msg"].removeprefix("Value error, ").rstrip(".") + ".")
