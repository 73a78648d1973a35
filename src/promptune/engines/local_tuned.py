"""Loading weights that were tuned: a PEFT adapter or a whole model of the same kind, at any strength, onto our own copy of the base."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from promptune.engines import folder
from promptune.engines.local_models import Loaded, loading, read_model, read_tokenizer, refuse_gaps, template_of
from promptune.engines.local_models import load as load_base
from promptune.engines.protocol import Weights
from promptune.errors import EngineError, ModelUnusable


def load(weights: Weights, device: str) -> Loaded:
    base = Path(weights.folder)
    if not weights.adapter:
        return load_base(base, device)
    tuned = Path(weights.adapter)
    kind = folder.inspect_adapter(tuned)
    loaded = load_base(base, device)
    loaded = _adapted(loaded, tuned, weights.strength) if kind == "peft" else _whole(loaded, tuned, weights.strength, device)
    return with_tokenizer(loaded, tuned) if folder.brings_tokenizer(tuned) else loaded


def _whole(base: Loaded, path: Path, strength: float, device: str) -> Loaded:
    """Read by transformers with the base's own settings, so that names and shapes must be the base's."""
    config = base.model.config
    own = folder.model_type(path)
    if own != config.model_type:
        raise _unusable(path, f"it is a model of the kind {own}, and the base is {config.model_type}")
    kind: folder.Kind = "seq2seq" if base.seq2seq else "causal"
    model, found = read_model(path, kind, device, config=config, ignore_mismatched_sizes=True)
    if other := sorted((name, tuple(here), tuple(there)) for name, here, there in found["mismatched_keys"]):
        name, here, there = other[0]
        raise _unusable(path, f"its {name} has the shape {list(here)}, and the base's has {list(there)}")
    refuse_gaps(path, sorted(found["missing_keys"]))
    if extra := sorted(found["unexpected_keys"]):
        raise _unusable(path, f"it holds {extra[0]}, for which the base has no place")
    if strength != 1:
        _weaken(model, base.model.state_dict(), strength)
    model.generation_config = base.model.generation_config
    return replace(base, model=model)


def _adapted(base: Loaded, path: Path, strength: float) -> Loaded:
    """Merged into the base's weights, so that it runs at the base's speed; what has no weights to merge stays as it is."""
    before = {name: one.detach().clone() for name, one in base.model.state_dict().items()} if strength != 1 else {}
    with loading(path):
        model = _attached(base.model, path)
        merged = _merged(model)
        if merged is not None:
            if strength != 1:
                _weaken(merged, before, strength)
            return replace(base, model=merged.eval())
    if strength != 1:
        raise EngineError(
            f"the adapter {path.name} adds to the prompt or the layers and not to the weights, so it has no strength but 1.", todo="Use it at strength 1."
        )
    virtual = int(getattr(model.active_peft_config, "num_virtual_tokens", 0) or 0)
    # PEFT drops the positions of a padded batch, and changes the model while it generates.
    return replace(base, model=model.eval(), window=base.window - virtual, one_at_a_time=True)


def _attached(model: Any, path: Path) -> Any:
    """The PEFT model with every weight from the file: nothing is fetched, whatever its settings name as their base."""
    import peft  # seconds to import
    from peft.mapping import PEFT_TYPE_TO_PREFIX_MAPPING

    config = peft.PeftConfig.from_pretrained(str(path), local_files_only=True)
    config.inference_mode, config.base_model_name_or_path = True, None
    adapted = peft.get_peft_model(model, config)
    # Read and set by ourselves: PEFT's own loader looks on the hub for what it misses, and makes up missing weights with a warning.
    result: Any = peft.set_peft_model_state_dict(adapted, load_file(path / folder.ADAPTER_WEIGHTS))
    if not config.is_prompt_learning:
        prefix = PEFT_TYPE_TO_PREFIX_MAPPING[config.peft_type]
        refuse_gaps(path, sorted(name for name in result.missing_keys if prefix in name and ".default" in name))
        if extra := sorted(result.unexpected_keys):
            raise _unusable(path, f"it holds {extra[0]}, for which the base has no place")
    return adapted


def _merged(model: Any) -> Any:
    """The plain model with the adapter in its weights; None for a method that adds something else."""
    merge = getattr(model, "merge_and_unload", None)
    try:
        return merge(safe_merge=True) if merge is not None else None
    except NotImplementedError:
        return None


@torch.no_grad()
def _weaken(model: Any, before: dict[str, Tensor], strength: float) -> None:
    """Every weight goes to its place on the line from the base's to the tuned one's. For LoRA that is its scaled product; other methods,
    and layers that were tuned whole, reach the base exactly at 0 too. In fp32; tied weights are one parameter."""
    for name, tuned in model.named_parameters():
        tuned.copy_(torch.lerp(before[name].float(), tuned.float(), strength))


def with_tokenizer(loaded: Loaded, path: Path) -> Loaded:
    tokenizer = read_tokenizer(path, "seq2seq" if loaded.seq2seq else "causal", config=loaded.model.config)
    rows = loaded.model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        raise _unusable(path, f"its tokenizer has {len(tokenizer)} tokens, and the model knows {rows}")
    return replace(loaded, tokenizer=tokenizer, template=template_of(tokenizer))


def _unusable(path: Path, what: str) -> ModelUnusable:
    return ModelUnusable(f"the folder {path} cannot be used: {what}.", todo="Choose the model that it was tuned from.")
