"""What a model folder holds, read without loading it: usable or not, and why. No torch here.

Only safetensors are read, and a folder that brings its own code is refused: a pickle and an `auto_map` both run what
they hold.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from promptune.errors import ModelUnusable

Kind = Literal["causal", "seq2seq"]
AdapterKind = Literal["peft", "full"]
CONFIG_BYTES = 20 * 2**20  # of one JSON file; tokenizers with large vocabularies stay below it
HEADER_BYTES = 100 * 2**20  # of one safetensors file, as its own library allows
WRITES = re.compile(r"CausalLM|ConditionalGeneration|LMHead|Seq2SeqLM|DoubleHeads|MTModel")
SEQ2SEQ = {"t5", "mt5", "umt5", "longt5", "switch_transformers", "bart", "mbart", "pegasus", "marian", "blenderbot", "m2m_100", "led", "prophetnet"}
ADAPTER_CONFIG, ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
# What in an adapter's settings names modules to import or other files to load.
ELSEWHERE = ("megatron_config", "corda_config", "lora_ga_config", "prompt_tuning_init_state_dict_path", "adapters")
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "source.spm", "vocab.json", "vocab.txt")


@dataclass(frozen=True)
class ModelFolder:
    kind: Kind
    size: int  # bytes of weights


def inspect(folder: Path) -> ModelFolder:
    """Raises ModelUnusable with the first reason why a model could not be loaded from this folder."""
    try:
        return _inspect(folder)
    except OSError as error:
        raise _unreadable(folder, error) from None


def inspect_adapter(folder: Path) -> AdapterKind:
    """The same for the folder of what was tuned. What it says of the model it belongs to is never looked at."""
    try:
        return _inspect_adapter(folder)
    except OSError as error:
        raise _unreadable(folder, error) from None


def model_type(folder: Path) -> str:
    """Which architecture it is; of a folder that was inspected."""
    return str(_config(folder)["model_type"])


def brings_tokenizer(folder: Path) -> bool:
    return any((folder / name).is_file() for name in TOKENIZERS)


def _inspect(folder: Path) -> ModelFolder:
    if not folder.is_dir():
        raise _unusable(folder, "there is no such folder", "Bring it back or add the model again.")
    config = _config(folder)
    if (folder / ADAPTER_CONFIG).exists():  # a loader would follow it to a model elsewhere
        raise _unusable(folder, f"it holds an adapter ({ADAPTER_CONFIG}) beside the model", "Give the model's folder without it.")
    _refuse_code(folder)
    size = _check_tensors(folder, config)
    if not brings_tokenizer(folder):
        raise _unusable(folder, "it holds no tokenizer (tokenizer.json)", "Save the tokenizer into the same folder.")
    architectures = config.get("architectures") or []
    if architectures and not WRITES.search(str(architectures[0])):
        raise _unusable(folder, f"{architectures[0]} does not write text", "Use a causal or a sequence-to-sequence language model.")
    seq2seq = config.get("is_encoder_decoder", config.get("model_type") in SEQ2SEQ)
    return ModelFolder("seq2seq" if seq2seq else "causal", size)


def _inspect_adapter(folder: Path) -> AdapterKind:
    if not folder.is_dir():
        raise _unusable(folder, "there is no such folder", "Tune again.")
    _refuse_code(folder)
    if not (folder / ADAPTER_CONFIG).exists():
        _check_tensors(folder, _config(folder))
        return "full"
    settings = _json(folder / ADAPTER_CONFIG)
    if not isinstance(settings, dict) or not isinstance(settings.get("peft_type"), str):
        raise _unusable(folder, f"its {ADAPTER_CONFIG} names no peft_type", "Save the adapter again with a current version of PEFT.")
    for key in ELSEWHERE:
        if settings.get(key):
            raise _unusable(folder, f"its {ADAPTER_CONFIG} leads to other files or code ({key})", "Save the adapter again without it.")
    if not (folder / ADAPTER_WEIGHTS).is_file():
        raise _without_weights(folder, ADAPTER_WEIGHTS)
    _check_weights(folder, folder / ADAPTER_WEIGHTS)
    return "peft"


def _refuse_code(folder: Path) -> None:
    for path in sorted(folder.glob("*config*.json")):
        if path.is_file() and _has_key(_json(path), "auto_map"):
            raise _unusable(folder, f"{path.name} names code of its own (auto_map), which is never run", "Use a model that needs no remote code.")


def _check_tensors(folder: Path, config: dict[str, Any]) -> int:
    """The bytes of a whole model's weights, all of them sound."""
    weights = [path for path in sorted(folder.glob("*.safetensors")) if path.is_file() or path.is_symlink()]
    if not weights:
        raise _without_weights(folder, "*.safetensors")
    if "transformers_weights" in config:  # a way to name any other file
        raise _unusable(folder, "its config.json names weights of its own (transformers_weights)", "Save the model again without it.")
    _check_index(folder, {path.name for path in weights})
    for path in weights:
        _check_weights(folder, path)
    return sum(path.stat().st_size for path in weights)


def _without_weights(folder: Path, wanted: str) -> ModelUnusable:
    pickles = [path.name for pattern in PICKLES for path in sorted(folder.glob(pattern))]
    what = f"its weights are pickled ({pickles[0]}), which can run code" if pickles else f"it holds no {wanted} file"
    return _unusable(folder, what, "Convert the weights to safetensors.")


def _check_index(folder: Path, names: set[str]) -> None:
    """An index says which file holds which tensor: only safetensors files of this folder, or a loader could be led anywhere."""
    for path in folder.glob("*.safetensors.index.json"):
        places = _json(path).get("weight_map") if path.is_file() and isinstance(_json(path), dict) else None
        if not isinstance(places, dict):
            raise _unusable(folder, f"{path.name} has no weight_map", "Copy the file again.")
        for name in sorted(set(map(str, places.values()))):
            if name not in names:
                raise _unusable(folder, f"{path.name} names {name!r}, which is no safetensors file of this folder", "Copy or download it again, whole.")


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    if not path.is_file():
        raise _unusable(folder, "it holds no config.json", "Give the folder that a model was saved into, with its config, tokenizer and safetensors.")
    config = _json(path)
    if not isinstance(config, dict) or "model_type" not in config:
        raise _unusable(folder, "its config.json names no model_type", "Save the model again with a current version of transformers.")
    return config


def _json(path: Path) -> Any:
    if path.stat().st_size > CONFIG_BYTES:
        raise _unusable(path.parent, f"{path.name} is larger than {CONFIG_BYTES // 2**20} MB", "Use the file that came with the model.")
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise _unusable(path.parent, f"{path.name} is not valid JSON", "Copy the file again.") from None


def _has_key(value: Any, key: str) -> bool:
    if isinstance(value, dict):
        return key in value or any(_has_key(inner, key) for inner in value.values() if isinstance(inner, dict))
    return False


def _check_weights(folder: Path, path: Path) -> None:
    """A safetensors file is 8 bytes of header length, a JSON header, then the tensors up to the last offset named in it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(HEADER_BYTES, size - 8):
            raise _unusable(folder, f"{path.name} is cut short or is no safetensors file", "Copy or download it again.")
        try:
            header = json.loads(file.read(length))
            ends = [int(tensor["data_offsets"][1]) for name, tensor in header.items() if name != "__metadata__"]
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
            raise _unusable(folder, f"{path.name} has a damaged header", "Copy or download it again.") from None
    if 8 + length + max(ends, default=0) != size:
        raise _unusable(
            folder, f"{path.name} is cut short: {size} bytes where its header names {8 + length + max(ends, default=0)}", "Copy or download it again."
        )


def _unreadable(folder: Path, error: OSError) -> ModelUnusable:
    name = Path(str(error.filename or folder)).name
    return _unusable(folder, f"{name} cannot be read ({(error.strerror or str(error)).lower()})", "Copy the folder again, whole.")


def _unusable(folder: Path, what: str, todo: str) -> ModelUnusable:
    return ModelUnusable(f"the folder {folder} cannot be used: {what}.", todo=todo)
