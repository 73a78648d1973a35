"""Training that is interrupted ends with the very weights of training that is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from promptune.errors import UserError
from promptune.tiny import training
from promptune.tiny.lean import Shape
from promptune.tiny.training import Progress, Stage, train

SHAPE = Shape(width=32, layers=1, heads=2, inner=48, window=64)
STAGES, STEPS = (Stage(4, rate=4e-3), Stage(3, rate=1e-3, loose=True)), 7

pytestmark = pytest.mark.usefixtures("_one_thread", "_often")


@pytest.fixture
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A word after every step, a checkpoint after every second one."""
    monkeypatch.setattr(training, "EVERY", 1)
    monkeypatch.setattr(training, "KEEP", 2)


class Interrupted(Exception):
    pass


def nothing(progress: Progress) -> None:
    pass


def until(step: int) -> Callable[[Progress], None]:
    def say(progress: Progress) -> None:
        if progress.step == step:
            raise Interrupted

    return say


def weights(words: PreTrainedTokenizerFast, work: Path, *, seed: int = 1) -> dict[str, Tensor]:
    return train(words, SHAPE, seed, STAGES, work, nothing).model.state_dict()


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture
def undisturbed(words: PreTrainedTokenizerFast, tmp_path: Path) -> dict[str, Tensor]:
    (tmp_path / "undisturbed").mkdir()
    return weights(words, tmp_path / "undisturbed")


@pytest.mark.parametrize("steps", [(1,), (2,), (5,), (3, 6, 7)])
def test_an_interrupted_run_ends_with_the_same_weights(
    words: PreTrainedTokenizerFast, tmp_path: Path, undisturbed: dict[str, Tensor], steps: tuple[int, ...]
) -> None:
    """Weights that depend on when somebody's laptop slept could never be made again."""
    for step in steps:
        with pytest.raises(Interrupted):
            train(words, SHAPE, 1, STAGES, tmp_path, until(step))
        torch.rand(3)  # another process draws otherwise
    assert same(weights(words, tmp_path), undisturbed)


def test_a_checkpoint_that_was_never_finished_is_no_checkpoint(words: PreTrainedTokenizerFast, tmp_path: Path, undisturbed: dict[str, Tensor]) -> None:
    """Its tensors are written first; until the state names them the one before counts."""
    with pytest.raises(Interrupted):
        train(words, SHAPE, 1, STAGES, tmp_path, until(4))
    assert json.loads((tmp_path / "state.json").read_text())["step"] == 2
    (tmp_path / "step-4.safetensors").write_bytes(b"half of it")
    assert same(weights(words, tmp_path), undisturbed)


@pytest.mark.parametrize("broken", ["state.json", "step-2.safetensors"])
def test_a_checkpoint_that_cannot_be_read_is_said_with_a_way_out(words: PreTrainedTokenizerFast, tmp_path: Path, broken: str) -> None:
    with pytest.raises(Interrupted):
        train(words, SHAPE, 1, STAGES, tmp_path, until(3))
    (tmp_path / broken).write_bytes(b"{ half of it")
    with pytest.raises(UserError, match="cannot be read") as caught:
        weights(words, tmp_path)
    assert str(tmp_path) in str(caught.value) and "begins anew" in str(caught.value)


def test_what_is_done_is_not_done_again(words: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    done = weights(words, tmp_path)

    def never(progress: Progress) -> None:
        raise AssertionError("it trains again")

    again = train(words, SHAPE, 1, STAGES, tmp_path, never)
    assert same(again.model.state_dict(), done) and again.seconds > 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["state.json", f"step-{STEPS}.safetensors"]


def test_another_seed_is_another_model(words: PreTrainedTokenizerFast, tmp_path: Path, undisturbed: dict[str, Tensor]) -> None:
    assert not same(weights(words, tmp_path, seed=2), undisturbed)


def test_it_learns(words: PreTrainedTokenizerFast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first step on the loss is told; after a few it has fallen."""
    monkeypatch.setattr(training, "KEEP", 1_000)
    told: list[Progress] = []
    train(words, SHAPE, 1, [Stage(50, rate=4e-3)], tmp_path, told.append)
    assert [one.step for one in told] == list(range(1, 51)) and all(one.steps == 50 for one in told)
    assert told[-1].loss < told[0].loss - 0.1 and "step 50 of 50" in str(told[-1])


def test_the_rate_rises_stays_and_falls_to_nearly_nothing() -> None:
    stage = Stage(1_000, rate=0.01)
    rates = [training._rate(step, stage) for step in range(1_000)]
    assert rates[:100] == sorted(rates[:100]) and set(rates[100:500]) == {0.01}
    assert rates[505:] == sorted(rates[505:], reverse=True) and 0 < rates[-1] < 0.02 * 0.01


def test_every_step_belongs_to_one_stage() -> None:
    clean, slips = STAGES
    assert [training._stage(step, STAGES) for step in range(STEPS)] == [*((clean, i) for i in range(4)), *((slips, i) for i in range(3))]
