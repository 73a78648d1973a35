"""What every command shares: its Lab, its two ways out, and mistakes in one line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

from promptune.errors import Problems, UserError
from promptune.lab import Lab
from promptune.registry import did_you_mean
from promptune.settings import Settings

T = TypeVar("T")
R = TypeVar("R")
# What a model or a table says must not steer the terminal: control characters are shown, not sent. JSON escapes them itself.
VISIBLE = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
OWNER = "local"  # the command line is its machine's own user

AsJson = Annotated[bool, typer.Option("--json", help="JSON alone on stdout.")]


class NameOrCommand(TyperGroup):
    """`promptune models` lists, `promptune models NAME` shows one, `promptune models add …` is a command; options stand before or behind."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        word = next((arg for arg in args if not arg.startswith("-")), "")
        if word in self.commands:
            args.remove(word)
            args = [word, *args]
        elif word or "--help" not in args:
            args = ["show" if word else "list", *args]
        return list(super().parse_args(ctx, args))


@contextmanager
def lab() -> Iterator[Lab]:
    opened = Lab(Settings.load())
    try:
        yield opened
    finally:
        opened.close()


def say(value: object, as_json: bool, plain: Callable[[], str]) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2) if as_json else plain().translate(VISIBLE)
    try:
        if sys.stdout is None:  # it was closed before we began; print would drop the text without a word
            raise UserError("it is closed.", where="standard output")
        print(text, flush=True)
    except OSError as error:
        _give_up_stdout()
        raise UserError(f"cannot be written: {error.strerror}.", where="standard output") from None


def note(text: str) -> None:
    if sys.stderr is not None:  # print takes None for standard output
        with suppress(OSError):
            print(text, file=sys.stderr, flush=True)


def follow(news: Generator[T, None, R], told: Callable[[T], tuple[int, int, str]]) -> R:
    """What the generator gives back in the end; on the way each new percent is said: (done, of, what it counts)."""
    shown = -1
    while True:
        try:
            done, total, what = told(next(news))
        except StopIteration as end:
            result: R = end.value
            return result
        if (percent := 100 * done // total if total else 0) > shown:
            shown = percent
            note(f"{percent:3} % of {total:,} {what}" if total else "asking …")


def _give_up_stdout() -> None:
    """The interpreter tries once more to write what is left when it ends, and would say so in its own way."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def list_or_one(found: dict[str, dict[str, Any]], name: str | None, noun: str, as_json: bool, line: Callable[[dict[str, Any]], str]) -> None:
    if name is None:
        return say(list(found.values()), as_json, lambda: "\n".join(map(line, found.values())))
    if name not in found:
        raise UserError(f"no {noun} {name!r}.", todo=did_you_mean(name, found))
    return say(found[name], as_json, lambda: "\n".join(f"{key:<8} {value}" for key, value in found[name].items()))


def guarded(app: Callable[[], object]) -> None:
    """A person's mistake is one clear line on stderr and exit code 2, never a traceback."""
    try:
        app()
    except Problems as error:
        if error.where:
            note(f"promptune: something is wrong in {error.where}")
        for problem in error.problems:
            note(f"promptune: {problem}")
        raise SystemExit(2) from None
    except UserError as error:
        note(f"promptune: {error}")
        raise SystemExit(2) from None
    except OSError as error:  # such as --help to a full disk
        _give_up_stdout()
        note(f"promptune: {error}")
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
