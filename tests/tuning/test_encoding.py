"""What a model is taught is what it is asked later, and how it must answer then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promptune.core.task import Example
from promptune.engines.local_models import Loaded
from promptune.engines.protocol import Weights
from promptune.prompting.strategies.zero_shot import ZeroShot
from promptune.sandbox import Sandbox
from promptune.tuning.encoding import Shape, answer_shape, encode
from tests.tuning.conftest import ROWS, load_folder


def test_the_prompt_is_exactly_what_zero_shot_sends(loaded: Loaded, sandbox: Sandbox) -> None:
    for example, coded in zip(ROWS[:3], encode(loaded, ROWS[:3], sandbox), strict=True):
        assert coded.prompt == loaded.encode(ZeroShot().render(example), sandbox).ids


def test_prompt_and_answer_are_the_conversation_as_the_template_writes_it(loaded: Loaded, sandbox: Sandbox) -> None:
    [coded] = encode(loaded, ROWS[:1], sandbox)
    whole = loaded.tokenizer.apply_chat_template(
        [{"role": "user", "content": ROWS[0].prompt}, {"role": "assistant", "content": ROWS[0].completion}], return_dict=False
    )
    assert [*coded.prompt, *coded.answer] == whole


CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
THINKS = "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}{% endfor %}{% if add_generation_prompt %}[think]{% endif %}"
EMPTY_THOUGHT = (
    "{% for m in messages %}[{{ m['role'] }}] {% if m['role'] == 'assistant' %}<think>\n\n</think>\n\n{% endif %}{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}[assistant] {% endif %}"
)
SHOUTS = "{% for m in messages %}{{ m['content'] | upper }}<|end|>{% endfor %}"


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        (CHATML, Shape("", "<|end|>")),  # the line break behind the end token is never written by a model
        (THINKS, Shape("", "")),  # its generation prompt is not how the answer goes on
        (EMPTY_THOUGHT, Shape("", "<|end|>")),  # taught it, a model would write it into every answer
        (SHOUTS, Shape("", "")),
        ("{{ 1 / 0 }}", Shape("", "")),
    ],
)
def test_what_a_template_puts_around_an_answer(loaded: Loaded, sandbox: Sandbox, template: str, wanted: Shape) -> None:
    if "1 / 0" in template:
        template = "{% if messages | length > 1 %}{{ 1 / 0 }}{% endif %}{{ messages[0].content }}"
    assert answer_shape(replace(loaded, template=template), sandbox) == wanted


def test_every_answer_ends_with_a_token_that_ends_generation(loaded: Loaded, base: Weights, seq2seq: Weights, sandbox: Sandbox) -> None:
    for one in (loaded, replace(loaded, template=SHOUTS), load_folder(base.folder), load_folder(seq2seq.folder)):
        for coded in encode(one, ROWS[:2], sandbox):
            assert coded.answer[-1] == one.tokenizer.eos_token_id
            assert coded.answer.count(one.tokenizer.eos_token_id) == 1


def test_without_a_chat_template_the_answer_follows_the_text(base: Weights, sandbox: Sandbox) -> None:
    loaded = load_folder(base.folder)
    [coded] = encode(loaded, ROWS[:1], sandbox)
    assert loaded.tokenizer.decode([*coded.prompt, *coded.answer[:-1]]) == f"{ROWS[0].prompt} negative"
    [coded] = encode(loaded, [Example("Tell me more", "No.")], sandbox)
    assert loaded.tokenizer.decode(coded.answer[:-1]) == "\nNo."


def test_what_fits(loaded: Loaded, seq2seq: Weights, sandbox: Sandbox) -> None:
    [coded] = encode(loaded, ROWS[:1], sandbox)
    assert coded.fits(replace(loaded, window=coded.tokens))
    assert not coded.fits(replace(loaded, window=coded.tokens - 1))
    assert coded.fits(replace(loaded, window=len(coded.prompt), seq2seq=True)), "its answer has a window of its own"
