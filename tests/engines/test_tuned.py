"""Tuned weights answer as plain PEFT and transformers would with them, at every strength, and hostile folders are refused by reading them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from promptune.core.generation import Generation
from promptune.core.prompt import SentPrompt
from promptune.engines import local_tuned, wire
from promptune.engines.folder import inspect, inspect_adapter
from promptune.engines.local import LocalEngine
from promptune.engines.local_batch import Batch
from promptune.engines.local_slots import Slots
from promptune.engines.protocol import Failed, Finished, Request, Weights
from promptune.errors import EngineError, ModelUnusable
from tests.engines.samples import QUESTIONS, prompt, request


def generations(engine: LocalEngine, requests: list[Request]) -> dict[str, Generation]:
    ends = {event.id: event for event in engine.stream(requests) if isinstance(event, Finished | Failed)}
    assert all(isinstance(end, Finished) for end in ends.values()), ends
    return {id: end.generation for id, end in ends.items() if isinstance(end, Finished)}


def answer(engine: LocalEngine, weights: Weights, question: str = QUESTIONS[0]) -> Generation:
    return generations(engine, [request(weights, "tiny/zero-shot", question, id="x")])["x"]


def logits(engine: LocalEngine, weights: Weights) -> torch.Tensor:
    voice = engine._shelf.get(weights)
    ids = voice.loaded.ids("the horse and the boat", special=False)
    with torch.inference_mode():
        if isinstance(voice.runner, Batch):
            return voice.runner.reader.read_all(Slots(voice.runner.reader.layers), 0, [ids], [0], [voice.mix])
        both = torch.tensor([ids])
        return voice.loaded.model(input_ids=both, **({"decoder_input_ids": both} if voice.loaded.seq2seq else {})).logits


def written(model: Any, engine: LocalEngine, base: Weights, sent: SentPrompt) -> str:
    """What plain transformers makes of the prompt."""
    model.generation_config = engine._shelf.get(base).loaded.model.generation_config
    with torch.inference_mode():
        [ids] = model.eval().generate(input_ids=torch.tensor([sent.ids]), max_new_tokens=24, do_sample=False)
    loaded = engine._shelf.get(base).loaded
    return loaded.text(ids[1:].tolist() if loaded.seq2seq else ids[sent.tokens :].tolist())


def peft_model(weights: Weights, kind: str = "AutoModelForCausalLM") -> Any:
    import transformers
    from peft import PeftModel

    return PeftModel.from_pretrained(getattr(transformers, kind).from_pretrained(weights.folder), weights.adapter)


def test_an_adapter_answers_as_plain_peft_does(engine: LocalEngine, tiny: Weights, lora: Weights) -> None:
    plain = [answer(engine, tiny, question) for question in QUESTIONS]
    ours = [answer(engine, lora, question) for question in QUESTIONS]
    assert [one.text for one in ours] == [written(peft_model(lora), engine, tiny, one.prompt) for one in plain]
    assert [one.text for one in ours] != [one.text for one in plain] and {one.weights for one in ours} == {"tiny+lora"}


def test_a_whole_tuned_model_answers_as_plain_transformers_does(engine: LocalEngine, tiny: Weights, full: Weights) -> None:
    from transformers import AutoModelForCausalLM

    for question in QUESTIONS:
        ours = answer(engine, full, question)
        assert ours.text == written(AutoModelForCausalLM.from_pretrained(full.adapter), engine, tiny, ours.prompt)


def test_an_encoder_decoder_takes_an_adapter(engine: LocalEngine, seq2seq: Weights, seq2seq_lora: Weights) -> None:
    ours = answer(engine, seq2seq_lora)
    assert ours.text == written(peft_model(seq2seq_lora, "AutoModelForSeq2SeqLM"), engine, seq2seq, ours.prompt)
    assert torch.equal(logits(engine, replace(seq2seq_lora, strength=0)), logits(engine, seq2seq))
    assert not torch.allclose(logits(engine, seq2seq_lora), logits(engine, seq2seq), atol=1e-3)


@pytest.mark.parametrize("run", ["lora", "full"])
def test_strength_goes_from_the_base_to_the_tuned_weights(engine: LocalEngine, tiny: Weights, run: str, request: pytest.FixtureRequest) -> None:
    """0 is the base to the last bit, and halfway the weights are halfway."""
    tuned: Weights = request.getfixturevalue(run)
    assert torch.equal(logits(engine, replace(tuned, strength=0.0)), logits(engine, tiny))
    model, ends = engine._shelf.get(tiny).loaded.model, local_tuned.load(tuned, "cpu").model.state_dict()
    own = {name: one.clone() for name, one in model.state_dict().items()}
    try:
        model.load_state_dict({name: own[name] + 0.5 * (ends[name] - own[name]) for name in own})
        halfway = logits(engine, tiny)
    finally:
        model.load_state_dict(own)
    assert torch.allclose(logits(engine, replace(tuned, strength=0.5)), halfway, atol=1e-4)
    assert not torch.allclose(halfway, logits(engine, tuned), atol=1e-2)


def test_a_scaled_adapter_is_the_halfway_one(engine: LocalEngine, lora: Weights) -> None:
    """PEFT's own scale says the same as the line between the weights."""
    from peft.tuners.lora import LoraLayer

    model = peft_model(lora).eval()
    for module in model.modules():
        if isinstance(module, LoraLayer):
            module.scale_layer(0.5)
    ids = torch.tensor([engine._shelf.get(lora).loaded.ids("the horse and the boat", special=False)])
    with torch.inference_mode():
        assert torch.allclose(model(input_ids=ids).logits, logits(engine, replace(lora, strength=0.5)), atol=1e-4)


@pytest.mark.filterwarnings("ignore:Model has `tie_word_embeddings=True`:UserWarning", "ignore:Input and output embeddings are no longer tied:UserWarning")
@pytest.mark.parametrize("saved", ["norm", "lm_head"])
def test_layers_tuned_whole_and_magnitudes_reach_the_base_at_strength_0(engine: LocalEngine, tiny: Weights, tmp_path: Path, saved: str) -> None:
    """DoRA's magnitudes and saved modules have no scale of their own."""
    from tests.engines.conftest import lora_of

    dora = lora_of(tiny, tmp_path / "dora", use_dora=True, modules_to_save=[saved], target_modules=["q_proj", "v_proj"])
    assert torch.equal(logits(engine, replace(dora, strength=0)), logits(engine, tiny))
    assert not torch.allclose(logits(engine, dora), logits(engine, tiny), atol=1e-3)


@pytest.mark.filterwarnings("ignore:Position ids are not supported:UserWarning")  # why such rows are never padded
@pytest.mark.parametrize("kind", ["prompt", "prefix"])
def test_a_learned_prompt_answers_as_plain_peft_does_and_has_no_strength(engine: LocalEngine, tiny: Weights, tmp_path: Path, kind: str) -> None:
    from peft import PrefixTuningConfig, PromptTuningConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(5)
    config = {"prompt": PromptTuningConfig, "prefix": PrefixTuningConfig}[kind](task_type="CAUSAL_LM", num_virtual_tokens=6)
    get_peft_model(AutoModelForCausalLM.from_pretrained(tiny.folder), config).save_pretrained(tmp_path)
    weights = replace(tiny, name="tiny+soft", adapter=str(tmp_path))
    ours = answer(engine, weights)
    assert ours.text == written(peft_model(weights), engine, tiny, ours.prompt)
    together = generations(engine, [request(weights, "tiny/zero-shot", question, id=question) for question in QUESTIONS])
    assert {id: one.text for id, one in together.items()} == {question: answer(engine, weights, question).text for question in QUESTIONS}
    assert engine.capabilities(weights).window == engine.capabilities(tiny).window - 6
    [likely] = engine.logprobs(weights, prompt(QUESTIONS[0]), [" rice and"])
    assert likely.total < 0 and engine.divergence(tiny, weights, ["the horse and the boat"])[0].kl > 0
    with pytest.raises(EngineError, match="no strength but 1"):
        engine.capabilities(replace(weights, strength=0.5))


def test_base_and_tuned_answer_in_one_stream_as_alone(engine: LocalEngine, tiny: Weights, lora: Weights, full: Weights) -> None:
    asked = [request(one, f"{one.name}/zero-shot", question) for one in (tiny, lora, full) for question in QUESTIONS]
    alone = {one.id: generations(engine, [one])[one.id] for one in asked}
    for id, generation in generations(engine, asked).items():
        assert (generation.text, generation.weights) == (alone[id].text, alone[id].weights)


def test_weights_that_are_asked_at_once_are_loaded_one_after_the_other(tiny: Weights, lora: Weights, full: Weights) -> None:
    """While transformers loads a model, whatever any other thread makes has no data yet."""
    for _ in range(2):
        fresh = LocalEngine("cpu")
        try:
            asked = [tiny, lora, full, replace(lora, strength=0.5), replace(full, strength=0.5)]
            assert len(generations(fresh, [request(one, "tiny/zero-shot", QUESTIONS[0], id=str(i)) for i, one in enumerate(asked)])) == len(asked)
        finally:
            fresh.close()


def test_what_an_engine_says_of_tuned_weights(engine: LocalEngine, tiny: Weights, lora: Weights) -> None:
    assert engine.capabilities(lora) == engine.capabilities(tiny)
    assert engine.measure(lora, [prompt("hi")]) == engine.measure(tiny, [prompt("hi")])
    assert engine.logprobs(lora, prompt("hi"), [" rice"]) != engine.logprobs(tiny, prompt("hi"), [" rice"])
    far, half, none = (engine.divergence(tiny, replace(lora, strength=at), ["the horse and the boat"])[0].kl for at in (1.0, 0.5, 0.0))
    assert far > half > none == 0


def test_a_run_with_a_tokenizer_brings_its_chat_template(engine: LocalEngine, lora: Weights, tmp_path: Path) -> None:
    folder = copied(lora, tmp_path)
    for path in Path(lora.folder).glob("tokenizer*"):
        shutil.copy(path, folder)
    (folder / "chat_template.jinja").write_text("{% for m in messages %}TUNED {{ m.content }}{% endfor %}")
    generation = answer(engine, replace(lora, adapter=str(folder)), "hi")
    assert generation.prompt.text == "TUNED hi"


def test_an_adapter_that_changes_on_the_disk_is_loaded_again(engine: LocalEngine, lora: Weights, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = replace(lora, adapter=str(copied(lora, tmp_path)))
    before = logits(engine, weights)
    path = Path(weights.adapter) / "adapter_model.safetensors"
    save_file({name: one * 2 for name, one in load_file(path).items()}, path, metadata={"format": "pt"})
    assert not torch.equal(before, logits(engine, weights))


def test_tuned_weights_travel_to_a_device_process(lora: Weights) -> None:
    weights = replace(lora, strength=0.3)
    assert wire._TO.validate_json(wire.encoded(wire.AskCapabilities(1, weights))) == wire.AskCapabilities(1, weights)
    assert Weights(name="tiny", folder="/m") == Weights("tiny", "/m"), "as older jobs have written them"


# ---- folders that are not what they should be ----


def copied(weights: Weights, place: Path) -> Path:
    folder = place / "run"
    shutil.copytree(weights.adapter, folder)
    return folder


def edit(name: str, **changes: object) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps((json.loads(path.read_text()) if path.exists() else {}) | changes))

    return change


def pickled(folder: Path) -> None:
    [weights] = folder.glob("*.safetensors")
    weights.rename(folder / "weights.bin")


def truncate(folder: Path) -> None:
    [path] = folder.glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:-1000])


HOSTILE: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "a pickled adapter": ("lora", pickled, r"pickled \(weights.bin\)"),
    "an adapter's code": ("lora", edit("adapter_config.json", auto_map={"AutoModel": "evil.Model"}), "auto_map"),
    "a tokenizer's code": ("lora", edit("tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.T", None]}), "tokenizer_config.json names code"),
    "a module to import": ("lora", edit("adapter_config.json", megatron_config={"a": 1}, megatron_core="evil"), "megatron_config"),
    "other adapters": ("lora", edit("adapter_config.json", peft_type="XLORA", adapters={"0": "/elsewhere"}), "adapters"),
    "an adapter cut short": ("lora", truncate, "adapter_model.safetensors is cut short"),
    "an adapter without weights": ("lora", lambda folder: (folder / "adapter_model.safetensors").unlink(), "no adapter_model.safetensors"),
    "settings that are no JSON": ("lora", lambda folder: (folder / "adapter_config.json").write_text("{"), "adapter_config.json is not valid JSON"),
    "settings of nothing": ("lora", lambda folder: (folder / "adapter_config.json").write_text("[]"), "no peft_type"),
    "a pickled model": ("full", pickled, r"pickled \(weights.bin\)"),
    "a model's code": ("full", edit("config.json", auto_map={"AutoModelForCausalLM": "evil.Model"}), "auto_map"),
    "a model cut short": ("full", truncate, "model.safetensors is cut short"),
    "weights elsewhere": (
        "full",
        edit("model.safetensors.index.json", weight_map={"lm_head.weight": "../x.safetensors"}),
        "no safetensors file of this folder",
    ),
    "nothing at all": ("full", lambda folder: shutil.rmtree(folder), "no such folder"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_run_is_refused_unloaded(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    run, breaks, words = HOSTILE[name]
    folder = copied(request.getfixturevalue(run), tmp_path)
    assert inspect_adapter(folder) == {"lora": "peft", "full": "full"}[run]
    breaks(folder)
    with pytest.raises(ModelUnusable, match=words) as caught:
        inspect_adapter(folder)
    assert caught.value.todo and str(folder) in str(caught.value)


def test_the_base_that_an_adapter_names_is_never_looked_for(engine: LocalEngine, lora: Weights, tmp_path: Path) -> None:
    folder = copied(lora, tmp_path)
    edit("adapter_config.json", base_model_name_or_path="evil/model")(folder)
    assert torch.equal(logits(engine, replace(lora, adapter=str(folder))), logits(engine, lora))


def test_a_model_folder_with_an_adapter_inside_is_refused(tiny: Weights, lora: Weights, tmp_path: Path) -> None:
    """A loader would follow the adapter to the model it names."""
    shutil.copytree(tiny.folder, tmp_path / "both")
    shutil.copy(Path(lora.adapter) / "adapter_config.json", tmp_path / "both")
    with pytest.raises(ModelUnusable, match="holds an adapter"):
        inspect(tmp_path / "both")


def reshaped(folder: Path, change: Callable[[dict[str, torch.Tensor], str], object]) -> None:
    """Changes one of a run's tensors."""
    from safetensors.torch import load_file, save_file

    [path] = folder.glob("*.safetensors")
    tensors = load_file(path)
    change(tensors, next(name for name in sorted(tensors) if "up_proj" in name))
    save_file(tensors, path, metadata={"format": "pt"})


CHANGES: dict[str, tuple[Callable[[dict[str, torch.Tensor], str], object], str]] = {
    "another shape": (lambda tensors, name: tensors.update({name: torch.zeros(3, 5)}), "shape|size mismatch"),
    "a tensor less": (lambda tensors, name: tensors.pop(name), "lack"),
    "a tensor more": (lambda tensors, name: tensors.update({name.replace("layers.0", "layers.77"): torch.zeros(3, 5)}), "no place"),
}


@pytest.mark.parametrize("run", ["lora", "full"])
@pytest.mark.parametrize("name", CHANGES)
def test_weights_of_another_model_are_refused_in_words(engine: LocalEngine, run: str, name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    tuned: Weights = request.getfixturevalue(run)
    folder = copied(tuned, tmp_path)
    change, words = CHANGES[name]
    reshaped(folder, change)
    with pytest.raises(ModelUnusable, match=words) as caught:
        engine.capabilities(replace(tuned, adapter=str(folder)))
    assert str(folder) in str(caught.value)


def test_a_whole_model_of_another_kind_is_refused(engine: LocalEngine, full: Weights, seq2seq: Weights) -> None:
    with pytest.raises(ModelUnusable, match="of the kind t5"):
        engine.capabilities(replace(full, adapter=seq2seq.folder))
