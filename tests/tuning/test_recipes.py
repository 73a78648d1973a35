"""Recipes, and what a person may change of them."""

from __future__ import annotations

from typing import Any

import pytest

from promptune.core.recipe import Recipe
from promptune.errors import NotFound, Problems
from promptune.tuning.recipes import KNOBS, configured, recipe, recipes


def test_the_recipes_that_come_with_promptune() -> None:
    assert [info.recipe.name for info in recipes()] == ["lora", "full"]
    for info in recipes():
        assert info.title and info.summary.endswith(".")
        assert all(not knob.wrong(getattr(info.recipe, knob.name)) for knob in info.knobs)


def test_every_setting_of_a_recipe_has_a_knob_that_says_what_it_does() -> None:
    assert {knob.name for knob in KNOBS} == {name for name in Recipe.__dataclass_fields__ if name not in ("name", "method")}
    assert all(knob.about for knob in KNOBS)


def test_a_setting_is_changed_whether_it_comes_as_text_or_number() -> None:
    assert configured("lora", {"rate": "0.01", "epochs": 7, "rank": "4"}) == configured("lora", {"rate": 0.01, "epochs": "7", "rank": 4})
    changed = configured("lora", {"epochs": "7"})
    assert changed.epochs == 7 and isinstance(changed.epochs, int)
    assert changed.rate == recipe("lora").recipe.rate


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("rate", value) for value in ("nan", "inf", "-1", "0", "2", "", "a lot", None, True, float("-inf"), "1e999")),
        *(("batch", value) for value in ("0", "-4", "2.5", "1e9", "nan")),
        *(("rank", value) for value in ("0", "1.5", "4096")),
        *(("epochs", value) for value in ("0", "1e9", "inf")),
        *(("seed", value) for value in ("-1", "1e12")),
    ],
)
def test_what_cannot_be_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(Problems) as wrong:
        configured("lora", {name: value})
    assert [problem.field for problem in wrong.value.problems] == [name]


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(Problems) as wrong:
        configured("full", {"rate": "nan", "batch": "0", "rank": "8", "epoch": "3"})
    assert [problem.field for problem in wrong.value.problems] == ["rate", "batch", "rank", "epoch"]
    assert "is no setting of full" in wrong.value.problems[2].what, "full tuning adds no matrices"
    assert "Did you mean 'epochs'?" in wrong.value.problems[3].what


def test_an_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(NotFound, match="Did you mean 'lora'"):
        configured("lorra", {})
