"""The recipes there are, and a person's changes to one, with everything that is wrong at once. No torch here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args

from promptune.core.recipe import Method, Recipe
from promptune.errors import NotFound, Problem, Problems
from promptune.registry import did_you_mean
from promptune.tasks.definition import load_yaml

FOLDER = Path(__file__).resolve().parents[3] / "configs" / "recipes"


@dataclass(frozen=True)
class Knob:
    """One setting of a recipe: what it may be, and what it does, for people."""

    name: str
    low: float
    high: float
    whole: bool
    about: str
    only: Method | None = None  # the method that has it

    def wrong(self, value: Any) -> str:
        """What is wrong with a value; empty where nothing is."""
        number = _number(value)
        if number is None or not math.isfinite(number):
            return f"{value!r} is no {'whole ' if self.whole else ''}number."
        if self.whole and number != int(number):
            return f"{value} is no whole number."
        if not self.low <= number <= self.high:
            return f"{value} is not from {self.low:g} to {self.high:g}."
        return ""

    def read(self, value: Any) -> float | int:
        number = _number(value) or 0.0
        return int(number) if self.whole else number


KNOBS = (
    Knob("rate", 1e-7, 1.0, False, "how far each step goes: too low learns nothing, too high forgets everything"),
    Knob("epochs", 1, 1000, True, "how often every train row is seen"),
    Knob("batch", 1, 1024, True, "rows a step learns from"),
    Knob("warmup", 0.0, 0.5, False, "share of the steps in which the rate rises to its height"),
    Knob("clip", 0.01, 1000.0, False, "largest norm of a gradient: a wild row cannot throw the model off"),
    Knob("decay", 0.0, 1.0, False, "how much weights shrink towards zero"),
    Knob("rank", 1, 1024, True, "width of the added matrices", "lora"),
    Knob("alpha", 1, 4096, True, "their scale is alpha / rank", "lora"),
    Knob("checks", 1, 100, True, "validations an epoch"),
    Knob("patience", 1, 1000, True, "validations in a row without a better one, after which it ends"),
    Knob("seed", 0, 2**31 - 1, True, "of the order of the rows and of new weights"),
)


@dataclass(frozen=True)
class RecipeInfo:
    """A recipe as people choose it."""

    title: str
    summary: str
    recipe: Recipe

    @property
    def knobs(self) -> list[Knob]:
        return [knob for knob in KNOBS if knob.only in (None, self.recipe.method)]


def recipes() -> list[RecipeInfo]:
    """Those that come with Promptune, the gentlest first."""
    found = [_read(file) for file in sorted(FOLDER.glob("*.yaml"))]
    return sorted(found, key=lambda info: get_args(Method).index(info.recipe.method))


def recipe(name: str) -> RecipeInfo:
    found = {info.recipe.name: info for info in recipes()}
    if name not in found:
        raise NotFound(f"no recipe {name!r}.", todo=did_you_mean(name, found))
    return found[name]


def configured(name: str, settings: Mapping[str, Any]) -> Recipe:
    """A recipe with some settings changed: texts as a command line has them, or numbers."""
    info = recipe(name)
    knobs = {knob.name: knob for knob in info.knobs}
    problems = []
    for key, value in settings.items():
        if key not in knobs:
            problems.append(Problem(key, f"is no setting of {name}. {did_you_mean(key, knobs)}"))
        elif wrong := knobs[key].wrong(value):
            problems.append(Problem(key, wrong))
    if problems:
        raise Problems(problems, where=f"recipe {name}")
    changed = {key: knobs[key].read(value) for key, value in settings.items()}
    return Recipe(**{**{field.name: getattr(info.recipe, field.name) for field in fields(Recipe)}, **changed})


def _read(file: Path) -> RecipeInfo:
    values = load_yaml(file)
    title, summary = str(values.pop("title")), str(values.pop("summary"))
    made = Recipe(name=file.stem, **values)
    for knob in KNOBS:
        if wrong := knob.wrong(getattr(made, knob.name)):
            raise Problems([Problem(knob.name, wrong)], where=file.name)
    return RecipeInfo(title, summary, made)


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None
