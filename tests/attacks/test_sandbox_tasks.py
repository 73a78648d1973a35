"""A task's templates: whatever they try, they end within limits, in words that say which limit, and the next one works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest

from promptune.errors import TemplateError, UserError
from promptune.sandbox import LONGEST, RowDone, RowFailed, Sandbox
from promptune.tasks.names import expression_names, used

# What a template as a whole cannot do: it is raised, and says which limit it met.
BOMBS = {
    "a huge number of spaces": ("{{ '%999999999d' % 1 }}", "too large"),
    "a huge repeat": ("{{ 'x' * 10**10 }}", "too large"),
    "doubling": ("{% set ns = namespace(a='x' * 1000) %}{% for _ in range(40) %}{% set ns.a = ns.a + ns.a %}{% endfor %}{{ ns.a }}", "too large"),
    "a huge join": ("{{ (range(99999) | list * 99999) | join('x') }}", "too (slow|large)"),
    "nested loops": ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "too slow"),
    "a huge power": ("{{ (3 ** (10 ** 9)) % 7 }}", "too (slow|large)"),
    "loops hidden in filters": (
        "{% set f = range(90000) | map('string') | map('upper') %}{% for a in range(90000) %}{{ range(90000) | sum }}{% endfor %}{{ f | list | length }}",
        "too slow",
    ),
    "an honest text too often": ("{% for a in range(90000) %}{{ text }}{% endfor %}", "too large"),
}
# What fails row by row.
REFUSED = {
    "a range too large": "{% for a in range(10**9) %}x{% endfor %}",
    "endless recursion": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "classes": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "globals of a function": "{{ range.__globals__ }}{{ cycler.__init__.__globals__ }}",
    "attribute by filter": "{{ '' | attr('__class__') }}",
    "format string": "{{ '{0.__class__}'.format(1) }}",
    "imports": "{{ self._TemplateReference__context.environment.loader }}{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "a file": "{% include '/etc/passwd' %}",
    "changing a value": "{{ values.append(1) }}",
    "a function printed": "{{ text.upper }}",
    "a generator printed": "{{ values | map('string') }}",
    "chat's own words": "{{ raise_exception('no') }}",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.close()


def row(**values: object) -> str:
    return json.dumps({"text": "fine " * 500, "values": [1], **values})


def still_works(sandbox: Sandbox) -> bool:
    return sandbox.render_each({"template": "{{ text }}"}, [row(text="fine")]) == [RowDone({"template": ["fine"]})]


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_says_which_limit_it_met(sandbox: Sandbox, name: str) -> None:
    template, limit = BOMBS[name]
    with pytest.raises(TemplateError, match=limit) as caught:
        sandbox.render_each({"template": template}, [row()] * 3)
    assert "Traceback" not in str(caught.value) and caught.value.todo
    assert still_works(sandbox)


@pytest.mark.parametrize("name", REFUSED)
def test_an_attack_is_refused_in_words(sandbox: Sandbox, name: str) -> None:
    (failed,) = sandbox.render_each({"template": REFUSED[name]}, [row()])
    assert isinstance(failed, RowFailed) and failed.what and "Traceback" not in failed.what and "\n" not in failed.what
    assert still_works(sandbox)


def test_a_template_too_long_is_never_parsed(sandbox: Sandbox) -> None:
    with pytest.raises(TemplateError, match="too large: 100,001 characters"):
        sandbox.render_each({"template": "x" * (LONGEST + 1)}, [row()])
    with pytest.raises(TemplateError, match="too large: 100,001 characters"):
        used("x" * (LONGEST + 1))


DEEP = {
    "brackets": "{{ " + "(" * 45_000 + "x" + ")" * 45_000 + " }}",
    "lists": "{{ " + "[" * 90_000,
    "signs": "{{ " + "-" * 90_000 + "x }}",
    "blocks": "{% if a %}" * 9_000,
    "loops": "{% for a in b %}" * 4_000,
    "conditions": "{{ x" + " if x else x" * 7_000 + " }}",
    "a sum": "{{ x" + "+x" * 40_000 + " }}",
    "filters": "{{ x" + "|upper" * 15_000 + " }}",
    "attributes": "{{ x" + ".x" * 40_000 + " }}",
    "indices": "{{ x" + "[x" * 40_000 + " }}",
    "digits": "{{ " + "9" * 90_000 + " }}",
    "quotes": "{{ '" + "\\'" * 45_000,
    "comments": "{#" * 49_000,
    "a folded constant": "{{ 'x' * 10**10 }}{{ '%999999999d' % 1 }}",
}


@pytest.mark.parametrize("name", DEEP)
def test_parsing_here_neither_crashes_nor_works_anything_out(sandbox: Sandbox, name: str) -> None:
    """Templates are parsed in our own process too, to name unknown columns: nothing in one may blow up there."""
    with suppress(UserError):  # any other error is a defect
        used(DEEP[name])
    with suppress(UserError):
        expression_names(DEEP[name].strip("{}% "))
    with suppress(TemplateError):
        sandbox.render_each({"template": DEEP[name]}, [row(x="y", a=0, b=[])])
    assert still_works(sandbox)


def test_a_bad_row_does_not_hide_the_others(sandbox: Sandbox) -> None:
    done = sandbox.render_each({"template": "{{ 6 / text }}"}, [row(text=number) for number in (1, 0, 3)])
    assert [type(one) for one in done] == [RowDone, RowFailed, RowDone]
    assert isinstance(done[1], RowFailed) and "ZeroDivisionError" in done[1].what


def test_draws_are_decided_by_the_row_alone(sandbox: Sandbox) -> None:
    """Promptsource draws with `choice`, Jinja with `random`: the same row must always become the same text, whoever stands beside it."""
    texts = {"template": "{{ range(1000) | choice }} {{ range(1000) | list | random }}"}
    rows = [row(text=str(i)) for i in range(20)]
    together = sandbox.render_each(texts, rows)
    other = Sandbox()
    alone = [other.render_each(texts, [one])[0] for one in reversed(rows)][::-1]
    other.close()
    assert together == alone and len({str(one) for one in together}) > 15
