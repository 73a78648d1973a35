"""The one SQLite file: how it is opened, brought up to date, read and written, and what its errors mean to a person."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from promptune.errors import Busy, UserError
from promptune.store.disk import disk_full
from promptune.store.migrations import MIGRATIONS

BUSY_SECONDS = 10.0  # how long a call waits for the others
# A rollback journal: the WAL of the SQLite versions that Python 3.11 comes with can lose a commit.
PRAGMAS = ("PRAGMA journal_mode = DELETE", "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON")


class Database:
    """A connection for each call: nothing is shared between threads, and nothing lives longer than the call that needs it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(f"cannot be made ({error.strerror})", "Check its permissions") from error
        self._upgrade()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
                connection.row_factory = _named
                for pragma in PRAGMAS:
                    connection.execute(pragma)
                yield connection
        except sqlite3.Error as error:
            raise self._explained(error) from error
        except UnicodeEncodeError as error:
            raise UserError("a text holds half of a character, which cannot be kept.", todo="Remove it.") from error

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction, alone with the file from its first read. An error leaves nothing: closing without COMMIT rolls back."""
        with self.read() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    def _upgrade(self) -> None:
        with self.write() as connection:
            version: int = connection.execute("PRAGMA user_version").fetchone()["user_version"]
            if version > len(MIGRATIONS):
                known = f"its database has version {version}, and this one knows {len(MIGRATIONS)}"
                raise self._unusable(f"was written by a newer Promptune ({known})", "Update Promptune")
            for statement in MIGRATIONS[version:]:
                connection.execute(statement)
            if version < len(MIGRATIONS):
                connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def _explained(self, error: sqlite3.Error) -> Exception:
        code: int = getattr(error, "sqlite_errorcode", 0)
        match code & 0xFF:  # the rest says where inside SQLite it happened
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return Busy(f"the database was in use for more than {BUSY_SECONDS:.0f} seconds.", todo="Try again in a moment.")
            case sqlite3.SQLITE_FULL:
                return disk_full(self.path.parent)
            case sqlite3.SQLITE_IOERR if code == sqlite3.SQLITE_IOERR_WRITE:  # a quota or a limit on a file's size
                return disk_full(self.path.parent)
            case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
                return self._unusable(f"holds a damaged {self.path.name}", "Put a copy of that file back")
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
                return self._unusable(f"cannot be written ({error})", "Check its permissions")
        return error

    def _unusable(self, why: str, todo: str) -> UserError:
        return UserError(f"the data folder {self.path.parent} {why}.", todo=f"{todo}, or set PROMPTUNE_HOME to another folder.")


def _named(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> dict[str, Any]:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}
