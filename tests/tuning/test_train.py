"""The training loop: what it promises about steps, checks, interruptions and what it keeps."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from promptune.core.recipe import Recipe
from promptune.engines.local_models import Loaded
from promptune.errors import OutOfMemory, UserError
from promptune.sandbox import Sandbox
from promptune.store import artefacts
from promptune.tuning import checkpoints, methods
from promptune.tuning.batches import layout
from promptune.tuning.encoding import encode
from promptune.tuning.machine import naming_memory
from promptune.tuning.state import LEAST, Check, Said, State
from promptune.tuning.train import Plan, Stepped, Training
from tests.tuning.conftest import ROWS, load_folder

RECIPE = Recipe("x", "lora", rate=0.003, epochs=2, batch=4, checks=2, patience=50)  # 24 rows: 6 steps an epoch, a check every 3


@dataclass
class Watch:
    """Follows a training, and stops it in the step with this number."""

    stop_in: int = 10**6
    steps: list[Stepped] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    def stepped(self, news: Stepped) -> None:
        self.steps.append(news)

    def checked(self, check: Check) -> None:
        self.checks.append(check)

    def stopped(self) -> bool:
        return len(self.steps) >= self.stop_in


@dataclass
class Validation:
    """Finds what it is told to find; else a little less loss each time."""

    scores: Sequence[float] = ()
    seen: list[int] = field(default_factory=list)

    def check(self, model: Any, step: int) -> Check:
        self.seen.append(step)
        score = self.scores[len(self.seen) - 1] if len(self.seen) <= len(self.scores) else 0.5
        return Check(step, 1 / (1 + step), score)


def training(loaded: Loaded, sandbox: Sandbox, folder: Path, recipe: Recipe = RECIPE, watch: Watch | None = None, validation: Any = None) -> Training:
    coded, how = encode(loaded, ROWS, sandbox), layout(loaded)
    return Training(methods.prepare(loaded, recipe), recipe, coded, how, 0, folder, validation or Validation(), watch or Watch())


def weights(one: Training) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in methods.weights(one.model).items()}


def equal(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(tensor, second[name]) for name, tensor in first.items())


@pytest.mark.parametrize(("method", "rate"), [("lora", 0.01), ("full", 0.001)])
def test_it_learns_and_only_what_the_method_trains(loaded: Loaded, sandbox: Sandbox, tmp_path: Path, method: Any, rate: float) -> None:
    fresh = {name: one.clone() for name, one in loaded.model.state_dict().items()}
    one = training(loaded, sandbox, tmp_path, replace(RECIPE, method=method, rate=rate, epochs=4), watch := Watch())
    state = one.run()
    assert state and state.step == 24 == watch.steps[-1].step == watch.steps[-1].steps
    assert watch.steps[-1].loss < 0.5 * watch.steps[0].loss
    moved = {name for name, tensor in loaded.model.state_dict().items() if name in fresh and not torch.equal(tensor, fresh[name])}
    assert bool(moved) == (method == "full"), "an adapter leaves its base as it is"


def test_the_same_recipe_gives_the_same_weights_and_another_seed_others(loaded: Loaded, sandbox: Sandbox, tmp_path: Path, tiny: Any) -> None:
    made = []
    for i, seed in enumerate((0, 0, 1)):
        one = training(load_folder(tiny.folder), sandbox, tmp_path / str(i), replace(RECIPE, seed=seed))
        one.run()
        made.append(weights(one))
    assert equal(made[0], made[1])
    assert not equal(made[0], made[2])


@pytest.mark.parametrize("stops", [(1, 7), (3, 6), (5, 11)])
def test_stopped_anywhere_it_goes_on_to_the_same_end(sandbox: Sandbox, tmp_path: Path, tiny: Any, stops: tuple[int, ...]) -> None:
    undisturbed = training(load_folder(tiny.folder), sandbox, tmp_path / "whole", watch=(whole := Watch()))
    end = undisturbed.run()
    done = 0
    for stop in stops:
        one = training(load_folder(tiny.folder), sandbox, tmp_path / "parts", watch=(watch := Watch(stop - done)))
        assert one.run() is None
        done += len(watch.steps)
    last = training(load_folder(tiny.folder), sandbox, tmp_path / "parts", watch=(watch := Watch()))
    state = last.run()
    assert state and end
    assert watch.steps[0].step == stops[-1] + 1, "it went on where it was, not from the beginning"
    assert (state.step, state.loss, state.best, state.tokens) == (end.step, end.loss, end.best, end.tokens)
    assert equal(weights(last), weights(undisturbed))
    assert watch.steps[-1].loss == whole.steps[-1].loss


def test_a_damaged_checkpoint_is_passed_over(sandbox: Sandbox, tmp_path: Path, tiny: Any) -> None:
    """As if it had never been: the same end, a little later."""
    undisturbed = training(load_folder(tiny.folder), sandbox, tmp_path / "whole")
    undisturbed.run()
    training(load_folder(tiny.folder), sandbox, tmp_path / "hurt", watch=Watch(8)).run()
    [checkpoint] = (tmp_path / "hurt" / "checkpoints").iterdir()
    tensors = checkpoint / "tensors.safetensors"
    data = bytearray(tensors.read_bytes())
    data[-1] ^= 1  # one bit
    tensors.write_bytes(bytes(data))
    last = training(load_folder(tiny.folder), sandbox, tmp_path / "hurt", watch=(watch := Watch()))
    last.run()
    assert watch.steps[0].step == 1
    assert equal(weights(last), weights(undisturbed))


def test_checks_come_when_they_should_and_the_best_weights_stay(loaded: Loaded, sandbox: Sandbox, tmp_path: Path) -> None:
    """Before the first step, twice an epoch, at the end. What was before the first step is no choice, however good."""
    validation = Validation(scores=(1.0, 0.4, 0.9, 0.7, 0.9))
    one = training(loaded, sandbox, tmp_path, validation=validation)
    state = one.run()
    assert validation.seen == [0, 3, 6, 9, 12]
    assert state and state.best
    assert (state.best.step, state.best.score, state.worse) == (12, 0.9, 0), "as good, and more certain by much"
    assert [place.name for place in (tmp_path / "best").iterdir()] == ["step-12"]
    artefacts.verify(one.best(state))
    assert [place.name.rpartition("-")[0] for place in (tmp_path / "checkpoints").iterdir()] == ["step-12"]


def test_it_ends_early_when_nothing_gets_better(loaded: Loaded, sandbox: Sandbox, tmp_path: Path) -> None:
    one = training(loaded, sandbox, tmp_path, replace(RECIPE, epochs=20, patience=2), validation=Validation(scores=(0.0, 0.5, 0.9, 0.8, 0.7)))
    state = one.run()
    assert state and state.best
    assert (state.step, state.best.step, state.worse) == (12, 6, 2)


def test_a_hair_less_loss_is_no_better() -> None:
    best = Check(10, 0.5, 0.9)
    assert not Check(20, 0.5 - LEAST / 2, 0.9).better_than(best)
    assert Check(20, 0.5 - 2 * LEAST, 0.9).better_than(best)
    assert Check(20, 9.0, 0.91).better_than(best)
    assert not Check(20, 0.0, 0.89).better_than(best)
    assert best.better_than(None)


def test_what_was_seen_is_read_back_as_it_was() -> None:
    state = State(5, 1.5, 100, 1, Check(3, 0.1, 0.9, (Said("q", "a", "b", False),)), Check(5, 0.2, 0.8), 0.3)
    assert State.read(asdict(state)) == state
    assert State.read(asdict(State())) == State()


def test_a_loss_that_is_no_number_is_told_with_a_way_out(loaded: Loaded, sandbox: Sandbox, tmp_path: Path) -> None:
    one = training(loaded, sandbox, tmp_path, replace(RECIPE, method="full", rate=1.0, clip=1000.0, epochs=30))
    with torch.no_grad():
        next(one.model.parameters()).fill_(float("nan"))
    with pytest.raises(UserError, match=r"step 1 the loss is no number.*--set rate=0\.1"):
        one.run()


@pytest.mark.parametrize("where", ["forward", "optimizer", "validation"])
def test_memory_that_runs_out_is_told_with_the_knob_to_turn(loaded: Loaded, sandbox: Sandbox, tmp_path: Path, where: str) -> None:
    one = training(loaded, sandbox, tmp_path)

    def full(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory") if where != "optimizer" else RuntimeError("DefaultCPUAllocator: can't allocate memory")

    if where == "forward":
        one.model.forward = full
    elif where == "optimizer":
        one._optimizer.step = full  # type: ignore[method-assign]  # where Adam takes its room
    else:
        one.validation.check = full  # type: ignore[method-assign]
    with pytest.raises(OutOfMemory, match="--set batch=2, or use a smaller model"), naming_memory(RECIPE):
        one.run()


def test_other_faults_are_not_called_memory() -> None:
    with pytest.raises(RuntimeError, match="something else"), naming_memory(RECIPE):
        raise RuntimeError("something else")


def test_a_checkpoint_of_a_step_that_has_one_takes_its_place(loaded: Loaded, sandbox: Sandbox, tmp_path: Path) -> None:
    """Stopped in a validation it has a checkpoint of that step without the check; the one with it must not be thrown away."""
    one = training(loaded, sandbox, tmp_path)
    for check in (None, Check(3, 0.1, 0.9)):
        checkpoints.keep(tmp_path, one.model, one._optimizer, State(step=3, last=check))
    assert checkpoints.newest(tmp_path) == 3
    assert checkpoints.restore(tmp_path, one.model, one._optimizer).last == Check(3, 0.1, 0.9)
    assert len([*(tmp_path / "checkpoints").iterdir()]) == 1


def test_best_weights_left_by_an_attempt_that_was_killed_are_made_anew(sandbox: Sandbox, tmp_path: Path, tiny: Any) -> None:
    """Killed between the weights and the checkpoint that names them, and the disk hurt them since."""
    undisturbed = training(load_folder(tiny.folder), sandbox, tmp_path / "whole")
    end = undisturbed.run()
    assert end
    shutil.copytree(undisturbed.best(end), tmp_path / "hurt" / "best" / undisturbed.best(end).name)
    [weights_] = (tmp_path / "hurt" / "best").glob("*/adapter_model.safetensors")
    weights_.write_bytes(b"rubbish")
    again = training(load_folder(tiny.folder), sandbox, tmp_path / "hurt")
    state = again.run()
    assert state == replace(end, seconds=state.seconds, memory=state.memory) if state else False
    artefacts.verify(again.best(end))
    assert (again.best(end) / weights_.name).read_bytes() == (undisturbed.best(end) / weights_.name).read_bytes()


def test_the_rate_rises_and_falls() -> None:
    plan = Plan.of(recipe := replace(RECIPE, epochs=10, warmup=0.1), rows=24)
    rates = [plan.rate(recipe, step) for step in range(plan.steps)]
    assert plan.steps == 60
    assert rates.index(max(rates)) in (5, 6) and max(rates) == pytest.approx(recipe.rate)
    assert rates[:6] == sorted(rates[:6]) and rates[6:] == sorted(rates[6:], reverse=True)
    assert 0 < rates[0] < recipe.rate / 5 and rates[-1] < recipe.rate / 100
    assert all(math.isfinite(rate) and rate > 0 for rate in rates)


@pytest.mark.parametrize(("rows", "batch", "epochs", "checks"), [(1, 16, 1, 100), (7, 16, 1, 2), (1000, 16, 3, 2), (17, 16, 2, 1)])
def test_every_plan_ends_with_a_check(rows: int, batch: int, epochs: int, checks: int) -> None:
    plan = Plan.of(replace(RECIPE, batch=batch, epochs=epochs, checks=checks), rows)
    assert plan.steps == epochs * math.ceil(rows / batch)
    assert plan.due(State(step=plan.steps)) and plan.due(State())
    assert not plan.due(State(step=plan.steps, last=Check(plan.steps, 0.0, 0.0)))
