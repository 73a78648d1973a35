"""Small real models: the stand-in, a base model without a chat template, and an encoder-decoder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from promptune.engines.local import LocalEngine
from promptune.engines.protocol import Weights
from promptune.tiny import FOLDER, stand_in


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    folder = tmp_path_factory.mktemp("models") / FOLDER
    stand_in.ensure(folder)
    return Weights("tiny", str(folder))


@pytest.fixture(scope="session")
def base(tiny: Weights, tmp_path_factory: pytest.TempPathFactory) -> Weights:
    """The stand-in without its chat template."""
    folder = tmp_path_factory.mktemp("models") / "base"
    folder.mkdir()
    for path in Path(tiny.folder).iterdir():
        if path.name not in ("chat_template.jinja", "manifest.json"):
            (folder / path.name).write_bytes(path.read_bytes())
    return Weights("base", str(folder))


@pytest.fixture(scope="session")
def seq2seq(tiny: Weights, tmp_path_factory: pytest.TempPathFactory) -> Weights:
    import torch
    from tokenizers.processors import TemplateProcessing
    from transformers import AutoTokenizer, T5Config, T5ForConditionalGeneration

    folder = tmp_path_factory.mktemp("models") / "t5"
    tokenizer = AutoTokenizer.from_pretrained(tiny.folder)
    tokenizer.chat_template = None
    end = tokenizer.eos_token
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single=f"$A {end}", special_tokens=[(end, tokenizer.eos_token_id)])
    torch.manual_seed(3)
    config = T5Config(
        vocab_size=1536, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, decoder_start_token_id=0, pad_token_id=0, eos_token_id=tokenizer.eos_token_id
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return Weights("t5", str(folder))


@pytest.fixture(scope="session")
def engine() -> Iterator[LocalEngine]:
    engine = LocalEngine("cpu")
    yield engine
    engine.close()
