"""Columns as a template writes them, and the names that a template uses.

Templates are only parsed here, never compiled: Jinja works out constants as it compiles, and `'x' * 10**10` is one. The
tree is walked without recursion, for a person's template may be as deep as they please.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import TemplateSyntaxError, nodes
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from promptune.errors import TemplateError
from promptune.sandbox import LONGEST, SIMPLIFY

# Jinja reads these as its own, and answer_choices is ours.
RESERVED = frozenset({"true", "false", "none", "True", "False", "None", "not", "and", "or", "in", "is", "if", "else", "self", "loop", "answer_choices"})
ALWAYS_THERE = frozenset({"range", "dict", "zip", "cycler", "joiner", "namespace", "loop", "caller", "varargs", "kwargs"})
ELSEWHERE = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
PARSING = ImmutableSandboxedEnvironment(extensions=["jinja2.ext.loopcontrols"])


@dataclass(frozen=True)
class Used:
    """The names a template reads, in their order."""

    names: tuple[str, ...]
    needed: frozenset[str]  # without those it makes itself, and those it only asks whether they are there
    prompt: tuple[str, ...]  # those before its first `|||`
    pieces: bool  # whether it writes `|||` at all


def names(columns: Iterable[str]) -> dict[str, str]:
    """How each column is written in a template: `Best Answer` as Best_Answer. What is a name already stays as it is."""
    columns = list(dict.fromkeys(columns))
    written = {column: column for column in columns if _is_name(column)}
    for column in columns:
        if column not in written:
            written[column] = _unlike(_as_name(column), set(written.values()))
    return {column: written[column] for column in columns}


@lru_cache(maxsize=64)
def used(template: str, where: str = "template") -> Used:
    """A TemplateError tells what Jinja cannot read, and on which line."""
    if len(template) > LONGEST:
        raise TemplateError(f"it is too large: {len(template):,} characters, at most {LONGEST:,}.", where=where, todo=SIMPLIFY)
    try:
        tree = PARSING.parse(template)
    except TemplateSyntaxError as error:
        raise TemplateError(f"line {error.lineno}: {str(error.message).rstrip('.')}.", where=where, todo="Correct the template.") from None
    except RecursionError:
        raise TemplateError("it is nested too deeply.", where=where, todo="Write it with less in brackets and blocks.") from None
    except (ValueError, OverflowError) as error:  # a number of five thousand digits
        raise TemplateError(f"{error}.", where=where, todo="Correct the template.") from None
    read: dict[str, None] = {}
    made: set[str] = set()
    asked: set[str] = set()
    prompt: tuple[str, ...] | None = None
    for node in walk(tree):
        if isinstance(node, ELSEWHERE):
            raise TemplateError(f"line {node.lineno}: a template cannot read another one.", where=where, todo="Write what it needs in one template.")
        if prompt is None and "|||" in _text(node):
            prompt = tuple(read)
        if isinstance(node, nodes.Name):
            if node.ctx == "load":
                read[node.name] = None
            else:
                made.add(node.name)
        elif isinstance(node, nodes.Macro):
            made.add(node.name)
        elif (isinstance(node, nodes.Filter) and node.name in ("default", "d")) or (isinstance(node, nodes.Test) and node.name in ("defined", "undefined")):
            asked |= {node.node.name} if isinstance(node.node, nodes.Name) else set()
    needed = frozenset(read) - made - asked - ALWAYS_THERE
    return Used(tuple(read), needed, tuple(read) if prompt is None else prompt, prompt is not None)


def expression_names(expression: str) -> tuple[str, ...]:
    """The names in one Jinja expression. Anything more or less than one expression is a TemplateError."""
    told = repr(expression if len(expression) <= 60 else f"{expression[:57]}…")
    try:
        parser = Parser(PARSING, expression[:LONGEST], state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            raise TemplateError(f"{told} is more than one expression.", todo="Write a column, or one expression of columns.")
    except (TemplateSyntaxError, RecursionError, ValueError, OverflowError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error).partition("\n")[0]
        raise TemplateError(f"{told} is no expression ({why}).", todo="Write a column, or an expression of columns.") from None
    return tuple(dict.fromkeys(node.name for node in walk(tree) if isinstance(node, nodes.Name)))


def walk(tree: nodes.Node) -> Iterator[nodes.Node]:
    """Every node in the order of the text."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(list(node.iter_child_nodes()))


def _text(node: nodes.Node) -> str:
    if isinstance(node, nodes.TemplateData):
        return node.data
    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else ""


def _is_name(column: str) -> bool:
    """Python's own idea of equal names counts, for Jinja makes Python of a template."""
    return column.isidentifier() and column not in RESERVED and unicodedata.normalize("NFKC", column) == column


def _as_name(column: str) -> str:
    kept = "".join(char if f"_{char}".isidentifier() else "_" for char in unicodedata.normalize("NFKC", column))
    name = re.sub("__+", "_", kept).strip("_") or "column"
    if name in RESERVED:
        return f"{name}_"
    return name if name.isidentifier() else f"_{name}"


def _unlike(name: str, taken: Sequence[str] | set[str]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
