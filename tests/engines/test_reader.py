"""Which models can share a batch is found by trying; both kinds answer and score as plain transformers does."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers as hf

from promptune.engines.local import LocalEngine
from promptune.engines.local_adapters import PLAIN
from promptune.engines.local_alone import Alone
from promptune.engines.local_batch import Batch
from promptune.engines.local_models import Loaded
from promptune.engines.local_reader import Reader, reader_of
from promptune.engines.local_slots import Slots
from promptune.engines.protocol import Finished, Request, Weights
from promptune.errors import EngineError
from tests.engines.batches import Asked, ask, batch, draw, folder_of, lively, llama, loaded, tokenizer
from tests.engines.samples import prompt

WINDOW = 64
SMALL: dict[str, Any] = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": WINDOW}
FACTORS = {"short_factor": [1.0] * 4, "long_factor": [4.0] * 4, "original_max_position_embeddings": 16}

# By name: how it is made, and whether its rows can share a batch.
MODELS: dict[str, tuple[Callable[[int], Any], bool]] = {
    "gpt2: learned positions": (lambda n: hf.GPT2LMHeadModel(hf.GPT2Config(vocab_size=n, n_positions=WINDOW, n_embd=32, n_layer=2, n_head=2)), True),
    "opt: learned positions that begin at 2, layers that see no rows": (
        lambda n: hf.OPTForCausalLM(hf.OPTConfig(vocab_size=n, ffn_dim=64, word_embed_proj_dim=32, **SMALL)),
        True,
    ),
    "gpt-neox: attention beside the layer": (lambda n: hf.GPTNeoXForCausalLM(hf.GPTNeoXConfig(vocab_size=n, **SMALL)), True),
    "qwen2: fewer heads of keys": (lambda n: hf.Qwen2ForCausalLM(hf.Qwen2Config(vocab_size=n, num_key_value_heads=2, **SMALL)), True),
    "gemma: heads of a size of their own": (lambda n: hf.GemmaForCausalLM(hf.GemmaConfig(vocab_size=n, num_key_value_heads=1, head_dim=16, **SMALL)), True),
    "gemma2: every second layer looks back a little": (
        lambda n: hf.Gemma2ForCausalLM(hf.Gemma2Config(vocab_size=n, num_key_value_heads=1, head_dim=8, sliding_window=8, **SMALL)),
        False,
    ),
    "mistral: looks back a little": (lambda n: hf.MistralForCausalLM(hf.MistralConfig(vocab_size=n, num_key_value_heads=2, sliding_window=8, **SMALL)), False),
    "bloom: no positions to give": (lambda n: hf.BloomForCausalLM(hf.BloomConfig(vocab_size=n, hidden_size=32, n_layer=2, n_head=4)), False),
    "phi3: positions that turn on the longest row": (
        lambda n: hf.Phi3ForCausalLM(
            hf.Phi3Config(
                vocab_size=n,
                pad_token_id=0,
                rope_parameters={"rope_type": "longrope", "rope_theta": 1e4} | FACTORS,
                **SMALL,
                original_max_position_embeddings=16,
            )
        ),
        False,
    ),
}


def made(name: str) -> Loaded:
    torch.manual_seed(4)
    return loaded(lively(MODELS[name][0](len(tokenizer()))), WINDOW, suppress_tokens=[3])


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest) -> tuple[Loaded, bool]:
    """And whether its rows share a pass."""
    return made(request.param), MODELS[request.param][1]


@pytest.fixture(scope="module", params=[name for name, (_, together) in MODELS.items() if together])
def sharing(request: pytest.FixtureRequest) -> Loaded:
    return made(request.param)


def written(model: Any, asked: Asked) -> list[int]:
    """What plain transformers makes of the prompt."""
    ids = torch.tensor([asked.row.sent.ids])
    [whole] = copy.deepcopy(model).generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=asked.row.limit, do_sample=False).tolist()
    return whole[ids.shape[1] :]


def test_a_model_shares_a_batch_or_answers_alone_and_rightly_in_both_cases(model: tuple[Loaded, bool]) -> None:
    """Rows of different lengths, some behind what is known already, to the end of the window."""
    one, together = model
    assert (reader_of(one.model) is not None) == together
    lengths = [(10, 20), (60, 9), (0, 17), (48, 12), (16, 18), (31, 33)]
    asked = [ask(one, [*draw(head, 1), *draw(tail, 9 + tail)][: WINDOW - 1], limit=min(9, max(1, WINDOW - head - tail))) for head, tail in lengths]
    if together:
        shared = batch(one)
        shared.ask(ask(one, draw(52, 1), limit=1))
        shared.ask(*asked)
    else:
        for each in asked:
            each.row.rules = ()  # `generate` keeps them
            runner = Alone(one, lambda _: False)
            runner.add([(each.row, PLAIN)])
            for thread in runner._threads:
                thread.join(30)
    for each in asked:
        assert each.generation.completion_tokens == each.row.limit
        assert each.row.ids == written(one.model, each)


@pytest.mark.parametrize("name", [name for name, (_, together) in MODELS.items() if not together])
def test_rows_of_a_model_that_shares_no_batch_are_asked_at_once_as_alone(engine: LocalEngine, tmp_path: Path, name: str) -> None:
    """`generate` makes a batch of its own of them, and there too a row must not mind its neighbours."""
    torch.manual_seed(4)
    weights = folder_of(lively(MODELS[name][0](len(tokenizer()))), tmp_path / "model")
    texts_asked = ("a lamp", "What can I cook with rice and a horse?", "one two three " * 6, "Why is the sky blue?", "7")
    asked = [Request(str(i), weights, prompt(text), 12, 1) for i, text in enumerate(texts_asked)]

    def texts(*requests: Request) -> dict[str, str]:
        return {event.id: event.generation.text for event in engine.stream(requests) if isinstance(event, Finished)}

    alone = {one.id: texts(one)[one.id] for one in asked}
    assert isinstance(engine._shelf.get(weights).runner, Alone)
    if name[:5] != "bloom":
        assert len(set(alone.values())) == len(asked)
    assert texts(*asked) == alone


def test_what_shares_a_pass_changes_predictions_by_rounding_only(sharing: Loaded) -> None:
    """That is what allows greedy answers to be compared to the last token."""
    one = sharing
    reader = Reader(one.model)
    rows, starts = [draw(length, length) for length in (50, 3, 20)], [0, 40, 13]
    slots = Slots(reader.layers)
    with torch.inference_mode():
        reader.read(slots, 0, [draw(40, 1)] * 3, [0] * 3, [PLAIN] * 3)
        found = reader.read(slots, 0, rows, starts, [PLAIN] * 3)
        every = reader.read_all(slots, 0, [row[-2:] for row in rows], [start + len(row) - 2 for start, row in zip(starts, rows, strict=True)], [PLAIN] * 3)
        for score, last, row, start in zip(found, every, rows, starts, strict=True):
            alone = one.model(input_ids=torch.tensor([[*draw(40, 1)[:start], *row]])).logits[0]
            assert (score - alone[-1]).abs().max() < 1e-5 * alone.abs().max()
            assert (last - alone[-2:]).abs().max() < 1e-5 * alone.abs().max()


def test_what_rows_have_in_common_is_attended_to_once_with_the_same_result(sharing: Loaded) -> None:
    """In a step, rows behind the same beginning: one of them has just that, and all are told that they have it."""
    one = sharing
    reader, slots, head = Reader(one.model), Slots(2), draw(30, 1)
    for tails in ([[], [5], [5]], [[7], [8], [9]], [[5, 6, 7, 8], [], list(range(20, 40))]):
        rows = [[*head, *tail] for tail in tails]
        with torch.inference_mode():
            reader.read(slots, 0, rows, [0] * 3, [PLAIN] * 3)
            found = reader.read(slots, 0, [[11], [12], [13]], [len(row) for row in rows], [PLAIN] * 3, len(head))
            for score, row, token in zip(found, rows, (11, 12, 13), strict=True):
                alone = one.model(input_ids=torch.tensor([[*row, token]])).logits[0, -1]
                assert (score - alone).abs().max() < 1e-5 * alone.abs().max()


class Widest(hf.LlamaForCausalLM):
    """It counts positions from the past it is given, as older code does: right for a row alone, wrong beside a longer one."""

    def forward(self, input_ids: Any = None, attention_mask: Any = None, position_ids: Any = None, past_key_values: Any = None, **rest: Any) -> Any:  # type: ignore[override]
        start = past_key_values.get_seq_length() if past_key_values is not None else 0
        position_ids = torch.arange(start, start + input_ids.shape[1]).unsqueeze(0)
        return super().forward(input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids, past_key_values=past_key_values, **rest)


class Unmasked(hf.LlamaForCausalLM):
    """It makes a mask of its own, and lets every row see everything."""

    def forward(self, input_ids: Any = None, attention_mask: Any = None, position_ids: Any = None, past_key_values: Any = None, **rest: Any) -> Any:  # type: ignore[override]
        if past_key_values is not None and past_key_values.get_seq_length():
            attention_mask = torch.zeros_like(attention_mask, dtype=torch.float32)
        return super().forward(input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids, past_key_values=past_key_values, **rest)


class Breaking(hf.LlamaForCausalLM):
    def forward(self, input_ids: Any = None, attention_mask: Any = None, position_ids: Any = None, past_key_values: Any = None, **rest: Any) -> Any:  # type: ignore[override]
        raise NotImplementedError("only with its own cache")


@pytest.mark.parametrize("kind", [Widest, Unmasked, Breaking])
def test_a_model_that_minds_its_neighbours_is_found_out(kind: type[Any]) -> None:
    model = llama()
    assert reader_of(model) is not None
    model.__class__ = kind
    assert reader_of(model) is None


# ---- scoring through the batch ----


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Weights]:
    """One that shares a batch, and one that does not."""
    place = tmp_path_factory.mktemp("models")
    torch.manual_seed(4)
    mistral = lively(hf.MistralForCausalLM(hf.MistralConfig(vocab_size=len(tokenizer()), num_key_value_heads=2, sliding_window=8, **SMALL)))
    return {"together": folder_of(llama(), place / "together"), "alone": folder_of(mistral, place / "alone")}


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    engine = LocalEngine("cpu")
    yield engine
    engine.close()


CHOICES = [" rice", " a horse and a boat", "", "7", " a horse and a lamp", *[f" {number}" for number in range(40)], " rice"]


@pytest.mark.parametrize("kind", ["together", "alone"])
def test_choices_score_what_one_forward_pass_for_each_gives(engine: LocalEngine, places: dict[str, Weights], kind: str) -> None:
    """More than share a pass, of different lengths, twice and empty ones among them; with a cold prefix, and with a warm one."""
    weights = places[kind]
    voice = engine._shelf.get(weights)
    assert isinstance(voice.runner, Batch if kind == "together" else Alone)
    question = "What can I cook with the horse and the boat today?"
    ids = voice.loaded.ids(question, special=True)
    expected = []
    with torch.inference_mode():
        for choice in CHOICES:
            tokens = voice.loaded.ids(choice, special=False)
            logits = voice.loaded.model(input_ids=torch.tensor([[*ids, *tokens]])).logits[0].log_softmax(-1)
            expected.append((sum(float(logits[len(ids) + i - 1, token]) for i, token in enumerate(tokens)), len(tokens)))
    for _ in range(2):
        found = engine.logprobs(weights, prompt(question), CHOICES)
        assert [score.tokens for score in found] == [tokens for _, tokens in expected]
        assert [score.total for score in found] == pytest.approx([total for total, _ in expected], rel=1e-4, abs=1e-4)
    assert engine.logprobs(weights, prompt(question), []) == []


@pytest.mark.parametrize("kind", ["together", "alone"])
def test_chances_are_those_of_one_forward_pass(engine: LocalEngine, places: dict[str, Weights], kind: str) -> None:
    weights = places[kind]
    voice = engine._shelf.get(weights)
    ids, text = voice.loaded.ids("What can I cook with rice?", special=True), " a horse and a boat, 7"
    answer = voice.loaded.ids(text, special=False)
    with torch.inference_mode():
        sure = voice.loaded.model(input_ids=torch.tensor([[*ids, *answer]])).logits[0, len(ids) - 1 : -1].softmax(-1)
    found = engine.chances(weights, ids, text)
    assert "".join(chance.text for chance in found) == text
    assert [chance.probability for chance in found] == pytest.approx([float(row[token]) for row, token in zip(sure, answer, strict=True)], rel=1e-4)
    for chance, row in zip(found, sure, strict=True):
        values = [value for _, value in chance.others]
        assert values == pytest.approx(row.topk(3).values.tolist(), rel=1e-4) and values == sorted(values, reverse=True)
    assert engine.chances(weights, ids, "") == []


def test_scoring_and_answering_at_once_give_what_each_gives_alone(engine: LocalEngine, places: dict[str, Weights]) -> None:
    """Scores are made between two rounds of those who answer, in memory of their own."""
    voice = engine._shelf.get(places["together"])
    asked = [ask(voice.loaded, draw(20 + i, i), limit=40, owner="ann") for i in range(4)]
    expected = [batch(loaded(llama())).ask(ask(voice.loaded, one.row.sent.ids, limit=40))[0].row.ids for one in asked]
    alone = engine.logprobs(places["together"], prompt("What can I cook?"), CHOICES)
    voice.runner.add([(one.row, PLAIN) for one in asked])
    found: list[list[Any]] = []
    threads = [threading.Thread(target=lambda: found.append(engine.logprobs(places["together"], prompt("What can I cook?"), CHOICES))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    voice.runner.run(lambda: None)
    while voice.runner.busy:
        voice.runner.run(lambda: None)
    assert [one.row.ids for one in asked] == expected
    for scores in found:
        assert [score.total for score in scores] == pytest.approx([score.total for score in alone], rel=1e-4, abs=1e-4)
    assert len(found) == 3


@pytest.mark.parametrize("kind", ["together", "alone"])
def test_no_prompt_is_said_in_words_and_so_is_one_too_long(engine: LocalEngine, places: dict[str, Weights], kind: str) -> None:
    weights = places[kind]
    with pytest.raises(EngineError, match="empty prompt"):
        engine.logprobs(weights, prompt(""), [" rice"])
    with pytest.raises(EngineError, match="empty prompt"):
        engine.chances(weights, [], " rice")
    with pytest.raises(EngineError, match="window"):
        engine.logprobs(weights, prompt("7" * 300), ["7"])
