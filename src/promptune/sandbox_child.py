"""The sandbox's child process: one JSON line in (templates, rows), one out (texts, or what went wrong).

A model's chat template and a person's task template are two kinds: this file knows the first, sandbox_tasks.py the second.
"""

from __future__ import annotations

import datetime
import json
import resource
import sys
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, Undefined, UndefinedError
from jinja2.ext import Extension
from jinja2.nodes import CallBlock, Node
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from promptune.sandbox_tasks import render_each, words

CPU_SECONDS = 2  # a batch
MEMORY = 512 * 2**20  # bytes of address space
OUTPUT = 16 * 2**20  # characters a batch

SIMPLIFY = "Take out loops over large ranges and very long texts."


class TemplateSaysNo(TemplateError):
    """A chat template called raise_exception."""


class Generation(Extension):
    """`{% generation %}` marks a chat template's assistant texts for training: here they render as they are."""

    tags = {"generation"}  # noqa: RUF012  # as Jinja declares it

    def parse(self, parser: Parser) -> Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return CallBlock(self.call_method("_plain"), [], [], body).set_lineno(line)

    def _plain(self, caller: Any) -> str:
        return str(caller())


def say_no(message: str) -> None:
    raise TemplateSaysNo(message)


def tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None, separators: Any = None, sort_keys: bool = False) -> str:
    """Chat templates expect plain JSON, not Jinja's escaped for HTML."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def environment(strict: bool) -> ImmutableSandboxedEnvironment:
    """Strict for a person's template; a model's chat template is written for undefined names that count as false."""
    env = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined if strict else Undefined,
        keep_trailing_newline=strict,
        extensions=[Generation, "jinja2.ext.loopcontrols"],
    )
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = say_no
    env.globals["strftime_now"] = lambda form: datetime.datetime.now().strftime(form)  # noqa: DTZ005  # the user's own day
    return env


@lru_cache(maxsize=4)
def compiled(text: str, strict: bool) -> Template:
    """Of the last few: a model's chat template comes with every prompt, and compiling it takes longer than rendering it. A render leaves nothing behind."""
    return environment(strict).from_string(text)


def render(order: dict[str, Any]) -> dict[str, Any]:
    row = 0
    try:
        template = compiled(order["template"], order["strict"])
        texts: list[str] = []
        for row, values in enumerate(order["rows"]):  # noqa: B007  # named in the error below
            texts.append(template.render(**values))
            if sum(map(len, texts)) > OUTPUT:
                raise MemoryError
        return {"texts": texts}
    except MemoryError:
        return {"error": "it is too large.", "row": row, "todo": SIMPLIFY}
    except UndefinedError as error:
        return {"error": f"{error.message}.", "row": row, "todo": "Use a name that exists."}
    except Exception as error:  # a template can raise anything: 1/0, a missing key, a type error
        return {"error": f"{words(error)}.", "row": row}


def limit_cpu() -> None:
    """Two seconds more than what is used already; the kernel ends the process at the limit."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = used.ru_utime + used.ru_stime
    resource.setrlimit(resource.RLIMIT_CPU, (int(spent) + CPU_SECONDS + 1, resource.RLIM_INFINITY))


def main() -> None:
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_NOFILE, 16), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):  # macOS has no limit of address space
            continue
    for line in sys.stdin.buffer:
        limit_cpu()
        order = json.loads(line)
        answer = render_each(order, OUTPUT) if "texts" in order else render(order)  # one too large for its memory ends the child
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
