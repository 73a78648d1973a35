"""What a dataset's card (its README.md) says about its files: the subsets, and the paths of each split."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import yaml

DEFAULT = "default"  # the subset that is meant where none is named
LARGEST = 2**18  # characters of its YAML


def subsets(card: str) -> dict[str, dict[str, Any]]:
    """The card's `configs` by their names, the one it calls its default by that name as well; nothing where the card does not say."""
    front = re.match(r"\ufeff?---[^\S\n]*\n(.*?)\n---", card.replace("\r\n", "\n"), re.DOTALL)
    if front is None or len(front[1]) > LARGEST:
        return {}
    try:
        said = yaml.load(front[1], Loader=yaml.BaseLoader)  # noqa: S506  # it makes nothing but text, lists and maps
    except (yaml.YAMLError, RecursionError):
        return {}
    configs = said.get("configs") if isinstance(said, dict) else None
    known = [one for one in configs if isinstance(one, dict) and ("data_files" in one or "data_dir" in one)] if isinstance(configs, list) else []
    found = {str(one.get("config_name", DEFAULT)): one for one in known}
    flagged = [one for one in known if one.get("default") == "true"]
    return {**found, DEFAULT: flagged[0]} if flagged else found


def by_split(config: Mapping[str, Any], paths: Sequence[str]) -> dict[str, list[str]] | None:
    """Which of a repository's paths a subset has in which split; None where it names a folder at most."""
    if (said := config.get("data_files")) is None:
        return None
    if isinstance(said, dict):
        pairs = list(said.items())
    elif isinstance(said, list) and said and all(isinstance(one, dict) for one in said):
        pairs = [(one.get("split", "train"), one.get("path", ())) for one in said]
    else:
        pairs = [("train", said)]
    found: dict[str, list[str]] = {}
    for split, patterns in pairs:
        wanted = [one for one in ([patterns] if isinstance(patterns, str) else patterns) if isinstance(one, str)]
        found[str(split)] = [path for path in within(config, paths) if any(_matches(path, f"{_folder(config)}/{one}") for one in wanted)]
    return found


def within(config: Mapping[str, Any], paths: Sequence[str]) -> list[str]:
    """Those in the subset's own folder, if it has one."""
    return [path for path in paths if _matches(path, f"{_folder(config)}/**")]


def _folder(config: Mapping[str, Any]) -> str:
    return str(config.get("data_dir", ""))


def _matches(path: str, pattern: str) -> bool:
    """As a glob: `*` within a folder's name, `**` any number of folders; a folder stands for all in it."""
    pieces = [piece for piece in pattern.split("/") if piece not in ("", ".")]
    return _fits(path.split("/"), pieces) or _fits(path.split("/"), [*pieces, "**"])


def _fits(pieces: Sequence[str], pattern: Sequence[str]) -> bool:
    reached = {0}  # how many of the path's pieces the pattern so far may have used up
    for one in pattern:
        if one == "**":
            reached = set(range(min(reached, default=len(pieces) + 1), len(pieces) + 1))
        else:
            reached = {place + 1 for place in reached if place < len(pieces) and fnmatchcase(pieces[place], one)}
    return len(pieces) in reached
