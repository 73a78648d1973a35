"""Writes constraints.txt: what the requirements bring in, at the versions installed in this environment (`make lock`)."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
FILES = ("requirements.txt", "requirements-dev.txt")
NOT_OURS = {"pip", "setuptools"}  # a machine's own, which other Pythons need at other versions

HEADER = """\
# What requirements.txt and requirements-dev.txt bring in, pinned exactly, so that every machine installs the same.
# Made by `make lock` on Python 3.11; the files themselves pin what is asked for directly.
"""


def direct() -> list[Requirement]:
    lines = (line.partition("#")[0].strip() for file in FILES for line in (ROOT / file).read_text().splitlines())
    return [Requirement(line) for line in lines if line]


def brought_in(requirement: Requirement) -> Iterator[Requirement]:
    for line in requires(requirement.name) or []:
        needed = Requirement(line)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *requirement.extras)):
            yield needed


def closure(asked: list[Requirement]) -> dict[str, str]:
    """Every package below those asked for, and its version without a local part (2.13.0+cpu is 2.13.0)."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    todo = list(asked)
    while todo:
        requirement = todo.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        name = canonicalize_name(requirement.name)
        try:
            found[name] = version(name).partition("+")[0]
        except PackageNotFoundError:
            continue  # an optional part that this platform does without
        todo.extend(brought_in(requirement))
    return found


def main() -> None:
    asked = direct()
    named = {canonicalize_name(requirement.name) for requirement in asked}
    pins = {name: pin for name, pin in closure(asked).items() if name not in named | NOT_OURS}
    (ROOT / "constraints.txt").write_text(HEADER + "".join(f"{name}=={pin}\n" for name, pin in sorted(pins.items())))


if __name__ == "__main__":
    main()
