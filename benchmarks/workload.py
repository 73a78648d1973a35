"""What the engine's benchmarks run on: models, an adapter for each, and prompts of the tasks that come with Promptune."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import peft
import torch
from results import Line, record
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedConfig

from promptune.core.contender import Contender
from promptune.core.prompt import Prompt
from promptune.core.task import Example, Split
from promptune.engines import local_models
from promptune.engines.protocol import Weights
from promptune.prompting.material import Material
from promptune.prompting.strategies import build
from promptune.sandbox import Sandbox
from promptune.tasks import folder
from promptune.tasks.render import Renderer

ROOT = Path(__file__).resolve().parents[1]
TINY, TASKS = ROOT / "src/promptune/tiny/model", ROOT / "configs/tasks"
NEVER = 0  # the padding, which no model writes: with it as the end, every answer is as long as it may be
LOUD = 3.0  # standard deviation of a random model's scores: the best one stands clear of the second
WORDS = 2_048  # of the bundled tokenizer
MIDDLE = LlamaConfig(
    vocab_size=WORDS,
    hidden_size=512,
    num_hidden_layers=9,
    num_attention_heads=8,
    num_key_value_heads=8,
    intermediate_size=1408,
    max_position_embeddings=512,
)


@dataclass(frozen=True)
class Subject:
    """A model to measure, with something tuned on it."""

    name: str
    base: Weights
    tuned: Weights
    device: str = "cpu"
    dtype: torch.dtype = torch.float32


@contextmanager
def subjects() -> Iterator[list[Subject]]:
    """The bundled model and a random one of 30 million parameters, both sides on one thread."""
    torch.set_num_threads(1)
    local_models.ALL_THREADS = 1  # the engine gives the larger one all threads else
    with TemporaryDirectory() as place:
        yield [subject(Path(place), "bundled model"), subject(Path(place), "random 30M Llama", MIDDLE)]


def subject(place: Path, name: str, config: PreTrainedConfig | None = None, device: str = "cpu", dtype: torch.dtype = torch.float32) -> Subject:
    """A copy of the bundled model, or a random one of that shape with its tokenizer, whose answers end only where they are cut off."""
    base, tuned = place / name, place / f"{name} tuned"
    shutil.copytree(TINY, base)
    torch.manual_seed(0)
    model = _random(config, dtype) if config else AutoModelForCausalLM.from_pretrained(TINY, dtype=dtype, local_files_only=True)
    for settings in (model.config, model.generation_config):
        settings.eos_token_id = settings.pad_token_id = NEVER
    model.save_pretrained(base)
    file = base / "tokenizer_config.json"
    words = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(words | {"eos_token": words["pad_token"], "model_max_length": model.config.max_position_embeddings}), encoding="utf-8")
    adapted = peft.get_peft_model(model, peft.LoraConfig(r=8, target_modules="all-linear", task_type="CAUSAL_LM"))
    for part, weight in adapted.named_parameters():
        if "lora_B" in part:
            weight.data.normal_(std=0.3)  # they are 0 as PEFT makes them: as if it had learnt something
    adapted.save_pretrained(tuned)
    return Subject(name, Weights(name, str(base)), Weights(f"{name}+tuned", str(base), str(tuned)), device, dtype)


def _random(config: PreTrainedConfig, dtype: torch.dtype) -> torch.nn.Module:
    model = AutoModelForCausalLM.from_config(config, dtype=dtype)
    head = model.get_output_embeddings().weight.data
    head.normal_(std=LOUD / head.shape[1] ** 0.5)
    head[NEVER] = head[WORDS:] = 0  # the tokenizer knows no more
    return model


@cache
def _examples(task: str) -> dict[Split, list[Example]]:
    sandbox = Sandbox()
    try:
        return {split: list(found) for split, found in folder.read(TASKS / task / "task.yaml", Renderer(sandbox)).examples.items()}
    finally:
        sandbox.close()


def prompts(task: str, strategy: str, rows: Sequence[int]) -> list[Prompt]:
    """What the strategy asks for those test rows."""
    made = build(Contender.parse(f"tiny/{strategy}"), Material(tuple(_examples(task)["train"])))
    return [made.render(_examples(task)["test"][row]) for row in rows]


def measured(measure: Callable[[Subject], list[Line]]) -> None:
    """On every subject, line by line into the table."""
    with subjects() as some:
        for subject in some:
            for line in measure(subject):
                record(line)
