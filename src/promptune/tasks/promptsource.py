"""Promptsource's YAML files, read as they are: `!Template` and `!TemplateMetadata` are plain maps here, and nothing else is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from promptune.errors import TemplateError, UserError
from promptune.tasks.definition import PlainLoader
from promptune.tasks.names import used
from promptune.tasks.templates import Filled

LARGEST = 4 * 2**20  # bytes; the largest of promptsource's own has a tenth of it

METRICS = {"accuracy": ("accuracy",), "bleu": ("bleu",), "rouge": ("rougeL", "rouge1", "rouge2")}  # theirs, as ours


@dataclass(frozen=True)
class Imported:
    filled: Filled
    problem: str = ""  # why Jinja cannot read it; empty where it can


class _Loader(PlainLoader):
    pass


def _plain_map(loader: _Loader, node: yaml.Node) -> dict[Any, Any]:
    if not isinstance(node, yaml.MappingNode):
        raise yaml.constructor.ConstructorError(None, None, "a template consists of `name: value` lines", node.start_mark)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor("!Template", _plain_map)
_Loader.add_constructor("!TemplateMetadata", _plain_map)


def load(path: Path) -> dict[str, Imported]:
    """Every template of the file by its name; one that cannot be used says why."""
    found: dict[str, Imported] = {}
    for key, values in _templates(path).items():
        if not isinstance(values, Mapping) or not isinstance(values.get("jinja"), str):
            raise UserError(f"the template {key} has no `jinja`.", where=path.name, todo="Import a templates.yaml of promptsource.")
        name = str(values.get("name") or key)
        found[name if name not in found else f"{name} ({key})"] = _imported(values)
    return found


def _templates(path: Path) -> Mapping[Any, Any]:
    try:
        if path.stat().st_size > LARGEST:
            raise UserError(f"it is larger than {LARGEST // 2**20} MB.", where=path.name, todo="Import a templates.yaml of promptsource.")
        values = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)  # noqa: S506  # a SafeLoader that knows even less
    except OSError as error:
        raise UserError(f"it cannot be read: {error.strerror}.", where=str(path), todo="Check the path.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"byte {error.start} is no UTF-8.", where=path.name, todo="Save the file as UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        raise UserError(f"{line}it is no YAML: {getattr(error, 'problem', None) or error}.", where=path.name, todo="Correct it.") from None
    except (RecursionError, ValueError, TypeError):  # nested too deeply, an impossible number, a list as a name
        raise UserError("it is no YAML of promptsource.", where=path.name, todo="Import a templates.yaml of promptsource.") from None
    templates = values.get("templates") if isinstance(values, Mapping) else None
    if not isinstance(templates, Mapping) or not templates:
        raise UserError("it holds no templates.", where=path.name, todo="Import a templates.yaml of promptsource.")
    return templates


def _imported(values: Mapping[str, Any]) -> Imported:
    choices = values.get("answer_choices")
    metadata = values.get("metadata")
    theirs = (metadata.get("metrics") if isinstance(metadata, Mapping) else None) or ()
    metrics = tuple(ours for name in theirs for ours in METRICS.get(str(name).lower(), ()))
    # Choices may stand there only for the template to look a text up in them: then accuracy is not among its metrics.
    chosen = choices is not None and "accuracy" in metrics
    texts = {"template": values["jinja"], "answer_choices": "" if choices is None else str(choices)}
    problem = ""
    try:
        for field, text in texts.items():
            used(text, field)
    except TemplateError as error:
        problem = str(error)
    return Imported(Filled(**texts, answer_type="choice" if chosen else None, metrics=metrics), problem)
