"""Everything that a contender leaves open is decided before an engine sees it."""

from __future__ import annotations

import pytest

from promptune.core.contender import Contender
from promptune.core.decoding import MAX_SEED
from promptune.core.task import Example
from promptune.engines.protocol import Request, Weights
from promptune.prompting import decide
from promptune.prompting.strategies import build


def requests(spelling: str, seed: int = 4) -> tuple[Request, ...]:
    contender = Contender.parse(spelling)
    strategy = build(contender)
    return decide.requests("id", Weights("tiny", "/m"), contender, strategy, strategy.render(Example(prompt="q")), max_tokens=9, seed=seed)


def test_the_contender_comes_first_then_the_strategy_then_greedy() -> None:
    (request,) = requests("tiny/cot?t=0.5&stop=END")
    assert (request.temperature, request.top_p, request.max_tokens, request.seed, request.stop) == (0.5, 1.0, 9, 4, ("END",))
    (greedy,) = requests("tiny/cot")
    assert (greedy.id, greedy.temperature, greedy.kept) == ("id", 0, None)
    (long,) = requests("tiny/cot?max=300")
    assert (long.max_tokens, long.kept) == (300, 300), "an answer that was asked for by length has its room kept"


@pytest.mark.parametrize("seed", [4, MAX_SEED - 1])
def test_every_sample_has_a_seed_of_its_own_and_the_same_again(seed: int) -> None:
    made = requests("tiny/self-consistency:3", seed)
    assert [one.id for one in made] == ["id", "id.1", "id.2"] and {one.temperature for one in made} == {0.8}
    assert len({one.seed for one in made}) == 3 and all(0 <= one.seed <= MAX_SEED for one in made) and made[0].seed == seed
    assert len({one.prompt for one in made}) == 1 and made == requests("tiny/self-consistency:3", seed)


def test_the_contenders_own_seed_and_temperature_hold_for_samples_too() -> None:
    made = requests("tiny/self-consistency:2?seed=7&t=1.5")
    assert [(one.seed, one.temperature) for one in made] == [(7, 1.5), (8, 1.5)]
