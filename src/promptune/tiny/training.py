"""The training of one seed: fixed steps, a checkpoint now and then, and it goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn import functional
from transformers import PreTrainedTokenizerFast

from promptune.tiny import checkpoints
from promptune.tiny.corpus import ROWS, Batch, batch
from promptune.tiny.lean import LeanLlama, Shape

WARM, CLIP = 100, 1.0  # steps up to the learning rate, largest norm of a gradient
EVERY, KEEP = 20, 500  # steps between two words of progress, and between two checkpoints


@dataclass(frozen=True)
class Stage:
    steps: int
    rate: float  # of learning, at its highest
    loose: bool = False  # whether the corpus is


@dataclass(frozen=True)
class Trained:
    model: LeanLlama
    seconds: float  # of training, over all processes that worked on it


@dataclass(frozen=True)
class Progress:
    step: int
    steps: int
    loss: float  # smoothed
    speed: float  # tokens a second, since this process began
    left: float  # seconds

    def __str__(self) -> str:
        minutes, seconds = divmod(int(self.left), 60)
        return f"step {self.step:,} of {self.steps:,}  loss {self.loss:.3f}  {self.speed:,.0f} tokens/s  {minutes} min {seconds:02} s left"


def train(tokenizer: PreTrainedTokenizerFast, shape: Shape, seed: int, stages: Sequence[Stage], work: Path, say: Callable[[Progress], None]) -> Trained:
    """`work` is this seed's own folder. On the same machine the same seed and stages give the same weights, interrupted or not."""
    torch.manual_seed(seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = LeanLlama(shape).to(device)
    hidden = [weight for name, weight in model.named_parameters() if weight.dim() == 2 and "embed" not in name]
    others = [weight for name, weight in model.named_parameters() if weight.dim() != 2 or "embed" in name]
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.Muon(hidden, weight_decay=0.05, momentum=0.95, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
    ]
    first, smooth, before = checkpoints.restore(work, model, optimizers)
    began, steps = time.monotonic(), sum(stage.steps for stage in stages)
    for step in range(first, steps):
        stage, within = _stage(step, stages)
        given = batch(tokenizer, seed, step, shape.window, loose=stage.loose)
        loss = _step(model, optimizers, given.to(device), _rate(within, stage))
        smooth = loss if step == 0 else 0.98 * smooth + 0.02 * loss
        done = step + 1
        if done % EVERY == 0 or done == steps:
            each = (time.monotonic() - began) / (done - first)
            say(Progress(done, steps, smooth, ROWS * shape.window / each, each * (steps - done)))
        if done % KEEP == 0 or done == steps:
            checkpoints.keep(work, model, optimizers, {"step": done, "loss": smooth, "seconds": before + time.monotonic() - began})
    return Trained(model.cpu(), before + time.monotonic() - began)


def _stage(step: int, stages: Sequence[Stage]) -> tuple[Stage, int]:
    """The stage that a step belongs to, and its number in it."""
    for stage in stages:
        if step < stage.steps:
            return stage, step
        step -= stage.steps
    raise ValueError("no stage has so many steps")


def _rate(step: int, stage: Stage) -> float:
    """Up, flat, and over the last half of a stage down to nothing."""
    return stage.rate * min(1.0, (step + 1) / WARM) * min(1.0, 2 * (1 - step / stage.steps) + 0.01)


def _step(model: LeanLlama, optimizers: list[torch.optim.Optimizer], given: Batch, rate: float) -> float:
    with torch.autocast(given.ids.device.type, dtype=torch.bfloat16):
        scores = model(given.ids, given.scored, torch.bfloat16)
    each = functional.cross_entropy(scores.float(), given.next, reduction="none")
    loss = (each * given.weights).sum() / given.weights.sum()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        optimizer.zero_grad()
    return float(loss.detach())
