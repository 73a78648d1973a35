"""What an owner saved for strategies to draw from: prompts of their own (instruct:NAME, custom:NAME) and passages (retrieve:3,from=NAME)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from promptune.core.contender import Contender, slugify
from promptune.core.task import Example
from promptune.errors import Problem, Problems, UserError
from promptune.prompting.material import Material, Parts
from promptune.registry import did_you_mean
from promptune.store import Store
from promptune.store.kept import Kept
from promptune.tasks.definition import load_yaml
from promptune.tasks.passages import read_passages


@dataclass(frozen=True)
class SavedInfo:
    slug: str
    label: str
    summary: str  # the beginning of it


class Saved:
    def __init__(self, store: Store) -> None:
        self._store = store

    # ---- prompts ----

    def prompts(self, owner: str) -> list[SavedInfo]:
        return [SavedInfo(one.slug, one.label, one.summary) for one in self._store.prompts.lines(owner)]

    def prompt(self, owner: str, slug: str) -> Parts:
        return Parts(**self._store.prompts.get(owner, slug).content)

    def save_prompt(self, owner: str, parts: Parts, label: str, slug: str = "") -> SavedInfo:
        if not any(asdict(parts).values()):
            raise UserError("all its parts are empty.", where="prompt", todo=f"Fill one of {', '.join(_parts())}.")
        return _add(self._store.prompts, owner, asdict(parts), " ".join(filter(None, asdict(parts).values()))[:100], label, slug)

    def prompt_from(self, owner: str, file: Path, slug: str = "") -> SavedInfo:
        """From a YAML of parts: `role: …`, `instruction: …`."""
        values = load_yaml(file)
        wrong = [Problem(key, f"is unknown. {did_you_mean(key, _parts())}") for key in values if key not in _parts()]
        wrong += [Problem(key, "should be a text.") for key, value in values.items() if key in _parts() and not isinstance(value, str)]
        if wrong:
            raise Problems(wrong, where=file.name)
        return self.save_prompt(owner, Parts(**values), slug or file.stem, slug)

    # ---- passages ----

    def passages(self, owner: str) -> list[SavedInfo]:
        return [SavedInfo(one.slug, one.label, one.summary) for one in self._store.passages.lines(owner)]

    def passages_of(self, owner: str, slug: str) -> tuple[str, ...]:
        return tuple(self._store.passages.get(owner, slug).content["passages"])

    def passages_from(self, owner: str, file: Path, label: str = "", slug: str = "") -> SavedInfo:
        passages = read_passages(file)
        return _add(self._store.passages, owner, {"passages": passages}, f"{len(passages):,} passages", label or file.stem, slug)

    def delete_prompt(self, owner: str, slug: str) -> None:
        self._store.prompts.delete(owner, slug)

    def delete_passages(self, owner: str, slug: str) -> None:
        self._store.passages.delete(owner, slug)

    # ---- for strategies ----

    def material(self, owner: str, contenders: Iterable[Contender], shots: tuple[Example, ...] = ()) -> Material:
        """The shots, and whatever these contenders name. What they do not name is there by its name alone: a misspelled one is told the nearest."""
        named = {value for one in contenders for value in (*one.args, *(value for _, value in one.options)) if isinstance(value, str)}
        if not named:
            return Material(shots)
        parts = {one.slug: self.prompt(owner, one.slug) if one.slug in named else Parts() for one in self._store.prompts.lines(owner)}
        passages = {one.slug: self.passages_of(owner, one.slug) if one.slug in named else () for one in self._store.passages.lines(owner)}
        return Material(shots, parts, passages)


def _add(kept: Kept, owner: str, content: dict[str, Any], summary: str, label: str, slug: str) -> SavedInfo:
    record = kept.add(owner, slug=slug or slugify(label) or "saved", label=label, content=content, summary=summary, exact=bool(slug))
    return SavedInfo(record.slug, record.label, record.summary)


def _parts() -> list[str]:
    return [field.name for field in fields(Parts)]
