"""Promptsource's YAML files, read as they are: `!Template` and `!TemplateMetadata` are plain maps here, and nothing else is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from promptune.errors import TemplateError, UserError
from promptune.tasks.definition import PlainLoader, load_yaml
from promptune.tasks.names import used
from promptune.tasks.templates import Filled

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
    values = load_yaml(path, _Loader)
    templates = values.get("templates")
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
