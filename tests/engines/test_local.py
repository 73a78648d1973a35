"""What a generation may rely on, whatever shares its batch."""

from __future__ import annotations

import json
import math
import random
import shutil
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from promptune.core.generation import Generation
from promptune.engines.local import LocalEngine
from promptune.engines.protocol import Delta, Event, Failed, Finished, Held, Request, Sent, Weights
from promptune.errors import EngineError
from tests.engines.samples import DIGIT, QUESTIONS, prompt, request


def run(engine: LocalEngine, requests: Sequence[Request]) -> dict[str, list[Event]]:
    events: dict[str, list[Event]] = {request.id: [] for request in requests}
    for event in engine.stream(requests):
        events[event.id].append(event)
    return events


def generations(engine: LocalEngine, requests: Sequence[Request]) -> dict[str, Generation]:
    done = {}
    for id, events in run(engine, requests).items():
        assert isinstance(events[-1], Finished), events[-1]
        done[id] = events[-1].generation
    return done


def test_a_batch_gives_exactly_what_its_rows_give_alone(engine: LocalEngine, tiny: Weights) -> None:
    """Who else asks at the same moment must not change an answer: greedy or seeded, short or long, in any company."""
    spellings = ("tiny/zero-shot", "tiny/cot?max=9", "tiny/zero-shot?t=0.9&seed=4", "tiny/cot?t=1.5&top_p=0.8&seed=9")
    requests = [request(tiny, spelling, question) for spelling in spellings for question in QUESTIONS]
    alone = {one.id: generations(engine, [one])[one.id] for one in requests}
    chance = random.Random(5)
    for size in (2, 5, 16):
        together = generations(engine, chance.sample(requests, size))
        for id, generation in together.items():
            assert (generation.text, generation.finish_reason, generation.prompt) == (alone[id].text, alone[id].finish_reason, alone[id].prompt)


def test_the_same_seed_gives_the_same_text_and_another_another(engine: LocalEngine, endless: Weights) -> None:
    first, again, other = (generations(engine, [request(endless, f"tiny/zero-shot?t=2&seed={seed}", QUESTIONS[0], id="x")])["x"].text for seed in (1, 1, 2))
    assert first == again != other


def test_events_tell_one_story(engine: LocalEngine, endless: Weights) -> None:
    """The prompt comes first, the deltas are the beginning of the text, and the length is respected."""
    for events in run(engine, [request(endless, "tiny/zero-shot", question, max_tokens=11) for question in QUESTIONS]).values():
        sent, *deltas, end = events
        assert isinstance(sent, Sent) and isinstance(end, Finished) and all(isinstance(delta, Delta) for delta in deltas)
        streamed = "".join(delta.text for delta in deltas if isinstance(delta, Delta))
        assert end.generation.text.startswith(streamed) and streamed
        assert end.generation.completion_tokens == 11 and end.generation.finish_reason == "length"
        assert end.generation.weights == "endless" and end.generation.prompt == sent.prompt


def test_a_stop_text_ends_the_answer_and_is_not_shown(engine: LocalEngine, endless: Weights) -> None:
    asked = request(endless, "tiny/zero-shot", QUESTIONS[0], id="x")
    whole = generations(engine, [asked])["x"].text
    stop = whole[len(whole) // 2 :][:4]
    cut = generations(engine, [replace(asked, stop=(stop,))])["x"]
    assert cut.finish_reason == "stop" and cut.text == whole[: whole.index(stop)]


def test_cancel_ends_a_generation_with_the_text_it_has(engine: LocalEngine, endless: Weights) -> None:
    """The others of its batch go on."""
    gone, stays = request(endless, "tiny/zero-shot?max=400", QUESTIONS[0], id="gone"), request(endless, "tiny/cot?max=40", QUESTIONS[1], id="stays")
    ends: dict[str, Generation] = {}
    for event in engine.stream([gone, stays]):
        if isinstance(event, Delta) and event.id == "gone":
            engine.cancel(["gone"])
        if isinstance(event, Finished):
            ends[event.id] = event.generation
    assert ends["gone"].finish_reason == "cancelled" and 0 < ends["gone"].completion_tokens < 400 and ends["gone"].text
    assert ends["stays"].completion_tokens == 40


def test_closing_the_stream_ends_the_work(engine: LocalEngine, endless: Weights) -> None:
    before = threading.active_count()
    events = engine.stream([request(endless, "tiny/zero-shot?max=400", QUESTIONS[0])])
    next(events)
    events.close()  # type: ignore[attr-defined]
    for thread in threading.enumerate():
        if thread.name in ("batch", "alone") or thread.name.endswith("(_start)"):
            thread.join(30)
    assert threading.active_count() <= before


def test_a_prompt_longer_than_the_window_fails_with_both_numbers(engine: LocalEngine, tiny: Weights) -> None:
    """Never a silent cut; and the row beside it is answered."""
    events = run(engine, [request(tiny, "tiny/zero-shot", DIGIT * 900, id="long"), request(tiny, "tiny/zero-shot", DIGIT, id="short")])
    (failed,) = events["long"]
    assert isinstance(failed, Failed) and failed.name == "OVERFLOW" and failed.prompt is not None
    assert failed.what == "The prompt has 902 tokens and 24 are kept for the answer; the window is 512: question 900, template 2." and failed.todo
    assert failed.prompt.tokens == 902 and failed.prompt.text.count(DIGIT) == 900
    assert isinstance(events["short"][-1], Finished)


def test_the_answer_ends_where_the_window_does(engine: LocalEngine, endless: Weights) -> None:
    generation = generations(engine, [request(endless, "tiny/zero-shot", DIGIT * 440, id="x", max_tokens=100)])["x"]
    assert generation.prompt.tokens + generation.completion_tokens == 512 and generation.finish_reason == "length"


@pytest.mark.parametrize("text", ["plain words", "  two  spaces \n and a tab\t", "emoji 👩‍👩‍👧 שלום é", "<|user|> as text", "\n\n", "{{ 7*7 }}"])
def test_the_prompt_is_shown_exactly_as_sent(engine: LocalEngine, tiny: Weights, base: Weights, seq2seq: Weights, text: str) -> None:
    """Parts join to the text, spans cover the ids without a gap, and the question stands in its own part."""
    for weights in (tiny, base, seq2seq):
        events = run(engine, [request(weights, "tiny/cot", text, id="x", max_tokens=1)])
        sent = next(event for event in events["x"] if not isinstance(event, Held))
        assert isinstance(sent, Sent)
        parts = sent.prompt.parts
        assert "".join(part.text for part in parts) == sent.prompt.text
        assert [part.start for part in parts] == [0, *(part.end for part in parts[:-1])] and parts[-1].end == sent.prompt.tokens
        question = "".join(part.text for part in parts if part.kind == "question")
        assert question.strip() == text.strip()


def test_a_base_model_without_a_chat_template_reads_plain_text(engine: LocalEngine, base: Weights, tiny: Weights) -> None:
    assert not engine.capabilities(base).chat_template and engine.capabilities(tiny).chat_template
    generation = generations(engine, [request(base, "base/zero-shot", "the horse", id="x")])["x"]
    assert generation.prompt.text == "the horse" and generation.finish_reason in ("stop", "length")


def test_an_encoder_decoder_streams_too(engine: LocalEngine, seq2seq: Weights) -> None:
    generation = generations(engine, [request(seq2seq, "t5/zero-shot", "the horse", id="x", max_tokens=8)])["x"]
    assert generation.completion_tokens == 8 and generation.prompt.parts[-1].kind == "template"  # the </s> its tokenizer adds
    assert not engine.capabilities(seq2seq).divergence
    (likely,) = engine.logprobs(seq2seq, prompt("the horse"), [" rice"])
    assert likely.total < 0


def test_logprobs_are_those_of_the_tokens_that_greedy_chooses(engine: LocalEngine, endless: Weights) -> None:
    """What the model writes greedily is never less likely than other words in its place, and probabilities add up to one."""
    chosen = generations(engine, [request(endless, "tiny/zero-shot", QUESTIONS[0], id="x", max_tokens=1)])["x"].text
    greedy, *others = engine.logprobs(endless, prompt(QUESTIONS[0]), [chosen, *"0123456789"])
    assert all(score.tokens == 1 and score.total <= greedy.total for score in others) and sum(math.exp(score.total) for score in others) < 1
    both, first = engine.logprobs(endless, prompt(QUESTIONS[0]), ["12", "1"])
    assert both.tokens == 2 and both.total < first.total


def test_divergence_is_zero_from_itself_and_positive_from_another(engine: LocalEngine, tiny: Weights, base: Weights, learned: Weights) -> None:
    same, copy, other = (engine.divergence(tiny, second, ["the horse and the boat"])[0] for second in (tiny, base, learned))
    assert same.kl == 0 and same.first_cross_entropy == same.second_cross_entropy > 0
    assert copy.kl == 0, "the same weights in another folder predict the same"
    assert other.kl > 0 and other.first_cross_entropy == same.first_cross_entropy != other.second_cross_entropy


def test_a_sequence_to_sequence_model_refuses_divergence_by_name(engine: LocalEngine, tiny: Weights, seq2seq: Weights) -> None:
    with pytest.raises(EngineError, match="sequence-to-sequence"):
        engine.divergence(tiny, seq2seq, ["x"])


def test_counts_agree_with_the_prompt(engine: LocalEngine, base: Weights) -> None:
    text = "12 horses, 7 boats and a lamp"
    generation = generations(engine, [request(base, "base/zero-shot", text, id="x", max_tokens=1)])["x"]
    assert engine.count_tokens(base, [text, ""]) == [generation.prompt.tokens, 0]


def test_a_missing_folder_fails_its_own_requests_only(engine: LocalEngine, tiny: Weights) -> None:
    events = run(engine, [request(Weights("gone", "/nowhere"), "gone/zero-shot", "x", id="gone"), request(tiny, "tiny/zero-shot", "x", id="here")])
    *held, failed = events["gone"]
    assert all(isinstance(event, Held) for event in held)
    assert isinstance(failed, Failed) and "/nowhere" in failed.what and isinstance(events["here"][-1], Finished)


def edited(weights: Weights, place: Path, **generation: object) -> Weights:
    """A copy of a model with other generation settings."""
    folder = place / "edited"
    shutil.copytree(weights.folder, folder)
    settings = json.loads((folder / "generation_config.json").read_text())
    (folder / "generation_config.json").write_text(json.dumps(settings | generation))
    return Weights("edited", str(folder))


@pytest.mark.parametrize("settings", [{"max_time": 0.01}, {"do_sample": True, "temperature": 0.1}, {"num_beams": 4}, {"stop_strings": ["a"]}])
def test_how_to_search_is_not_the_models_to_say(engine: LocalEngine, tiny: Weights, tmp_path: Path, settings: dict[str, object]) -> None:
    """A model's own settings for sampling, beams or time must neither change an answer nor leave one without an end."""
    plain = generations(engine, [request(tiny, "tiny/zero-shot", QUESTIONS[0], id="x")])["x"]
    other = generations(engine, [request(edited(tiny, tmp_path, **settings), "tiny/zero-shot", QUESTIONS[0], id="x")])["x"]
    assert other.text == plain.text


@pytest.fixture(scope="module")
def learned(tiny: Weights, tmp_path_factory: pytest.TempPathFactory) -> Weights:
    """A model with learned positions: one step past its window has no place to stand."""
    import torch
    from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

    folder = tmp_path_factory.mktemp("models") / "gpt2"
    tokenizer = AutoTokenizer.from_pretrained(tiny.folder)
    tokenizer.chat_template, tokenizer.model_max_length = None, 64
    torch.manual_seed(3)
    end = tokenizer.eos_token_id
    model = GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), n_positions=64, n_embd=32, n_layer=2, n_head=2, eos_token_id=end, bos_token_id=None))
    model.generation_config.suppress_tokens = [end]  # it writes to the end of the window
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return Weights("gpt2", str(folder))


def test_a_long_row_and_a_short_one_are_answered_together_as_alone(engine: LocalEngine, learned: Weights) -> None:
    """A finished row must not be carried past the window by the one beside it."""
    asked = [request(learned, "gpt2/zero-shot", DIGIT * 54, id="long", max_tokens=60), request(learned, "gpt2/zero-shot", "hi", id="short", max_tokens=60)]
    together = generations(engine, asked)
    for one in asked:
        alone = generations(engine, [one])[one.id]
        assert (together[one.id].text, together[one.id].completion_tokens) == (alone.text, alone.completion_tokens)
    assert together["long"].prompt.tokens + together["long"].completion_tokens == 64


def test_damaged_weights_are_said_and_not_answered(engine: LocalEngine, tiny: Weights, tmp_path: Path) -> None:
    """NaN in the weights, or tensors that are not there, must never look like an answer."""
    from safetensors.torch import load_file, save_file

    for name, spoil in (("nan", lambda tensor: tensor * float("nan")), ("missing", None)):
        folder = tmp_path / name
        shutil.copytree(tiny.folder, folder)
        tensors = load_file(folder / "model.safetensors")
        key = "model.layers.0.mlp.up_proj.weight"
        tensors = {k: (spoil(v) if k == key else v) for k, v in tensors.items()} if spoil else {k: v for k, v in tensors.items() if k != key}
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        weights = Weights(name, str(folder))
        for spelling in ("tiny/zero-shot", "tiny/zero-shot?t=1"):
            (*_, end) = run(engine, [request(weights, spelling, "hi", id="x")])["x"]
            assert isinstance(end, Failed) and ("damaged" in end.what or "lack" in end.what)
        with pytest.raises(EngineError):
            engine.logprobs(weights, prompt("hi"), [" rice"])


def test_an_empty_prompt_fails_alone(engine: LocalEngine, base: Weights) -> None:
    events = run(engine, [request(base, "base/zero-shot", "", id="empty"), request(base, "base/zero-shot", "the horse", id="full")])
    assert isinstance(events["empty"][-1], Failed) and isinstance(events["full"][-1], Finished)


def test_a_model_that_changes_on_the_disk_is_loaded_again(engine: LocalEngine, endless: Weights, tmp_path: Path) -> None:
    """Told to avoid all that it wrote, it writes something else."""
    weights = edited(endless, tmp_path)
    before = generations(engine, [request(weights, "tiny/zero-shot", QUESTIONS[0], id="x")])["x"].text
    settings = json.loads((Path(weights.folder) / "generation_config.json").read_text())
    settings["suppress_tokens"] += engine._shelf.get(weights).loaded.ids(before, special=False)
    (Path(weights.folder) / "generation_config.json").write_text(json.dumps(settings))
    after = generations(engine, [request(weights, "tiny/zero-shot", QUESTIONS[0], id="x")])["x"].text
    assert after and after != before


def test_a_folder_with_only_a_sentencepiece_tokenizer_answers(engine: LocalEngine, seq2seq: Weights, tmp_path: Path) -> None:
    """Older T5 and Llama folders have no tokenizer.json."""
    import sentencepiece

    for path in Path(seq2seq.folder).glob("*"):
        if not path.name.startswith("tokenizer"):
            shutil.copy(path, tmp_path)
    (tmp_path / "lines").write_text("\n".join(f"the horse number {i} and the boat eats rice {i * 7} times" for i in range(500)))
    spelled = {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1, "vocab_size": 60, "minloglevel": 2}
    sentencepiece.SentencePieceTrainer.train(input=str(tmp_path / "lines"), model_prefix=str(tmp_path / "spiece"), **spelled)
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "T5Tokenizer"}')
    generation = generations(engine, [request(Weights("old", str(tmp_path)), "old/zero-shot", "the horse", id="x", max_tokens=5)])["x"]
    assert generation.prompt.text.endswith("</s>") and generation.completion_tokens <= 5
