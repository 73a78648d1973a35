"""LoRA adapters of which every row of a batch has its own, at a strength of its own, over one model whose weights stay as they are.

A layer's adapters lie in one pair of matrices, one behind the other. A row's scales pick its own ranks out of all of them: the strength
for those, 0 for the others'. So any mixture costs two small products a layer, and at strength 0 exactly nothing is added.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, nn

from promptune.engines import folder
from promptune.errors import ModelUnusable

# Of an adapter's settings, those that change nothing of what it adds, or are read here. Any other that is set means another kind of LoRA.
INERT = frozenset(
    {"peft_type", "task_type", "base_model_name_or_path", "revision", "inference_mode", "auto_mapping", "peft_version", "lora_dropout", "target_modules"}
    | {"exclude_modules", "layers_to_transform", "layers_pattern", "megatron_core", "qalora_group_size", "r", "lora_alpha", "use_rslora"}
    | {"init_lora_weights"}
)
STARTS = (True, False, "gaussian", None)  # of the matrices alone; other starts also change the model's own weights
PREFIX, DOWN, UP = "base_model.model.", ".lora_A.weight", ".lora_B.weight"


@dataclass(frozen=True, eq=False)
class Lora:
    """By module its two matrices, (rank, in) and (out, rank), the second with the adapter's own scale."""

    layers: dict[str, tuple[Tensor, Tensor]]
    rank: int
    size: int  # bytes


@dataclass(frozen=True)
class Mix:
    """What a row runs with. Equal mixes give equal keys and values."""

    lora: Lora | None = None
    strength: float = 1.0


PLAIN = Mix()


def read_lora(path: Path, model: Any) -> Lora | None:
    """None where it is none that rows can choose between: DoRA, layers tuned whole, one that does not fit this model."""
    config = json.loads((path / folder.ADAPTER_CONFIG).read_text(encoding="utf-8"))
    other = [key for key, value in config.items() if value and key not in INERT and (key, value) != ("bias", "none")]
    if config.get("peft_type") != "LORA" or other or config.get("init_lora_weights") not in STARTS:
        return None
    rank, alpha = int(config["r"]), float(config["lora_alpha"])
    scale = alpha / (rank**0.5 if config.get("use_rslora") else rank)
    with safe_open(path / folder.ADAPTER_WEIGHTS, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # a safetensors file is no dict
    if broken := next((name for name, tensor in tensors.items() if not bool(tensor.isfinite().all())), ""):
        raise ModelUnusable(f"the folder {path} cannot be used: its {broken} holds what is no number.", todo="Tune it again, with a lower rate.")
    names = {name.removeprefix(PREFIX).removesuffix(DOWN) for name in tensors if name.endswith(DOWN)}
    if {f"{PREFIX}{name}{end}" for name in names for end in (DOWN, UP)} != set(tensors):
        return None
    modules = dict(model.named_modules())
    layers = {}
    for name in sorted(names):
        down, up, module = tensors[f"{PREFIX}{name}{DOWN}"], tensors[f"{PREFIX}{name}{UP}"], modules.get(name)
        if type(module) is not nn.Linear or down.shape != (rank, module.in_features) or up.shape != (module.out_features, rank):
            return None
        weight = module.weight
        layers[name] = (down.to(weight), (up.float() * scale).to(weight))
    return Lora(layers, rank, sum(tensor.nbytes for pair in layers.values() for tensor in pair))


class Mixer:
    """Adds to a model's layers what the rows of the pass that is under way have chosen."""

    def __init__(self, model: Any) -> None:
        self._modules = dict(model.named_modules())
        self._hooked: set[str] = set()
        self._used: tuple[Lora, ...] = ()  # whose matrices are stacked
        self._stacked: dict[str, tuple[Tensor, Tensor]] = {}  # by module: (in, all ranks), (all ranks, out)
        self._mixes: tuple[Mix, ...] = ()  # of the pass that is under way
        self._scales: Tensor | None = None  # (rows, 1, all ranks); None: no row has an adapter
        self._mixing = False

    @contextmanager
    def mixing(self, mixes: Sequence[Mix]) -> Iterator[None]:
        """For one pass, each row with its own; outside of it the model is as it is."""
        if (mixes := tuple(mixes)) != self._mixes:
            self._choose(mixes)
        self._mixing = self._scales is not None
        try:
            yield
        finally:
            self._mixing = False

    def _choose(self, mixes: tuple[Mix, ...]) -> None:
        self._mixes = mixes
        chosen = [mix.lora for mix in mixes if mix.lora is not None and mix.strength]
        if not chosen:
            self._scales = None
            return
        if any(lora not in self._used for lora in chosen):
            self._stack(tuple(dict.fromkeys(chosen)))
        starts = dict(zip(self._used, torch.tensor([0, *(lora.rank for lora in self._used)]).cumsum(0).tolist(), strict=False))
        sample, _ = next(iter(self._stacked.values()))
        scales = torch.zeros((len(mixes), 1, sample.shape[1]), dtype=sample.dtype)
        for row, mix in zip(scales, mixes, strict=True):
            if mix.lora is not None and mix.strength:
                row[0, starts[mix.lora] : starts[mix.lora] + mix.lora.rank] = mix.strength
        self._scales = scales.to(sample.device)

    def _stack(self, used: tuple[Lora, ...]) -> None:
        self._used, self._stacked = used, {}
        for name in sorted({name for lora in used for name in lora.layers}):
            module = self._modules[name]
            pairs = [lora.layers.get(name) or _nothing(lora.rank, module) for lora in used]
            self._stacked[name] = (torch.cat([down for down, _ in pairs]).T.contiguous(), torch.cat([up for _, up in pairs], dim=1).T.contiguous())
            if name not in self._hooked:
                self._hooked.add(name)
                module.register_forward_hook(self._adding(name))

    def _adding(self, name: str) -> Any:
        def add(_: Any, args: tuple[Tensor, ...], out: Tensor) -> Tensor | None:
            if not self._mixing or (pair := self._stacked.get(name)) is None:
                return None
            scales: Tensor = self._scales  # type: ignore[assignment]  # there are, while it mixes
            return out + (args[0] @ pair[0] * scales) @ pair[1]

        return add


def _nothing(rank: int, module: Any) -> tuple[Tensor, Tensor]:
    return module.weight.new_zeros((rank, module.in_features)), module.weight.new_zeros((module.out_features, rank))
