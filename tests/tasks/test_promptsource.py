"""Promptsource's files as they are: every template loads, and what was rendered with them elsewhere is rendered here, letter by letter."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptune.core.task import Row, Task
from promptune.errors import UserError
from promptune.sandbox import Sandbox
from promptune.tasks.definition import LARGEST
from promptune.tasks.promptsource import Imported, load
from promptune.tasks.render import Renderer, check
from tests.shared import data

SANDBOX = Sandbox()
RENDERER = Renderer(SANDBOX)
FILE = """
dataset: d
templates:
  one: !Template
    answer_choices: no ||| yes
    jinja: '{{ text }} ||| {{ answer_choices[label] }}'
    metadata: !TemplateMetadata {choices_in_prompt: true, metrics: [Accuracy]}
    name: first
  two: !Template
    answer_choices: null
    jinja: '{{ text ||| x'
    metadata: !TemplateMetadata {metrics: [ROUGE, BLEU, Other]}
    name: first
"""


@pytest.fixture(scope="module", autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    SANDBOX.close()


def task(imported: Imported) -> Task:
    filled = imported.filled
    return Task("t", "T", filled.template, "text", answer_choices=filled.answer_choices, answer_type=filled.answer_type or "text")


def files() -> list[Path]:
    return sorted(data("promptsource_templates").iterdir())


def test_every_file_loads_completely() -> None:
    loaded = {file.name: load(file) for file in files()}
    assert len(loaded) == 13 and sum(map(len, loaded.values())) == 112
    assert not [template for of_file in loaded.values() for template in of_file.values() if template.problem]
    rating = loaded["amazon_us_reviews__Wireless_v1_00.templates.yaml"]["Given the review body return a categorical rating"].filled
    assert (rating.answer_type, rating.metrics, rating.answer_choices) == ("choice", ("accuracy",), "1 ||| 2 ||| 3 ||| 4 ||| 5")


def test_the_renderings_are_promptsources_own() -> None:
    """Outer white space aside, all 493."""
    loaded = {file.name.split(".")[0].split("__")[0]: load(file) for file in files()}
    groups: dict[tuple[str, str], list[dict[str, object]]] = defaultdict(list)
    with (data("promptsource_rendered") / "test.jsonl").open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            raw = json.loads(line)
            groups[raw["dataset"], raw["template_name"]].append(raw)
    assert sum(map(len, groups.values())) == 493
    for (dataset, name), raws in groups.items():
        made = task(loaded[dataset][name])
        rows = [Row(i, raw["row"]) for i, raw in enumerate(raws)]  # type: ignore[arg-type]
        check(made, list(rows[0].values))
        rendered = RENDERER.examples(made, rows)
        assert not rendered.bad
        assert [(one.prompt, one.completion) for one in rendered.examples] == [(str(raw["prompt"]).strip(), str(raw["completion"]).strip()) for raw in raws]


def test_a_template_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    file = tmp_path / "templates.yaml"
    file.write_text(FILE)
    first, second = load(file).values()
    assert list(load(file)) == ["first", "first (two)"]
    assert not first.problem and first.filled.answer_type == "choice"
    assert second.problem.startswith("template: line 1") and second.filled.metrics == ("rougeL", "rouge1", "rouge2", "bleu")
    (example,) = RENDERER.examples(task(first), [Row(1, {"text": "t", "label": 1})]).examples
    assert (example.prompt, example.completion, example.choices) == ("t", "yes", ("no", "yes"))


def test_draws_do_not_change_from_call_to_call() -> None:
    hellaswag = load(data("promptsource_templates") / "hellaswag.templates.yaml")
    made = task(hellaswag["Randomized prompts template"])
    rows = [Row(i, {"ctx": f"A cat {i}", "endings": ["runs", "eats", "sits", "purrs"], "label": "2"}) for i in range(1, 30)]
    first = RENDERER.examples(made, rows).examples
    assert first == RENDERER.examples(made, rows).examples and {example.completion for example in first} == {"sits"}
    assert len({example.prompt.split("\n")[0] for example in first}) > 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &a [x]\nb: *a\n", "aliases"),
        ("templates: !!python/object/apply:os.system [id]", "python/object"),
        ("templates: {a: !Template [x]}", "name: value"),
        ("templates: {a: !Template {name: x}}", "no `jinja`"),
        ("templates: {}", "holds no templates"),
        ("- x", "name: value"),
        ("templates: {a: [", "no YAML"),
        ("[" * 50_000, "YAML"),
        ("x" * (LARGEST + 1), "larger than"),
        ("\udcff", "no UTF-8"),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "templates.yaml"
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(UserError) as caught:
        load(file)
    assert said in str(caught.value)
    with pytest.raises(UserError, match="cannot be read"):
        load(tmp_path / "none.yaml")
