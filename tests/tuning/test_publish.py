"""A run leaves the house as everybody's tools know it, and answers there as it does here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from promptune.core.prompt import Message, Prompt, PromptPart
from promptune.core.recipe import Recipe
from promptune.core.task import Task
from promptune.engines.local import LocalEngine
from promptune.engines.protocol import Finished, Request, Weights
from promptune.sandbox import Sandbox
from promptune.store import artefacts
from promptune.tuning import MADE, methods
from promptune.tuning.publish import card, made, publish
from tests.tuning.conftest import ROWS, load_folder
from tests.tuning.test_train import training

TASK = Task("reviews", "Reviews `of` things\n# loud", "Classify this review.\n{{ review }} ||| {{ label }}", "review", metrics=("accuracy",))
FOUND: dict[str, Any] = {
    "kind": "causal",
    "rows": 24,
    "steps": 12,
    "best": {"step": 9, "score": 0.9, "loss": 0.1},
    "seconds": 3.2,
    "trainable": {"parameters": 1000, "share": 0.01},
}


def published(tiny: Weights, sandbox: Sandbox, folder: Path, method: Any) -> Path:
    loaded, recipe = load_folder(tiny.folder), Recipe("x", method, rate=0.002, epochs=6, batch=4)
    one = training(loaded, sandbox, folder, recipe)
    state = one.run()
    assert state
    publish(one.best(state), folder / "run", loaded, made(TASK, "tiny", "tiny", "reviews-x", recipe, FOUND))
    return folder / "run"


@pytest.mark.parametrize("method", ["lora", "full"])
def test_plain_peft_and_transformers_say_what_the_engine_says(tiny: Weights, engine: LocalEngine, sandbox: Sandbox, tmp_path: Path, method: Any) -> None:
    run = published(tiny, sandbox, tmp_path, method)
    if method == "lora":
        from peft import PeftModel

        model: Any = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny.folder), run)
    else:
        model = AutoModelForCausalLM.from_pretrained(run)
    tokenizer = AutoTokenizer.from_pretrained(run)
    for example in ROWS[:3]:
        prompt = Prompt((Message("user", (PromptPart("question", example.prompt),)),))
        [*_, end] = engine.stream([Request("1", Weights("tiny+x", tiny.folder, str(run)), prompt, 10, 0)])
        assert isinstance(end, Finished)
        ids = tokenizer.apply_chat_template([{"role": "user", "content": example.prompt}], add_generation_prompt=True, return_tensors="pt", return_dict=False)
        with torch.inference_mode():
            written = model.generate(input_ids=ids, max_new_tokens=10, do_sample=False)[0, ids.shape[1] :]
        assert tokenizer.decode(written, skip_special_tokens=True) == end.generation.text
        assert end.generation.text.strip() == example.completion, "it learned these rows"


def test_it_carries_template_chat_template_and_recipe_and_no_path_of_this_machine(tiny: Weights, sandbox: Sandbox, tmp_path: Path) -> None:
    run = published(tiny, sandbox, tmp_path, "lora")
    artefacts.verify(run)
    told = json.loads((run / MADE).read_text())
    assert told["task"]["template"] == TASK.template and told["recipe"]["rate"] == 0.002
    assert (run / "chat_template.jinja").read_text() == (Path(tiny.folder) / "chat_template.jinja").read_text()
    assert json.loads((run / "adapter_config.json").read_text())["base_model_name_or_path"] == "tiny"
    for file in run.iterdir():
        if file.suffix in (".json", ".md", ".jinja"):
            assert tiny.folder not in file.read_text()
    assert not [file for file in run.iterdir() if file.suffix in (".bin", ".pt", ".pkl")], "safetensors only"


def test_a_persons_title_is_no_markup_of_the_card() -> None:
    text = card(made(TASK, "tiny", "tiny", "reviews-x", Recipe("x", "lora", rate=0.002), FOUND))
    assert "`Reviews 'of' things # loud`" in text
    assert text.count("\n# ") == 1
    assert "    Classify this review.\n    {{ review }} ||| {{ label }}" in text
    assert "AutoModelForSeq2SeqLM" in card(made(TASK, "t5", "org/t5", "x", Recipe("x", "full", rate=0.002), {**FOUND, "kind": "seq2seq"}))


def test_what_is_trained(tiny: Weights) -> None:
    loaded = load_folder(tiny.folder)
    lora = methods.trainable(methods.prepare(loaded, Recipe("x", "lora", rate=0.1, rank=4)))
    full = methods.trainable(methods.prepare(load_folder(tiny.folder), Recipe("x", "full", rate=0.1)))
    assert 0 < lora.share < 0.05 and full.share == 1
    assert lora.parameters * 2 == methods.trainable(methods.prepare(load_folder(tiny.folder), Recipe("x", "lora", rate=0.1, rank=8))).parameters
