"""The one training recipe: every method and every kind of model goes through this loop."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import torch
from accelerate import Accelerator

from promptune.core.recipe import Recipe
from promptune.errors import UserError
from promptune.store import artefacts
from promptune.tuning import checkpoints, machine, methods
from promptune.tuning.batches import Layout, answer_tokens, loss_sum, micros, order
from promptune.tuning.encoding import Coded
from promptune.tuning.state import Check, State

SMOOTH = 0.9  # how much of the loss that is told is the one before
KEPT = 300.0  # seconds between two checkpoints where validations are further apart


@dataclass(frozen=True)
class Stepped:
    """What is told of a step."""

    step: int
    steps: int
    loss: float  # nats a token of the answers, smoothed
    rate: float
    speed: float  # tokens a second, since this attempt began
    left: float  # seconds of training, at that pace


class Watch(Protocol):
    """Whoever follows a training."""

    def stepped(self, news: Stepped) -> None: ...

    def checked(self, check: Check) -> None: ...

    def stopped(self) -> bool: ...


class Validates(Protocol):
    def check(self, model: Any, step: int) -> Check | None: ...


@dataclass(frozen=True)
class Plan:
    """When things happen, in steps."""

    each: int  # steps an epoch
    steps: int
    between: int  # two checks
    warm: int

    @classmethod
    def of(cls, recipe: Recipe, rows: int) -> Plan:
        each = math.ceil(rows / recipe.batch)
        steps = each * recipe.epochs
        return cls(each, steps, max(1, math.ceil(each / recipe.checks)), max(1, round(steps * recipe.warmup)))

    def due(self, state: State) -> bool:
        """Whether a validation belongs here that was not made yet."""
        return (state.step % self.between == 0 or state.step == self.steps) and (state.last is None or state.last.step != state.step)

    def rate(self, recipe: Recipe, step: int) -> float:
        """Of the step with this number, from 0: up while it warms, then down along half a cosine to nothing."""
        if step < self.warm:
            return recipe.rate * (step + 1) / self.warm
        return recipe.rate * 0.5 * (1 + math.cos(math.pi * (step - self.warm) / max(1, self.steps - self.warm)))


@dataclass
class Training:
    """One training, in its folder. The same recipe and rows give the same weights on the same machine, interrupted or not."""

    model: Any
    recipe: Recipe
    rows: Sequence[Coded]
    layout: Layout
    pad: int
    folder: Path
    validation: Validates
    watch: Watch

    def __post_init__(self) -> None:
        self.plan = Plan.of(self.recipe, len(self.rows))
        device = next(self.model.parameters()).device
        self._accelerator = Accelerator(cpu=device.type == "cpu", mixed_precision="no" if device.type == "cpu" else "bf16")
        trained = [one for one in self.model.parameters() if one.requires_grad]
        optimizer = torch.optim.AdamW(trained, lr=self.recipe.rate, betas=(0.9, 0.98), weight_decay=self.recipe.decay)
        self.model, self._optimizer = self._accelerator.prepare(self.model, optimizer)
        self._device = device

    def run(self) -> State | None:
        """Goes on from the last checkpoint. None where it was stopped: then the last checkpoint holds what was done."""
        began = kept = time.monotonic()
        state = first = checkpoints.restore(self.folder, self.model, self._optimizer)
        self.model.train()
        while True:
            spent = first.seconds + time.monotonic() - began
            if self.plan.due(state):
                check = self.validation.check(self.model, state.step)
                if check is None:
                    self._leave(state, spent)
                    return None
                state = self._checked(replace(state, seconds=first.seconds + time.monotonic() - began), check)
                kept = time.monotonic()
            if self._over(state):
                return state
            chance = machine.chance()
            loss = self._step(state.step)
            if loss is None:
                machine.set_chance(chance)
                self._leave(state, spent)
                return None
            smooth = loss if state.step == 0 else SMOOTH * state.loss + (1 - SMOOTH) * loss
            seen = state.tokens + sum(one.tokens for one in self._batch(state.step))
            state = replace(state, step=state.step + 1, loss=smooth, tokens=seen)
            self._tell(state, first, time.monotonic() - began)
            if time.monotonic() - kept > KEPT:
                self._keep(replace(state, seconds=first.seconds + time.monotonic() - began))
                kept = time.monotonic()

    def best(self, state: State) -> Path:
        """The folder of the best weights."""
        return self._best(state.best.step if state.best else state.step)

    # ---- inside ----

    def _step(self, step: int) -> float | None:
        """Its loss; None where it was stopped on the way, and then nothing has changed."""
        examples = self._batch(step)
        tokens, total = answer_tokens(examples), 0.0
        for micro in micros(examples, self.layout, self.pad, self._device):
            if self.watch.stopped():
                self._optimizer.zero_grad()
                return None
            loss = loss_sum(self.model, micro) / tokens
            self._accelerator.backward(loss)
            total += float(loss.detach())
        norm = self._accelerator.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        if not (math.isfinite(total) and math.isfinite(float(norm if norm is not None else 0.0))):
            raise UserError(f"in step {step + 1} the loss is no number any more: the weights ran away.", todo=f"Try --set rate={self.recipe.rate / 10:g}.")
        for group in self._optimizer.param_groups:
            group["lr"] = self.plan.rate(self.recipe, step)
        self._optimizer.step()
        self._optimizer.zero_grad()
        return total

    def _batch(self, step: int) -> list[Coded]:
        epoch, within = divmod(step, self.plan.each)
        rows = order(len(self.rows), self.recipe.seed, epoch)
        return [self.rows[i] for i in rows[within * self.recipe.batch : (within + 1) * self.recipe.batch]]

    def _checked(self, state: State, check: Check) -> State:
        """The best weights are on the disk before the checkpoint that names them. What was before the first step is no choice."""
        better = state.step > 0 and check.better_than(state.best)
        if better:
            artefacts.remove(self._best(check.step))  # of an attempt that ended before its checkpoint: whether it is whole nobody knows
            with artefacts.building(self._best(check.step)) as place:
                methods.save(self._accelerator.unwrap_model(self.model), place)
        state = replace(state, last=check, best=check if better else state.best, worse=0 if better or state.step == 0 else state.worse + 1)
        state = self._keep(state)
        for old in self._older(state):
            artefacts.remove(old)
        self.watch.checked(check)
        return state

    def _over(self, state: State) -> bool:
        return state.step >= self.plan.steps or state.worse >= self.recipe.patience

    def _leave(self, state: State, seconds: float) -> None:
        if state.step > 0:
            self._keep(replace(state, seconds=seconds))

    def _keep(self, state: State) -> State:
        state = replace(state, memory=max(state.memory, machine.memory(self._device.type)))
        checkpoints.keep(self.folder, self.model, self._optimizer, state)
        return state

    def _tell(self, state: State, first: State, seconds: float) -> None:
        done, tokens = state.step - first.step, state.tokens - first.tokens
        left = seconds / done * (self.plan.steps - state.step)
        self.watch.stepped(Stepped(state.step, self.plan.steps, state.loss, self.plan.rate(self.recipe, state.step - 1), tokens / seconds, left))

    def _best(self, step: int) -> Path:
        return self.folder / "best" / f"step-{step}"

    def _older(self, state: State) -> Iterator[Path]:
        named = f"step-{state.best.step}" if state.best else ""
        yield from (place for place in (self.folder / "best").glob("step-*") if place.name != named)
