"""Names that are typed and linked to. One that was claimed is never given again, even after its thing was deleted."""

from __future__ import annotations

import sqlite3
import time
from itertools import count

from promptune.core.contender import is_slug
from promptune.errors import UserError

LONGEST = 100  # characters, as is_slug has it


def claim(connection: sqlite3.Connection, owner: str, kind: str, wanted: str, *, thing: str, exact: bool = False) -> str:
    """Within the caller's transaction: the name and the thing that bears it come to be together."""
    if not is_slug(wanted):
        raise UserError(f"{wanted!r} cannot be a name.", where="name", todo="Use lower-case letters, digits, '.', '_' and '-', a letter or digit first.")
    taken = {row["slug"] for row in connection.execute("SELECT slug FROM slugs WHERE owner = ? AND kind = ?", (owner, kind))}
    slug = _free(wanted, taken)
    if exact and slug != wanted:
        raise UserError(f"the {kind} name {wanted!r} is taken, or was once.", where="name", todo=f"Take another one, such as {slug!r}.")
    connection.execute("INSERT INTO slugs (owner, kind, slug, thing, created) VALUES (?, ?, ?, ?, ?)", (owner, kind, slug, thing, time.time()))
    return slug


def was(connection: sqlite3.Connection, owner: str, kind: str, slug: str) -> bool:
    """Whether it was ever claimed."""
    return connection.execute("SELECT 1 FROM slugs WHERE owner = ? AND kind = ? AND slug = ?", (owner, kind, slug)).fetchone() is not None


def _free(wanted: str, taken: set[str]) -> str:
    if wanted not in taken:
        return wanted
    numbered = (f"{wanted[: LONGEST - len(str(n)) - 1]}-{n}" for n in count(2))
    return next(slug for slug in numbered if slug not in taken)
