"""Every error a person may meet, as one tree.

    UserError                 something a person can mend: what is wrong, where, what to do
    ├── NotFound              no such thing for this owner (another owner's thing answers exactly the same)
    ├── Busy                  somebody else holds what is needed: try again
    ├── DiskFull              what should be kept could not be written
    ├── Problems              several things wrong at once, each naming its field
    ├── TemplateError         a template that failed, was too slow or too large
    └── EngineError           a model could not do what it was asked
        ├── ModelUnusable     the folder cannot be loaded, and why
        ├── OutOfMemory       the device has not enough memory for it
        └── EngineDied        the device process ended while it worked

Anything that is not a UserError is a defect of ours. This file imports nothing of ours; everything may import it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class UserError(Exception):
    """What is wrong, where (a field, a file, a row), and what to do about it."""

    name = "ERROR"  # the cause as jobs, panes and JSON show it

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        self.what, self.where, self.todo = what, where, todo
        super().__init__(str(self))

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head} {self.todo}".strip()


class NotFound(UserError):
    name = "NOT_FOUND"


class Busy(UserError):
    name = "BUSY"


class DiskFull(UserError):
    name = "DISK_FULL"


class TemplateError(UserError):
    name = "TEMPLATE"


class EngineError(UserError):
    name = "FAILED"


class ModelUnusable(EngineError):
    name = "MODEL_UNUSABLE"


class OutOfMemory(EngineError):
    name = "OUT_OF_MEMORY"


class EngineDied(EngineError):
    name = "KILLED"


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one field of a form, a file or a set of settings."""

    field: str
    what: str

    def __str__(self) -> str:
        return f"{self.field}: {self.what}"


class Problems(UserError):
    """Everything wrong at once."""

    name = "PROBLEMS"

    def __init__(self, problems: Sequence[Problem], *, where: str = "", todo: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)), where=where, todo=todo)


def raised(name: str, what: str, *, todo: str = "") -> EngineError:
    """An engine's error as it came over a pipe (name and words), made an exception again."""
    kinds = {kind.name: kind for kind in (EngineError, ModelUnusable, OutOfMemory, EngineDied)}
    return kinds.get(name, EngineError)(what, todo=todo)
