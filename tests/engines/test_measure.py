"""What a prompt costs is known before anything is generated, exactly, for every strategy and every kind of model."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from promptune.core.task import Example
from promptune.engines.local import LocalEngine
from promptune.engines.protocol import Failed, Finished, Weights
from promptune.engines.scripted import WINDOW, Scripted
from promptune.prompting.budget import fit
from tests.engines.samples import DIGIT, prompt, request
from tests.prompting.samples import SPELLINGS, material, strategy, texts

GIVEN = material()
HERE = Weights("tiny", "/none")


@settings(max_examples=15)
@given(texts)
def test_the_parts_tokens_add_up_exactly(engine: LocalEngine, tiny: Weights, base: Weights, question: str) -> None:
    """Whatever stands in a prompt: its parts join to the text that is sent, and share its tokens without a gap."""
    prompts = [strategy(spelling, GIVEN).render(Example(question, split="test", row=1)) for spelling in SPELLINGS]
    for weights in (tiny, base):
        for rendered, sent in zip(prompts, engine.measure(weights, prompts), strict=True):
            assert "".join(part.text for part in sent.parts) == sent.text and sum(part.tokens for part in sent.parts) == sent.tokens == len(sent.ids)
            assert [part.start for part in sent.parts] == [0, *(part.end for part in sent.parts[:-1])] and sent.window == 512
            written = rendered.messages[0].content
            assert sent.text == written if weights is base else written.strip() in sent.text
            for part in rendered.messages[0].parts:
                held = "".join(one.text for one in sent.parts if one.kind == part.kind)
                assert held == part.text or (weights is tiny and held.strip() == part.text.strip())


def test_what_was_measured_is_what_is_sent(engine: LocalEngine, tiny: Weights, base: Weights, seq2seq: Weights) -> None:
    for weights in (tiny, base, seq2seq):
        asked = request(weights, "tiny/cot", "the horse", max_tokens=1)
        (measured,) = engine.measure(weights, [asked.prompt])
        *_, end = engine.stream([asked])
        assert isinstance(end, Finished) and end.generation.prompt == measured


def test_a_prompt_longer_than_the_window_can_be_measured(engine: LocalEngine, tiny: Weights) -> None:
    (sent,) = engine.measure(tiny, [prompt(DIGIT * 900)])
    assert sent.tokens == 902 and sent.window == 512


def test_dropping_examples_makes_a_prompt_fit_and_it_is_answered(engine: LocalEngine, tiny: Weights) -> None:
    built, asked = strategy("tiny/few-shot:24", GIVEN), Example(f"Review: it is {DIGIT * 300}\nMood:", split="test", row=1)
    (fitted,) = fit(built, [asked], lambda prompts: engine.measure(tiny, prompts), asked=None, default=24, overflow="drop")
    assert fitted.prompt == built.render(asked, drop=fitted.dropped) and 0 < fitted.dropped < 24 and fitted.tokens <= 512 - 24
    (longer,) = engine.measure(tiny, [built.render(asked, drop=fitted.dropped - 1)])
    assert longer.tokens > 512 - 24


@pytest.mark.parametrize(("spelling", "kept"), [("tiny/zero-shot", 24), ("tiny/zero-shot?max=300", 256), ("tiny/zero-shot?max=100", 100)])
def test_the_room_for_the_answer_is_kept_to_the_token(engine: LocalEngine, tiny: Weights, spelling: str, kept: int) -> None:
    """One token more, and the prompt is refused, naming what is in it; an answer asked for by length has its room."""
    fits = 512 - kept - 2  # <|user|> and <|assistant|>
    last, over = (request(tiny, spelling, DIGIT * (fits + more), id=str(more)) for more in (0, 1))
    (refused,) = engine.stream([over])
    assert isinstance(refused, Failed) and refused.name == "OVERFLOW" and f"and {kept} are kept for the answer" in refused.what
    assert refused.prompt == engine.measure(tiny, [over.prompt])[0]
    engine.cancel([last.id])
    *_, end = engine.stream([last])
    assert isinstance(end, Finished) and end.generation.prompt.tokens + kept == 512


def test_an_encoder_decoder_writes_into_a_window_of_its_own(engine: LocalEngine, seq2seq: Weights, tiny: Weights) -> None:
    assert engine.capabilities(seq2seq).apart and not engine.capabilities(tiny).apart
    whole = request(seq2seq, "t5/zero-shot", DIGIT * 511, max_tokens=2)
    (measured,) = engine.measure(seq2seq, [whole.prompt])
    *_, end = engine.stream([whole])
    assert measured.tokens == measured.window == 512 and isinstance(end, Finished)
    (refused,) = engine.stream([request(seq2seq, "t5/zero-shot", DIGIT * 512)])
    assert isinstance(refused, Failed) and refused.what.startswith("The prompt has 513 tokens; the window is 512: ")


def test_the_scripted_engine_keeps_to_its_window_too() -> None:
    few = strategy("tiny/few-shot:3", GIVEN).render(Example("word " * WINDOW, split="test", row=1))
    (sent,) = Scripted().measure(HERE, [few])
    assert sum(part.tokens for part in sent.parts) == sent.tokens
    asked = request(HERE, "tiny/zero-shot", "word " * WINDOW, id="long")
    ends = list(Scripted().stream([asked, request(HERE, "tiny/zero-shot", "short", id="short")]))
    assert isinstance(ends[0], Failed) and ends[0].name == "OVERFLOW" and "question 4096" in ends[0].what and "Shorten" in ends[0].todo
    assert isinstance(ends[-1], Finished) and ends[-1].id == "short"


def test_what_can_be_used_less_of_is_said() -> None:
    few = strategy("tiny/few-shot:3", GIVEN).render(Example("word " * WINDOW, split="test", row=1))
    (refused,) = Scripted().stream([replace(request(HERE, "tiny/zero-shot", "x"), prompt=few)])
    assert isinstance(refused, Failed) and "examples 27" in refused.what and refused.todo.startswith("Use fewer examples")
