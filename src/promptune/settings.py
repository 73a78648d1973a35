"""Every setting, from one documented file and the environment. All that is wrong is said at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from promptune.core.contender import is_slug
from promptune.errors import Problem, Problems
from promptune.registry import did_you_mean

PREFIX = "PROMPTUNE_"
FILE = Path(__file__).resolve().parents[2] / "configs" / "settings.yaml"  # there is none where only the package was installed

# Variables of ours that are not settings: where the file is, and the browser that the tests drive.
OTHER_VARIABLES = ("SETTINGS", "CHROMIUM")


def _absolute(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise ValueError("names a home folder that does not exist") from None


def _slug(name: str) -> str:
    if not is_slug(name):
        raise ValueError("should be a name such as tiny: lower-case letters, digits, '.', '_' and '-'")
    return name


class Settings(BaseModel):
    """configs/settings.yaml says what each one is for."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    home: Annotated[Path, AfterValidator(_absolute)] = Path("promptune-data")
    host: str = Field("127.0.0.1", min_length=1)
    port: int = Field(7860, ge=1, le=65535)
    offline: bool = False
    device: Literal["auto", "cpu", "cuda"] = "auto"
    engine: Literal["local", "scripted"] = "local"
    default_model: Annotated[str, AfterValidator(_slug)] = "tiny"
    max_tokens: int = Field(200, ge=1, le=1_000_000)
    answer_seconds: float = Field(120, gt=0, le=86_400)
    log: Literal["debug", "info", "warning", "error"] = "info"

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ, file: Path | None = None) -> Self:
        """From `file`, else the one PROMPTUNE_SETTINGS names, else the checkout's; PROMPTUNE_<NAME> overrides it."""
        named = file or (Path(path) if (path := environ.get(f"{PREFIX}SETTINGS")) else None)
        file = named or FILE
        from_file, problems = _read(file) if named or file.is_file() else ({}, [])
        from_environment = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in environ.items()
            if name.startswith(PREFIX) and value and name.removeprefix(PREFIX) not in OTHER_VARIABLES
        }
        # Each source is checked alone, so that a mistake in the file is told even where a variable hides it.
        problems += _check(cls, from_file, as_field=str)
        wrong = [str(file)] if problems else []
        problems += (in_environment := _check(cls, from_environment, as_field=lambda name: PREFIX + name.upper()))
        wrong += ["environment"] if in_environment else []
        if problems:
            raise Problems(problems, where=" and ".join(wrong))
        return cls.model_validate(from_file | from_environment)


def _read(file: Path) -> tuple[dict[str, Any], list[Problem]]:
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        return {}, [Problem("file", f"cannot be read ({error.strerror})")]
    except UnicodeDecodeError:
        return {}, [Problem("file", "is not UTF-8 text")]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return {}, [Problem(f"line {mark.line + 1}" if mark else "file", f"is not YAML: {getattr(error, 'problem', None) or str(error).splitlines()[0]}")]
    if values is None:  # every line is a comment
        return {}, []
    if not isinstance(values, dict):
        return {}, [Problem("file", "should hold lines such as `port: 7860`")]
    return {str(name): value for name, value in values.items()}, []


def _check(model: type[Settings], values: dict[str, Any], as_field: Callable[[str], str]) -> list[Problem]:
    try:
        model.model_validate(values)
    except ValidationError as error:
        return [Problem(as_field(str(detail["loc"][0])), _what(detail)) for detail in error.errors()]
    return []


WORDS = {  # pydantic's kinds of error, in a person's words
    "int_parsing": "should be a whole number",
    "int_type": "should be a whole number",
    "int_from_float": "should be a whole number",
    "float_parsing": "should be a number",
    "float_type": "should be a number",
    "bool_parsing": "should be true or false",
    "bool_type": "should be true or false",
    "string_type": "should be text",
    "string_too_short": "should not be empty",
    "path_type": "should be a folder",
}


def _what(detail: ErrorDetails) -> str:
    if detail["type"] == "extra_forbidden":
        return f"is no setting. {did_you_mean(str(detail['loc'][0]), Settings.model_fields)}".rstrip(".")
    words = detail["msg"].removeprefix("Value error, ").replace("Input should be", "should be")
    return f"{WORDS.get(detail['type'], words)}, not {detail['input']!r}"
