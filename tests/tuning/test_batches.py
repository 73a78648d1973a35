"""A step learns the same however its examples are laid out, and no example sees another."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from promptune.engines.local_models import Loaded
from promptune.engines.protocol import Weights
from promptune.sandbox import Sandbox
from promptune.tuning import batches
from promptune.tuning.batches import Layout, answer_tokens, layout, loss_sum, micros, order
from promptune.tuning.encoding import Coded, encode
from tests.tuning.conftest import ROWS, load_folder


def gradients(loaded: Loaded, examples: list[Coded], how: Layout) -> tuple[float, dict[str, torch.Tensor]]:
    loaded.model.zero_grad()
    total = 0.0
    for micro in micros(examples, how, loaded.tokenizer.pad_token_id, "cpu"):
        loss = loss_sum(loaded.model, micro) / answer_tokens(examples)
        loss.backward()  # type: ignore[no-untyped-call]
        total += float(loss.detach())
    return total, {name: one.grad.clone() for name, one in loaded.model.named_parameters() if one.grad is not None}


def alone(loaded: Loaded, examples: list[Coded]) -> tuple[float, dict[str, torch.Tensor]]:
    """The plainest way there is: one example a call, transformers' own loss."""
    loaded.model.zero_grad()
    total = 0.0
    for one in examples:
        labels = [-100] * len(one.prompt) + [*one.answer]
        inputs: dict[str, Any] = {"input_ids": torch.tensor([[*one.prompt, *one.answer]]), "labels": torch.tensor([labels])}
        if loaded.seq2seq:
            inputs = {"input_ids": torch.tensor([one.prompt]), "labels": torch.tensor([one.answer])}
        loss = loaded.model(**inputs).loss * len(one.answer) / answer_tokens(examples)
        loss.backward()
        total += float(loss.detach())
    return total, {name: one.grad.clone() for name, one in loaded.model.named_parameters() if one.grad is not None}


def assert_same(found: tuple[float, dict[str, torch.Tensor]], wanted: tuple[float, dict[str, torch.Tensor]]) -> None:
    assert found[0] == pytest.approx(wanted[0], rel=1e-5)
    assert found[1].keys() == wanted[1].keys()
    for name, gradient in wanted[1].items():
        torch.testing.assert_close(found[1][name], gradient, rtol=1e-3, atol=1e-5, msg=name)


@pytest.mark.parametrize("how", ["packed", "padded"])
def test_laid_out_together_examples_teach_what_each_teaches_alone(loaded: Loaded, sandbox: Sandbox, how: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several rows, so that the borders of rows are in it too."""
    monkeypatch.setattr(batches, "ROW", 100)
    examples = encode(loaded, ROWS[:6], sandbox)
    assert len({one.tokens for one in examples}) > 3
    assert_same(gradients(loaded, examples, how), alone(loaded, examples))


def test_an_encoder_decoder_learns_the_same(seq2seq: Weights, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "ROW", 100)
    loaded = load_folder(seq2seq.folder)
    loaded.model.eval()
    examples = encode(loaded, ROWS[:6], sandbox)
    assert layout(loaded) == "seq2seq"
    assert_same(gradients(loaded, examples, "seq2seq"), alone(loaded, examples))


def test_a_model_that_lets_packed_examples_see_each_other_is_not_packed(loaded: Loaded) -> None:
    assert layout(loaded) == "packed"
    plain = loaded.model.model.forward

    def leaks(*given: Any, position_ids: Any = None, **named: Any) -> Any:
        return plain(*given, **named)

    loaded.model.model.forward = leaks
    assert layout(loaded) == "padded"


def test_looking_whether_a_model_packs_changes_nothing_of_it(loaded: Loaded) -> None:
    before, chance = {name: one.clone() for name, one in loaded.model.state_dict().items()}, torch.get_rng_state()
    loaded.model.train()
    layout(loaded)
    assert loaded.model.training
    assert torch.equal(chance, torch.get_rng_state())
    assert all(torch.equal(one, before[name]) for name, one in loaded.model.state_dict().items())


@pytest.mark.parametrize("how", ["packed", "padded", "seq2seq"])
def test_every_answer_token_is_predicted_once_and_no_row_is_longer_than_it_may(how: Layout) -> None:
    examples = [Coded(tuple(range(5, 5 + length)), (1, 2, 3)) for length in (3, 900, 40, 41, 500, 1200)]
    made = list(micros(examples, how, 0, "cpu"))
    assert sum(len(micro.targets) for micro in made) == answer_tokens(examples)
    for micro in made:
        rows, width = micro.inputs["input_ids"].shape
        assert rows * width <= batches.ROW or len(micro.targets) == 3, "only an example that is longer itself stands alone in a longer row"
    assert all(micro.inputs["use_cache"] is False for micro in made), "with a cache packed examples see each other"


def test_an_epoch_has_every_row_once_in_an_order_of_its_own() -> None:
    first, second = order(50, seed=3, epoch=0), order(50, seed=3, epoch=1)
    assert sorted(first) == sorted(second) == [*range(50)]
    assert first == order(50, seed=3, epoch=0)
    assert len({tuple(first), tuple(second), tuple(order(50, seed=4, epoch=0))}) == 3
