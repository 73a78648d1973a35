"""Checkpoints of a training: safetensors, and a small JSON that names them and is written last."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from promptune.errors import UserError
from promptune.tiny.lean import LeanLlama


def keep(work: Path, model: LeanLlama, optimizers: list[torch.optim.Optimizer], state: dict[str, float]) -> None:
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    for i, optimizer in enumerate(optimizers):
        for place, values in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{i}.{place}.{name}": torch.as_tensor(value) for name, value in values.items()}
    name = f"step-{state['step']}.safetensors"
    save_file({key: tensor.cpu().contiguous().clone() for key, tensor in tensors.items()}, work / name)
    part = work / "state.json.part"
    part.write_text(json.dumps(state | {"tensors": name}))
    part.replace(work / "state.json")
    for old in work.glob("step-*.safetensors"):
        if old.name != name:
            old.unlink()


def restore(work: Path, model: LeanLlama, optimizers: list[torch.optim.Optimizer]) -> tuple[int, float, float]:
    """The steps that are done, the loss, and the seconds they took."""
    if not (work / "state.json").exists():
        return 0, 0.0, 0.0
    try:
        return _read(work, model, optimizers)
    except (OSError, ValueError, TypeError, LookupError, RuntimeError, SafetensorError) as error:
        raise UserError("its checkpoint cannot be read.", where=str(work), todo="Delete that folder, and this seed begins anew.") from error


def _read(work: Path, model: LeanLlama, optimizers: list[torch.optim.Optimizer]) -> tuple[int, float, float]:
    kept = json.loads((work / "state.json").read_text())
    tensors = load_file(work / kept["tensors"])
    model.load_state_dict({name.removeprefix("model."): tensor for name, tensor in tensors.items() if name.startswith("model.")})
    for i, optimizer in enumerate(optimizers):
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            if name.startswith(f"optimizer.{i}."):
                _, _, place, key = name.split(".", 3)
                state.setdefault(int(place), {})[key] = tensor
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    return int(kept["step"]), float(kept["loss"]), float(kept["seconds"])
