"""A model folder is refused by reading it, before anything in it could run or load."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from promptune.engines.folder import inspect
from promptune.engines.protocol import Weights
from promptune.errors import ModelUnusable


@pytest.fixture
def folder(tiny: Weights, tmp_path: Path) -> Path:
    for path in Path(tiny.folder).iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def edit(name: str, **changes: object) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        values = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps(values | changes))

    return change


def truncate(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def indexed(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"lm_head.weight": name}}))


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "its own code": (edit("config.json", auto_map={"AutoModelForCausalLM": "evil.Model"}), "auto_map"),
    "its own tokenizer code": (edit("tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.T", None]}), "auto_map"),
    "code further down": (edit("config.json", vision={"auto_map": {}}), "auto_map"),
    "pickled weights": (pickled, "pickled"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "no .*safetensors"),
    "no config": (lambda folder: (folder / "config.json").unlink(), "config.json"),
    "config of another kind": (lambda folder: (folder / "config.json").write_text("[1]"), "model_type"),
    "config that is no JSON": (lambda folder: (folder / "config.json").write_text("{"), "not valid JSON"),
    "no tokenizer": (lambda folder: (folder / "tokenizer.json").unlink(), "tokenizer"),
    "a model that does not write": (edit("config.json", architectures=["BertForMaskedLM"]), "does not write text"),
    "cut short": (truncate, "cut short"),
    "an index that leads out of the folder": (indexed("../outside/model.safetensors"), "no safetensors file of this folder"),
    "an index that names a pickle": (indexed("pytorch_model.bin"), "no safetensors file of this folder"),
    "an index of nothing": (lambda folder: (folder / "model.safetensors.index.json").write_text("[]"), "no weight_map"),
    "weights named elsewhere": (edit("config.json", transformers_weights="other.bin"), "transformers_weights"),
    "a link to nothing": (lambda folder: (folder / "more.safetensors").symlink_to("gone"), "cannot be read"),
    "empty weights": (lambda folder: (folder / "model.safetensors").write_bytes(b""), "cut short"),
    "a damaged header": (lambda folder: (folder / "model.safetensors").write_bytes((8).to_bytes(8, "little") + b"no json!"), "damaged header"),
}


def test_a_sound_folder_is_usable(folder: Path) -> None:
    assert inspect(folder).kind == "causal" and inspect(folder).size > 1_000_000


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_folder_says_what_and_what_to_do(folder: Path, name: str) -> None:
    breaks, words = BROKEN[name]
    breaks(folder)
    with pytest.raises(ModelUnusable, match=words) as caught:
        inspect(folder)
    assert caught.value.todo and str(folder) in str(caught.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="no such folder"):
        inspect(tmp_path / "gone")
