"""Small real models: the bundled one, the same that never ends by itself, a base model without a chat template, an encoder-decoder, and tuned ones."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

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


def lora_of(base: Weights, folder: Path, **settings: Any) -> Weights:
    """A model with a random adapter, large enough to change what it writes: a new LoRA adds nothing before it has learned."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

    encodes = base.name == "t5"
    plain = (AutoModelForSeq2SeqLM if encodes else AutoModelForCausalLM).from_pretrained(base.folder)
    kind = "SEQ_2_SEQ_LM" if encodes else "CAUSAL_LM"
    torch.manual_seed(11)
    model = get_peft_model(plain, LoraConfig(**{"task_type": kind, "r": 4, "lora_alpha": 8, "target_modules": "all-linear"} | settings))
    for name, one in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(one, std=0.2)
    model.save_pretrained(folder)
    return replace(base, name=f"{base.name}+lora", adapter=str(folder))


@pytest.fixture(scope="session")
def lora(tiny: Weights, tmp_path_factory: pytest.TempPathFactory) -> Weights:
    return lora_of(tiny, tmp_path_factory.mktemp("runs") / "lora")


@pytest.fixture(scope="session")
def seq2seq_lora(seq2seq: Weights, tmp_path_factory: pytest.TempPathFactory) -> Weights:
    return lora_of(seq2seq, tmp_path_factory.mktemp("runs") / "t5-lora")


@pytest.fixture(scope="session")
def full(tiny: Weights, tmp_path_factory: pytest.TempPathFactory) -> Weights:
    """The bundled model with every weight moved a little, saved without a tokenizer."""
    import torch
    from transformers import AutoModelForCausalLM

    folder = tmp_path_factory.mktemp("runs") / "full"
    model = AutoModelForCausalLM.from_pretrained(tiny.folder)
    torch.manual_seed(12)
    with torch.no_grad():
        for one in model.parameters():
            one.add_(torch.randn_like(one) * one.std() * 0.3)
    model.save_pretrained(folder)
    return replace(tiny, name="tiny+full", adapter=str(folder))
