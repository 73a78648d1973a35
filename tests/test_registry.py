"""The registry: an unknown name is a helpful error, and a name means one thing."""

from __future__ import annotations

import pytest

from promptune.errors import NotFound
from promptune.registry import Registry, did_you_mean


@pytest.fixture
def metrics() -> Registry[str]:
    registry: Registry[str] = Registry("metric")
    for name in ("rouge1", "bleu"):
        registry.register(name)(name.upper())
    return registry


def test_a_name_gives_its_thing_and_names_keep_their_order(metrics: Registry[str]) -> None:
    assert metrics.get("bleu") == "BLEU"
    assert metrics.names() == ["rouge1", "bleu"]


def test_an_unknown_name_says_the_nearest_and_all_there_are(metrics: Registry[str]) -> None:
    with pytest.raises(NotFound) as caught:
        metrics.get("rogue")
    assert str(caught.value) == "unknown metric 'rogue'. Did you mean 'rouge1'? Available: bleu, rouge1."


def test_nothing_near_makes_no_guess() -> None:
    assert did_you_mean("xyz", ["bleu"]) == "Available: bleu."
    assert did_you_mean("xyz", []) == "Available: none yet."


def test_a_name_is_registered_once(metrics: Registry[str]) -> None:
    """A second one would change what saved contenders mean."""
    with pytest.raises(ValueError, match="twice"):
        metrics.register("bleu")("again")
