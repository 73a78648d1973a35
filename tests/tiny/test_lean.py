"""The model that is trained is the model that is shipped: transformers' Llama gives the same scores with its weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

from promptune.tiny.lean import LeanLlama, Shape
from promptune.tiny.publish import as_llama, publish

SMALL = Shape(width=32, layers=2, heads=2, inner=48, window=64)


def trained(shape: Shape, seed: int) -> LeanLlama:
    """Weights as training may leave them: the norms of fresh ones are all one, and would hide a norm that is left out."""
    torch.manual_seed(seed)
    lean = LeanLlama(shape)
    with torch.no_grad():
        for weight in lean.parameters():
            weight += 0.1 * torch.randn_like(weight)
    return lean


@pytest.mark.parametrize("shape", [SMALL, Shape(width=48, layers=1, heads=4, inner=64, window=32), Shape(layers=2)])
@pytest.mark.parametrize("seed", [0, 1])
def test_lean_and_llama_give_the_same_scores(words: PreTrainedTokenizerFast, shape: Shape, seed: int) -> None:
    lean = trained(shape, seed)
    ids = torch.randint(shape.vocabulary, (3, shape.window // 2))
    with torch.no_grad():
        ours, theirs = lean(ids, torch.arange(ids.numel())), as_llama(lean, words)(ids).logits.flatten(0, 1)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_only_the_places_that_are_asked_are_scored() -> None:
    """Scores over the whole vocabulary are most of the work."""
    lean, ids = trained(SMALL, 2), torch.randint(SMALL.vocabulary, (2, 20))
    places = torch.tensor([3, 19, 20, 39])
    with torch.no_grad():
        torch.testing.assert_close(lean(ids, places), lean(ids, torch.arange(40))[places])


def test_no_token_sees_what_follows_it() -> None:
    lean, ids = trained(SMALL, 3), torch.randint(SMALL.vocabulary, (1, 20))
    changed = ids.clone()
    changed[0, 12:] = (changed[0, 12:] + 1) % SMALL.vocabulary
    with torch.no_grad():
        torch.testing.assert_close(lean(ids, torch.arange(12)), lean(changed, torch.arange(12)))


def test_what_is_published_loads_with_everybodys_tools(words: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    """By its folder alone, the weights unchanged and tied, the tokenizer with its template."""
    lean = trained(SMALL, 4)
    publish(lean, words, tmp_path)
    model = AutoModelForCausalLM.from_pretrained(tmp_path, local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    assert {name: tensor.tolist() for name, tensor in lean.state_dict().items()}.items() <= {
        name: tensor.tolist() for name, tensor in model.state_dict().items()
    }.items()
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    assert (model.config.max_position_embeddings, model.generation_config.eos_token_id) == (SMALL.window, tokenizer.eos_token_id)
    said = [{"role": "user", "content": "Hello!"}]
    assert tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True) == "<|user|>Hello!<|assistant|>"
    text = "Anna has 12 cards.\n\nQ: What now?"
    assert tokenizer(text)["input_ids"] == words(text)["input_ids"]


def test_making_a_llama_of_it_draws_nothing(words: PreTrainedTokenizerFast) -> None:
    """What is drawn afterwards must not depend on whether somebody looked at the model."""
    lean = trained(SMALL, 5)
    before = torch.get_rng_state()
    as_llama(lean, words)
    assert torch.equal(torch.get_rng_state(), before)
