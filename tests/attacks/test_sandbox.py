"""Templates that are not ours: whatever they try, they end within limits, in words, and the next one works."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from promptune.errors import TemplateError
from promptune.sandbox import Sandbox

ATTACKS = {
    "a huge number of spaces": "{{ '%999999999d' % 1 }}",
    "a huge repeat": "{{ 'x' * 10**10 }}",
    "doubling": "{% set ns = namespace(a='x' * 1000) %}{% for _ in range(40) %}{% set ns.a = ns.a + ns.a %}{% endfor %}{{ ns.a }}",
    "nested loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}{% endfor %}{% endfor %}",
    "a range too large": "{% for a in range(10**9) %}x{% endfor %}",
    "endless recursion": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "a huge power": "{{ (3 ** (10 ** 9)) % 7 }}",
    "classes": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "globals of a function": "{{ raise_exception.__globals__ }}",
    "attribute by filter": "{{ '' | attr('__class__') }}",
    "format string": "{{ '{0.__class__}'.format(1) }}",
    "imports": "{{ self._TemplateReference__context.environment.loader }}{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "a file": "{% include '/etc/passwd' %}",
    "changing a value": "{{ values.append(1) }}",
    "a huge join": "{{ (range(99999) | list * 99999) | join('x') }}",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.close()


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_ends_in_words(sandbox: Sandbox, name: str) -> None:
    with pytest.raises(TemplateError) as caught:
        sandbox.render(ATTACKS[name], [{"values": [1]}])
    assert "Traceback" not in str(caught.value) and caught.value.todo
    assert sandbox.render("{{ a }}", [{"a": "fine"}]) == ["fine"]


def test_every_row_is_rendered_and_the_failing_one_named(sandbox: Sandbox) -> None:
    assert sandbox.render("{{ a }}", [{"a": i} for i in range(3)]) == ["0", "1", "2"]
    with pytest.raises(TemplateError, match="in row 2"):
        sandbox.render("{{ 1 / a }}", [{"a": 1}, {"a": 0}])


def test_a_missing_name_is_an_error_for_people_and_false_for_chat_templates(sandbox: Sandbox) -> None:
    with pytest.raises(TemplateError, match="'b' is undefined"):
        sandbox.render("{{ b }}", [{"a": 1}])
    assert sandbox.render("{% if tools %}x{% endif %}y", [{}], strict=False) == ["y"]
