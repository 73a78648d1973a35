"""What a step learns from: a few examples, laid into as few rows as they need, and the loss of their answers.

Packed, examples lie one behind the other in one row, each with positions of its own from 0 on; by these the model's attention keeps
them apart (it does so only without a cache). Nothing is padded, and scores are made only where an answer's token is predicted.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

from promptune.engines.local_models import Loaded
from promptune.tuning.encoding import Coded

Layout = Literal["packed", "padded", "seq2seq"]
ROW = 1024  # tokens of a packed row, or of a padded batch: attention takes room by the square of a row
LONG, ROUNDING = 40, 0.05  # tokens of a prompt that is tried; how much of a leak's effect may be rounding


@dataclass(frozen=True)
class Micro:
    """One call of the model, and the tokens it should predict there."""

    inputs: dict[str, Any]
    places: Tensor | None  # where in the flattened scores; None: everywhere
    targets: Tensor  # (n,)


def order(count: int, seed: int, epoch: int) -> list[int]:
    """Of the rows in an epoch: by chance, and the same every time."""
    rows = [*range(count)]
    random.Random(f"{seed} {epoch}").shuffle(rows)
    return rows


def layout(loaded: Loaded) -> Layout:
    """Packed where this very model keeps packed examples apart; what cannot be shown is not done."""
    if loaded.seq2seq:
        return "seq2seq"
    return "packed" if _keeps_apart(loaded.model) else "padded"


def micros(examples: Sequence[Coded], how: Layout, pad: int, device: Any) -> Iterator[Micro]:
    """In the order of their length, so that those which share a padded batch are alike."""
    make = {"packed": _packed, "padded": _padded, "seq2seq": _seq2seq}[how]
    for group in _groups(sorted(examples, key=lambda one: one.tokens), padded=how != "packed"):
        yield make(group, pad, device)


def loss_sum(model: Any, micro: Micro) -> Tensor:
    """In nats, over all answer tokens of a call."""
    scores = model(**micro.inputs).logits.flatten(0, 1)
    if micro.places is not None:
        scores = scores[micro.places]
    return functional.cross_entropy(scores.float(), micro.targets, reduction="sum")


def answer_tokens(examples: Sequence[Coded]) -> int:
    return sum(len(one.answer) for one in examples)


def _groups(examples: Sequence[Coded], *, padded: bool) -> Iterator[list[Coded]]:
    """As many at once as a row has room for. `examples` by length: the last one of a padded group is its longest."""
    group: list[Coded] = []
    for one in examples:
        room = one.tokens * (len(group) + 1) if padded else one.tokens + sum(other.tokens for other in group)
        if group and room > ROW:
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _packed(examples: Sequence[Coded], pad: int, device: Any) -> Micro:
    ids: list[int] = []
    positions: list[int] = []
    keep: list[int] = []
    for one in examples:
        keep += range(len(ids) + len(one.prompt) - 1, len(ids) + one.tokens - 1)  # each token is predicted one place before it
        ids += [*one.prompt, *one.answer]
        positions += range(one.tokens)
    inputs = {
        "input_ids": torch.tensor([ids], device=device),
        "position_ids": torch.tensor([positions], device=device),
        "logits_to_keep": torch.tensor(keep, device=device),
        "use_cache": False,
    }
    return Micro(inputs, None, _targets(examples, device))


def _padded(examples: Sequence[Coded], pad: int, device: Any) -> Micro:
    width = max(one.tokens for one in examples)
    ids = torch.full((len(examples), width), pad)
    there = torch.zeros(len(examples), width, dtype=torch.long)
    places: list[int] = []
    for i, one in enumerate(examples):
        ids[i, : one.tokens] = torch.tensor([*one.prompt, *one.answer])
        there[i, : one.tokens] = 1
        places += range(i * width + len(one.prompt) - 1, i * width + one.tokens - 1)
    inputs = {"input_ids": ids.to(device), "attention_mask": there.to(device), "use_cache": False}
    return Micro(inputs, torch.tensor(places, device=device), _targets(examples, device))


def _seq2seq(examples: Sequence[Coded], pad: int, device: Any) -> Micro:
    width, wide = max(len(one.prompt) for one in examples), max(len(one.answer) for one in examples)
    ids = torch.full((len(examples), width), pad)
    there = torch.zeros(len(examples), width, dtype=torch.long)
    labels = torch.full((len(examples), wide), -100)
    places: list[int] = []
    for i, one in enumerate(examples):
        ids[i, : len(one.prompt)] = torch.tensor(one.prompt)
        there[i, : len(one.prompt)] = 1
        labels[i, : len(one.answer)] = torch.tensor(one.answer)
        places += range(i * wide, i * wide + len(one.answer))
    inputs = {"input_ids": ids.to(device), "attention_mask": there.to(device), "labels": labels.to(device), "use_cache": False}
    return Micro(inputs, torch.tensor(places, device=device), _targets(examples, device))


def _targets(examples: Sequence[Coded], device: Any) -> Tensor:
    return torch.tensor([id for one in examples for id in one.answer], device=device)


@torch.no_grad()
def _keeps_apart(model: Any) -> bool:
    """Whether two packed examples get the scores that each gets alone, but for rounding: far nearer than if the second one saw the first."""
    if not {"position_ids", "logits_to_keep"} <= inspect.signature(model.forward).parameters.keys():
        return False
    draw = random.Random(0)
    tokens = min(int(model.config.get_text_config().vocab_size), 1000)
    first, second = (Coded(tuple(draw.randrange(tokens) for _ in range(LONG)), tuple(draw.randrange(tokens) for _ in range(3))) for _ in range(2))
    was, device = model.training, next(model.parameters()).device
    model.eval()
    try:
        alone = model(**_packed([second], 0, device).inputs).logits[0].float()
        together = model(**_packed([first, second], 0, device).inputs).logits[0, -len(alone) :].float()
        joined = Coded((*first.prompt, *first.answer, *second.prompt), second.answer)
        leaking = model(**_packed([joined], 0, device).inputs).logits[0].float()
    finally:
        model.train(was)
    return bool((together - alone).abs().max() <= ROUNDING * (leaking - alone).abs().max())
