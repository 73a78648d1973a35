"""The trained weights as everybody's tools know them: a Hugging Face folder with a plain LlamaForCausalLM."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from promptune.tiny.lean import EPSILON, THETA, LeanLlama


def publish(lean: LeanLlama, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    model = as_llama(lean, tokenizer)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def as_llama(lean: LeanLlama, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    shape = lean.shape
    config = LlamaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=shape.window,
        rms_norm_eps=EPSILON,
        rope_parameters={"rope_type": "default", "rope_theta": THETA},
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        dtype="float32",
    )
    with torch.random.fork_rng(devices=[]):  # its own first weights are drawn for nothing
        model = LlamaForCausalLM(config)
    unknown = model.load_state_dict(lean.state_dict(), strict=False).unexpected_keys
    if unknown:
        raise ValueError(f"weights that a Llama does not have: {', '.join(unknown)}")
    model.tie_weights()
    model.generation_config = GenerationConfig(eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id)
    model.eval()
    return model
