"""A finished run as everybody's tools know it: adapter or model, tokenizer with its chat template, how it was made, and a card for people."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from promptune.core.recipe import Recipe
from promptune.core.task import Task
from promptune.engines.local_models import Loaded
from promptune.store import artefacts
from promptune.tuning import MADE

CONFIGS = ("config.json", "generation_config.json")
ADAPTER = "adapter_config.json"


def publish(best: Path, target: Path, loaded: Loaded, made: dict[str, Any]) -> None:
    """`best`: the folder that holds the chosen weights. The same files again cost no room where the disk can link them."""
    with artefacts.building(target) as folder:
        for file in sorted(best.iterdir()):
            if file.name in CONFIGS or file.suffix == ".safetensors" or file.name.endswith(".safetensors.index.json"):
                _link(file, folder / file.name)
        if (best / ADAPTER).exists():  # PEFT writes where the base lies on this machine
            settings = json.loads((best / ADAPTER).read_text(encoding="utf-8")) | {"base_model_name_or_path": made["base"]}
            (folder / ADAPTER).write_text(json.dumps(settings, indent=2), encoding="utf-8")
        loaded.tokenizer.save_pretrained(folder)
        (folder / MADE).write_text(json.dumps(made, ensure_ascii=False, indent=1), encoding="utf-8")
        (folder / "README.md").write_text(card(made), encoding="utf-8")


def made(task: Task, model: str, base: str, run: str, recipe: Recipe, found: dict[str, Any]) -> dict[str, Any]:
    """What MADE holds. `base`: the model as the rest of the world knows it. With the task's template anybody can ask the run as it was taught."""
    about = {"name": task.name, "title": task.title, "template": task.template, "answer_choices": task.answer_choices, "metrics": list(task.metrics)}
    return {"run": run, "model": model, "base": base, "recipe": asdict(recipe), "task": about, **found}


def card(made: dict[str, Any]) -> str:
    """The model card. A person's texts stand in it as code, where no markup means anything."""
    recipe, task, best, trained = made["recipe"], made["task"], made["best"], made["trainable"]
    library = "transformers" if recipe["method"] == "full" else "peft"
    settings = ", ".join(f"{name} {value}" for name, value in recipe.items() if name not in ("name", "method"))
    lines = [
        *("---", f"library_name: {library}", "tags: [promptune]", "---", ""),
        *(f"# {made['run']}", ""),
        f"The model `{_code(made['model'])}`, tuned by the recipe {recipe['name']} ({recipe['method']}) on the task `{_code(task['title'])}`,",
        f"with {made['rows']:,} train rows. In {made['seconds']:.0f} seconds {trained['parameters']:,} of its parameters",
        f"({100 * trained['share']:.2g}%) were trained.",
        *("", f"Recipe: {settings}.", ""),
        f"The weights of step {best['step']} were kept, by the validation rows alone: {task['metrics'][0]} {best['score']:.3f},",
        f"loss {best['loss']:.4f} nats a token. Scores on test rows, and what of other skills was kept, stand in Promptune's scorecard of",
        "this run. `promptune.json` beside this file tells how it was made.",
        *("", "## How to ask it", ""),
        "It was taught with this template, and answers best when it is asked with it (what stands before `|||` is the prompt):",
        *("", *(f"    {line}" for line in task["template"].splitlines()), ""),
        *("```python", *_code_to_load(made["kind"], library), "```", ""),
    ]
    return "\n".join(lines)


def _code_to_load(kind: str, library: str) -> list[str]:
    auto = "AutoModelForSeq2SeqLM" if kind == "seq2seq" else "AutoModelForCausalLM"
    imports = [f"from transformers import {auto}, AutoTokenizer"]
    tokenizer = 'tokenizer = AutoTokenizer.from_pretrained("this folder")'
    if library == "peft":
        model = [f'base = {auto}.from_pretrained("the base model")', 'model = PeftModel.from_pretrained(base, "this folder")']
        return ["from peft import PeftModel", *imports, *model, tokenizer]
    return [*imports, f'model = {auto}.from_pretrained("this folder")', tokenizer]


def _code(text: str) -> str:
    return " ".join(text.replace("`", "'").split())


def _link(file: Path, target: Path) -> None:
    try:
        os.link(file, target)
    except OSError:  # another disk, or one without links
        shutil.copyfile(file, target)
