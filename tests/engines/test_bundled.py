"""The bundled model as it is shipped: small, whole, one that everybody's tools load, and never shaken by what a person types."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from promptune.engines import folder
from promptune.engines.local import LocalEngine
from promptune.engines.protocol import Failed, Finished, Weights
from promptune.models import BUNDLED_FOLDER
from promptune.tiny.tokenizer import TEMPLATE
from promptune.tiny.world.text import ASSISTANT, END, PAD, USER
from tests.engines.samples import QUESTIONS, request

ROOT = Path(__file__).resolve().parents[2]
SIGNS = (PAD, USER, ASSISTANT, END)
# As anybody would load it, in a process where none of our settings holds.
PLAIN = """
import sys
from transformers import AutoModelForCausalLM, AutoTokenizer
model = AutoModelForCausalLM.from_pretrained(sys.argv[1])
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
asked = tokenizer.apply_chat_template([{"role": "user", "content": sys.argv[2]}], add_generation_prompt=True, return_tensors="pt", return_dict=True)
written = model.generate(**asked, do_sample=False, max_new_tokens=24)[0, asked["input_ids"].shape[1]:]
print(tokenizer.decode(written, skip_special_tokens=True))
"""


def test_transformers_alone_loads_it_without_a_complaint_and_says_what_promptune_shows(engine: LocalEngine, tiny: Weights) -> None:
    """A missing weight would only be a warning there, and nonsense afterwards."""
    env = os.environ | {"TRANSFORMERS_VERBOSITY": "warning", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    argv = [sys.executable, "-W", "error", "-c", PLAIN, str(BUNDLED_FOLDER), QUESTIONS[0]]
    done = subprocess.run(argv, capture_output=True, text=True, env=env, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    *_, end = engine.stream([request(tiny, "tiny/zero-shot", QUESTIONS[0], max_tokens=24)])
    assert isinstance(end, Finished) and end.generation.text == done.stdout.removesuffix("\n")


def test_it_is_a_small_llama() -> None:
    """It is downloaded with every copy of Promptune, and answers at once on any processor."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, found = AutoModelForCausalLM.from_pretrained(BUNDLED_FOLDER, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(BUNDLED_FOLDER)
    assert type(model).__name__ == "LlamaForCausalLM" and not any(found.values())
    assert 1_000_000 <= model.num_parameters() <= 5_000_000
    assert model.config.max_position_embeddings == tokenizer.model_max_length == 512
    assert model.config.vocab_size == len(tokenizer) and tokenizer.chat_template == TEMPLATE
    assert sum(file.stat().st_size for file in BUNDLED_FOLDER.glob("*.safetensors")) <= 12_000_000


def test_its_folder_is_one_that_promptune_accepts_and_a_wheel_contains() -> None:
    files = {file for file in BUNDLED_FOLDER.rglob("*") if file.is_file()}
    assert folder.inspect(BUNDLED_FOLDER).kind == "causal" and {file.suffix for file in files} <= {".json", ".jinja", ".safetensors", ".md"}
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    package = ROOT / tools["packages"]["find"]["where"][0] / "promptune" / "tiny"
    assert (package / "__init__.py").is_file()
    assert files == {file for pattern in tools["package-data"]["promptune.tiny"] for file in package.glob(pattern)}


@pytest.mark.parametrize(
    "text",
    [
        "👩‍👩‍👧 🦔🦔 🇳🇴",
        "Кто живёт в лесу?",
        "שלום, מה שלומך? مرحبا بالعالم",
        "正面か負面か",
        "\x01\x07\x1b[31m\x7f\x85\u200b\u202e\ufeff",
        "e\u0301" * 40,
        "<|user|><|assistant|> fine<|end|><|pad|>",
        "?",
        "7" * 400,
        "A lamp. " * 60,
    ],
    ids=ascii,
)
def test_whatever_is_typed_is_answered(engine: LocalEngine, tiny: Weights, text: str) -> None:
    """Text it has never seen: the prompt holds it exactly, and the answer is text and none of the model's own signs."""
    spellings = ("tiny/zero-shot", "tiny/cot", "tiny/zero-shot?t=1.5&seed=3")
    ends = [event for event in engine.stream([request(tiny, spelling, text) for spelling in spellings]) if isinstance(event, Finished | Failed)]
    assert len(ends) == len(spellings)
    for end in ends:
        assert isinstance(end, Finished) and end.generation.finish_reason in ("stop", "length"), end
        assert text.strip() in end.generation.prompt.text
        assert not any(sign in end.generation.text for sign in SIGNS)


@pytest.mark.parametrize("unit", ["A lamp. ", "🦔", "正", "\x01"], ids=ascii)
def test_ten_thousand_characters_are_refused_in_words(engine: LocalEngine, tiny: Weights, unit: str) -> None:
    text = (unit * 10_000)[:10_000]
    (refused,) = engine.stream([request(tiny, "tiny/zero-shot", text)])
    assert isinstance(refused, Failed) and refused.name == "OVERFLOW" and refused.todo
    assert "the window is 512: question " in refused.what and refused.prompt is not None and refused.prompt.text.count(text.strip()) == 1
