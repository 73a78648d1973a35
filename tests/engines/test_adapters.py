"""Every row has the adapter and the strength that it asked for, nothing of its neighbours', and the name of what really answered."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers as hf
from safetensors.torch import load_file, save_file

from promptune.engines.local import LocalEngine
from promptune.engines.local_adapters import PLAIN, Mix, Mixer, read_lora
from promptune.engines.local_batch import Batch
from promptune.engines.local_reader import Reader, takes
from promptune.engines.local_slots import Slots
from promptune.engines.protocol import Failed, Finished, Request, Weights
from promptune.errors import ModelUnusable
from tests.engines.batches import draw, folder_of, lively, llama, lora, tokenizer
from tests.engines.samples import prompt

QUESTION = "What can I cook with rice and a horse?"


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    engine = LocalEngine("cpu")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    return folder_of(llama(), tmp_path_factory.mktemp("models") / "base")


@pytest.fixture(scope="module")
def runs(base: Weights, tmp_path_factory: pytest.TempPathFactory) -> list[Weights]:
    """Two adapters of different ranks and layers; one is a DoRA, which is a model of its own."""
    place = tmp_path_factory.mktemp("runs")
    ways: list[dict[str, Any]] = [{}, {"r": 6, "target_modules": ["q_proj", "down_proj"]}, {"use_rslora": True}, {"use_dora": True}]
    return [replace(base, name=f"base+{i}", adapter=str(lora(llama(), place / str(i), i, **way))) for i, way in enumerate(ways)]


def texts(engine: LocalEngine, *asked: Request) -> dict[str, str]:
    """By the weights that answered, as the engine names them."""
    found = {}
    for event in engine.stream(asked):
        assert not isinstance(event, Failed), event
        if isinstance(event, Finished):
            found[event.generation.weights] = event.generation.text
    assert len(found) == len(asked)
    return found


def every(base: Weights, runs: list[Weights]) -> list[Weights]:
    """Under the names that a page gives them."""
    halves = [replace(run, name=f"{run.name}@{at}", strength=at) for run in runs for at in (0.0, 0.5)]
    return [base, *runs, *halves]


def test_every_answer_is_that_of_the_weights_it_is_named_after(base: Weights, runs: list[Weights]) -> None:
    """In one mixed batch, and asked a second time behind what is remembered by then, in any order. Each is compared with an engine that never saw another."""
    weights = every(base, runs)
    alone = {}
    for one in weights:
        fresh = LocalEngine("cpu")
        try:
            alone |= texts(fresh, Request("x", one, prompt(QUESTION), 12, 1))
        finally:
            fresh.close()
    assert len({text for name, text in alone.items() if not name.endswith("@0.0")}) == 1 + 2 * len(runs), "they all write something else"
    assert {alone[f"{run.name}@0.0"] for run in runs} == {alone[base.name]}
    shared = LocalEngine("cpu")
    try:
        for order in (weights, weights[::-1], weights):
            asked = [Request(one.name, one, prompt(QUESTION), 12, 1, owner="ann") for one in order]
            assert texts(shared, *asked) == alone
        for one in weights:
            assert texts(shared, Request("x", one, prompt(QUESTION), 12, 1)) == {one.name: alone[one.name]}
        runner = shared._shelf.get(base).runner
        assert isinstance(runner, Batch) and runner.prefixes.size
        assert all(shared._shelf.get(run).runner is runner for run in runs[:3]) and shared._shelf.get(runs[3]).runner is not runner
    finally:
        shared.close()


@pytest.fixture(scope="module")
def mixed(runs: list[Weights]) -> tuple[Reader, list[Mix]]:
    model = llama()
    found = [read_lora(Path(run.adapter), model) for run in runs[:3]]
    return Reader(model), [Mix(one, strength) for one in found for strength in (1.0, 0.5)]


@pytest.mark.parametrize("lengths", [(1, 1, 1), (9, 9, 9), (30, 4, 17)])
def test_strength_0_is_the_base_bit_for_bit(mixed: tuple[Reader, list[Mix]], lengths: tuple[int, ...]) -> None:
    """Also beside rows that are at full strength: what is added is exactly nothing, in predictions and in what is kept."""
    reader, mixes = mixed
    rows = [draw(length, length) for length in lengths]
    none = Mix(mixes[0].lora, 0.0)

    def read(*mixes: Mix) -> tuple[torch.Tensor, Slots]:
        slots = Slots(reader.layers)
        with torch.inference_mode():
            return reader.read(slots, 0, rows, [0] * len(rows), mixes), slots

    plain, plain_slots = read(PLAIN, PLAIN, PLAIN)
    for mixes_of_rows in ((none, none, none), (none, PLAIN, mixes[0]), (PLAIN, none, mixes[2]), (none, Mix(mixes[2].lora, 0.0), mixes[5])):
        found, slots = read(*mixes_of_rows)
        for place, mix in enumerate(mixes_of_rows):
            assert torch.equal(found[place], plain[place]) == (not mix.strength or mix.lora is None)
            if not mix.strength or mix.lora is None:
                kept, plain_kept = slots.read(place, lengths[place]), plain_slots.read(place, lengths[place])
                assert all(
                    torch.equal(one, other) for pair, other_pair in zip(kept, plain_kept, strict=True) for one, other in zip(pair, other_pair, strict=True)
                )


def test_any_company_gives_a_row_what_it_gets_alone(mixed: tuple[Reader, list[Mix]]) -> None:
    """Every pair and order of adapters and strengths: which matrices are stacked, and in which order, comes from who was there before."""
    reader, mixes = mixed
    rows = [draw(8, 1)] * 3
    with torch.inference_mode():
        alone = {mix: Reader(reader.model).read(Slots(reader.layers), 0, rows[:1], [0], [mix])[0] for mix in [PLAIN, *mixes]}
        for company in itertools.permutations([PLAIN, *mixes], 3):
            found = reader.read(Slots(reader.layers), 0, rows, [0, 0, 0], company)
            for row, mix in zip(found, company, strict=True):
                assert torch.allclose(row, alone[mix], atol=1e-4 * float(alone[mix].abs().max())), company
        assert all(not torch.allclose(alone[one], alone[other], atol=1e-2) for one, other in itertools.combinations(alone, 2))


def test_outside_of_a_pass_the_model_is_as_it_is(mixed: tuple[Reader, list[Mix]]) -> None:
    """Also behind a pass that failed."""
    reader, mixes = mixed
    ids = torch.tensor([draw(8, 1)])
    with torch.inference_mode():
        plain = llama()(input_ids=ids).logits
        reader.read(Slots(reader.layers), 0, ids.tolist(), [0], mixes[:1])
        assert torch.equal(reader.model(input_ids=ids).logits, plain)
        with pytest.raises(IndexError):
            reader.read(Slots(reader.layers), 0, [[10**6]], [0], mixes[:1])
        assert torch.equal(reader.model(input_ids=ids).logits, plain)


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_an_adapter_that_learned_no_numbers_is_refused_and_harms_nobody(
    engine: LocalEngine, base: Weights, runs: list[Weights], tmp_path: Path, number: str
) -> None:
    """A run that diverged: nothing times NaN is NaN, so it must not even stand beside others."""
    folder = lora(llama(), tmp_path / "bad", 1, spoil=lambda tensor: tensor.view(-1)[:1].fill_(float(number)))
    bad = replace(base, name="bad", adapter=str(folder))
    asked = [Request(one.name, one, prompt(QUESTION), 12, 1) for one in (base, runs[0], bad)]
    ends = {event.id: event for event in engine.stream(asked) if isinstance(event, Finished | Failed)}
    broken = ends["bad"]
    assert isinstance(broken, Failed) and broken.name == "MODEL_UNUSABLE" and str(folder) in broken.what and broken.todo
    after = texts(engine, *asked[:2])
    assert {id: end.generation.text for id, end in ends.items() if isinstance(end, Finished)} == after
    with pytest.raises(ModelUnusable):
        engine.capabilities(bad)


def test_layers_that_see_tokens_without_their_rows_are_not_mixed(engine: LocalEngine, tmp_path: Path) -> None:
    """OPT's: which row a token belongs to is lost there. Such a run is a model of its own, and right."""
    torch.manual_seed(4)
    config = {"hidden_size": 32, "ffn_dim": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 64, "word_embed_proj_dim": 32}
    model = lively(hf.OPTForCausalLM(hf.OPTConfig(vocab_size=len(tokenizer()), **config)))
    base = folder_of(model, tmp_path / "opt")
    run = replace(base, name="opt+run", adapter=str(lora(model, tmp_path / "run", 2, target_modules=["fc1", "fc2", "q_proj"])))
    near = replace(base, name="opt+near", adapter=str(lora(model, tmp_path / "near", 3, target_modules=["q_proj", "v_proj"])))
    asked = [Request(f"{one.name} {text}", one, prompt(text), 9, 1) for one in (base, run, near) for text in ("a horse", "one two three four", "7")]
    alone = {one.id: next(event for event in engine.stream([one]) if isinstance(event, Finished)).generation.text for one in asked}
    assert {event.id: event.generation.text for event in engine.stream(asked) if isinstance(event, Finished)} == alone
    runner = engine._shelf.get(base).runner
    assert isinstance(runner, Batch) and engine._shelf.get(near).runner is runner is not engine._shelf.get(run).runner
    lost = read_lora(Path(run.adapter), runner.loaded.model)
    assert lost is None or not takes(runner.reader, Mix(lost))


def changed(run: Weights, place: Path, **settings: object) -> Path:
    """A run whose settings say something else, with the same tensors."""
    place.mkdir()
    config = json.loads((Path(run.adapter) / "adapter_config.json").read_text())
    (place / "adapter_config.json").write_text(json.dumps(config | settings))
    save_file(load_file(Path(run.adapter) / "adapter_model.safetensors"), place / "adapter_model.safetensors")
    return place


OTHERS: dict[str, dict[str, object]] = {
    "dora": {"use_dora": True},
    "ranks by layer": {"rank_pattern": {"q_proj": 4}},
    "scales by layer": {"alpha_pattern": {"q_proj": 16}},
    "biases": {"bias": "all"},
    "layers tuned whole": {"modules_to_save": ["lm_head"]},
    "rows of the table": {"trainable_token_indices": [1, 2]},
    "a start that changes the model": {"init_lora_weights": "pissa"},
    "turned layers": {"fan_in_fan_out": True},
    "another method": {"peft_type": "LOHA"},
    "settings of tomorrow": {"use_tomorrow": True},
    "another rank than its tensors": {"r": 5},
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_not_exactly_a_plain_lora_is_not_mixed(runs: list[Weights], tmp_path: Path, name: str) -> None:
    """Anything unknown means a model of its own, which PEFT makes: slower, never wrong."""
    model = llama()
    assert read_lora(changed(runs[0], tmp_path / "same"), model) is not None
    assert read_lora(changed(runs[0], tmp_path / "other", **OTHERS[name]), model) is None


def test_a_mixers_hooks_are_made_once(runs: list[Weights]) -> None:
    """However many adapters and orders there were: each hook costs every later pass."""
    model = llama()
    mixer, mixes = Mixer(model), [Mix(read_lora(Path(run.adapter), model)) for run in (*runs[:3], *runs[:3])]
    for company in itertools.permutations(mixes, 2):
        with mixer.mixing(company):
            pass
    assert max(len(module._forward_hooks) for module in model.modules()) == 1
