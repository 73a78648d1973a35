"""Small real models: the bundled one, the same that never ends by itself, a base model without a chat template, and an encoder-decoder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest

from promptune.engines.local import LocalEngine
from promptune.engines.protocol import Weights
from promptune.models import BUNDLED_FOLDER


@pytest.fixture(scope="session")
def tiny() -> Weights:
    """As it is shipped: no test writes here, and none expects an answer of it that another training could change."""
    return Weights("tiny", str(BUNDLED_FOLDER))


@pytest.fixture(scope="session")
def endless(tiny: Weights, tmp_path_factory: pytest.TempPathFactory) -> Weights:
    """The bundled model without its end token: what it writes ends at a limit, whatever it has learned."""
    folder = tmp_path_factory.mktemp("models") / "endless"
    shutil.copytree(tiny.folder, folder)
    settings = json.loads((folder / "generation_config.json").read_text())
    (folder / "generation_config.json").write_text(json.dumps(settings | {"suppress_tokens": [settings["eos_token_id"]]}))
    return Weights("endless", str(folder))


@pytest.fixture(scope="session")
def base(tiny: Weights, tmp_path_factory: pytest.TempPathFactory) -> Weights:
    """The bundled model without its chat template."""
    folder = tmp_path_factory.mktemp("models") / "base"
    shutil.copytree(tiny.folder, folder, ignore=shutil.ignore_patterns("chat_template.jinja"))
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
        vocab_size=len(tokenizer),
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        decoder_start_token_id=tokenizer.pad_token_id,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    model = T5ForConditionalGeneration(config)
    model.generation_config.suppress_tokens = [tokenizer.eos_token_id]  # random weights could choose it at once
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return Weights("t5", str(folder))


@pytest.fixture(scope="session")
def engine() -> Iterator[LocalEngine]:
    engine = LocalEngine("cpu")
    yield engine
    engine.close()
