"""Where a training goes on after an interruption: weights, optimizer, chance and history, whole or not there."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from promptune.errors import UserError
from promptune.store import artefacts
from promptune.tuning import machine, methods
from promptune.tuning.state import State

FOLDER, TENSORS, STATE = "checkpoints", "tensors.safetensors", "state.json"


def newest(folder: Path) -> int:
    """The steps that the newest checkpoint holds; 0 where there is none."""
    return max((_number(place)[0] for place in _all(folder)), default=0)


def keep(folder: Path, model: Any, optimizer: torch.optim.Optimizer, state: State) -> None:
    """`folder` is the training's; the new one is there before those before it go, also where one of them is of the same step."""
    tensors = {f"model.{name}": one for name, one in methods.weights(model).items()}
    for place, values in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{place}.{name}": torch.as_tensor(value) for name, value in values.items()}
    tensors |= machine.chance()
    old = _all(folder)
    again = 1 + max((_number(place)[1] for place in old), default=0)
    with artefacts.building(folder / FOLDER / f"step-{state.step}-{again}") as place:
        save_file({name: one.detach().cpu().contiguous().clone() for name, one in tensors.items()}, place / TENSORS)
        (place / STATE).write_text(json.dumps(asdict(state)), encoding="utf-8")
    for one in old:
        artefacts.remove(one)


def restore(folder: Path, model: Any, optimizer: torch.optim.Optimizer) -> State:
    """From the newest whole checkpoint; the beginning where there is none. A damaged one goes: the one before it, or the beginning, is as good."""
    for place in sorted(_all(folder), key=_number, reverse=True):
        try:
            artefacts.verify(place)
        except UserError:
            artefacts.remove(place)
            continue
        _load(load_file(place / TENSORS), model, optimizer)
        return State.read(json.loads((place / STATE).read_text(encoding="utf-8")))
    return State()


def _all(folder: Path) -> list[Path]:
    return list((folder / FOLDER).glob("step-*-*"))


def _number(place: Path) -> tuple[int, int]:
    """Its step, and which of all checkpoints it is."""
    _, step, again = place.name.split("-")
    return int(step), int(again)


@torch.no_grad()
def _load(tensors: dict[str, Tensor], model: Any, optimizer: torch.optim.Optimizer) -> None:
    for name, one in methods.weights(model).items():
        one.copy_(tensors[f"model.{name}"])
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimizer."):
            _, place, key = name.split(".", 2)
            state.setdefault(int(place), {})[key] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    machine.set_chance(tensors)
