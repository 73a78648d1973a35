"""The engine's benchmarks on a CUDA machine that has torch, transformers, peft and accelerate: shapes of Qwen2.5 with random weights, bf16.

`make bench` leaves it out; run it with `PYTHONPATH=src python benchmarks/gpu.py`, on a CPU with `--try` to see that it runs. What the
engine needs besides (pydantic, Jinja2, psutil, safetensors, PyYAML) comes with those four. The limit is that of the bytes: every step
reads the weights once and each row's keys and values, as quickly as the device copies memory.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import choices
import consistency
import evaluation
import streams
import torch
from ours import Ours
from results import Line, record
from transformers import Qwen2Config
from workload import Subject, subject

from promptune.engines.local_batch import ROWS

LONG = 128  # tokens of the answers whose decoding is compared with the limit
SHAPES = {"Qwen2.5-0.5B": (896, 24, 14, 2, 4864, 151_936), "Qwen2.5-1.5B": (1536, 28, 12, 2, 8960, 151_936)}
TRIAL = {"trial": (64, 2, 4, 2, 128, 2_048)}


def shape(width: int, layers: int, heads: int, key_heads: int, between: int, vocabulary: int) -> Qwen2Config:
    return Qwen2Config(
        vocab_size=vocabulary,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=key_heads,
        intermediate_size=between,
        max_position_embeddings=4096,
        tie_word_embeddings=False,  # tied ones of random weights say their last word again and again; a step reads as many bytes
    )


def copied(device: str) -> float:
    """Bytes a second that the device reads or writes while it copies."""
    block = torch.empty(2**30 if device == "cuda" else 2**24, dtype=torch.uint8, device=device)
    other = torch.empty_like(block)
    best = float("inf")
    for _ in range(10):
        wait(device)
        started = time.perf_counter()
        other.copy_(block)
        wait(device)
        best = min(best, time.perf_counter() - started)
    return 2 * block.nbytes / best


def wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def decoding(one: Subject, config: Qwen2Config, bandwidth: float) -> Line:
    """Many rows answer at once: the time between two lengths of answers, so that reading the prompts is not in it."""
    ours = Ours(one.device)
    asked = evaluation.mixed(ROWS)
    try:
        ours.answer(asked, [one.base] * ROWS, [LONG] * ROWS)
        seconds = [ours.answer(asked, [one.base] * ROWS, [tokens] * ROWS).seconds for _ in range(5) for tokens in (LONG // 2, LONG)]
        voice = ours.engine._shelf.get(one.base)
        prompts = sum(len(voice.loaded.encode(prompt, ours.engine._sandbox).ids) for prompt in asked) / ROWS
        model = voice.loaded.model
        weights = model.get_memory_footprint() - model.get_input_embeddings().weight.nbytes  # of which a step reads a few rows
    finally:
        ours.engine.close()
    steps = LONG - LONG // 2
    took = sorted(long - short for short, long in zip(seconds[::2], seconds[1::2], strict=True))[2] / steps
    of_token = 2 * config.num_hidden_layers * config.num_key_value_heads * (config.hidden_size // config.num_attention_heads) * one.dtype.itemsize
    limit = (weights + ROWS * of_token * (prompts + 3 * LONG / 4)) / bandwidth
    what = f"the least that the bytes allow at {bandwidth / 1e12:.2f} TB/s: {ROWS / limit:,.0f} tokens/s"
    return Line(f"decoding, {ROWS} rows, {one.name}", what, f"{ROWS / took:,.0f} tokens/s", limit / took, "at best 1: every step would only wait for memory")


def main() -> None:
    trial = "--try" in sys.argv
    if not trial and not torch.cuda.is_available():
        print("There is no CUDA device: nothing is measured.")
        return
    device, dtype = ("cpu", torch.float32) if trial else ("cuda", torch.bfloat16)
    card = "CPU" if trial else torch.cuda.get_device_name()
    tell = print if trial else record
    bandwidth = copied(device)
    for name, sizes in (TRIAL if trial else SHAPES).items():
        config = shape(*sizes)
        with TemporaryDirectory() as place:
            one = replace(subject(Path(place), name, config, device, dtype), name=f"{name}, {str(dtype).removeprefix('torch.')}, {card}")
            lines = [*streams.measure(one, 5), *consistency.measure(one, 5), *choices.measure(one, 5)]
            lines.append(evaluation.measure(one, evaluation.mixed(64), "mixed prompts", share=False))
            lines.append(evaluation.measure(one, evaluation.alike(64), "shared few-shot prefix", share=True))
            lines.append(decoding(one, config, bandwidth))
        for line in lines:
            tell(line)


if __name__ == "__main__":
    main()
