"""Messages become the exact text a model reads, and no part of it is lost or guessed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.prompt import Message, Prompt, PromptPart
from promptune.engines.chat import plain, templated
from promptune.engines.spans import spans
from promptune.errors import TemplateError
from promptune.models import BUNDLED_FOLDER
from promptune.sandbox import Sandbox

CHATML = (
    "{{ bos_token }}{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if tools %}never{% endif %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
BUNDLED = (BUNDLED_FOLDER / "chat_template.jinja").read_text(encoding="utf-8")
SHOUTING = "{% for message in messages %}[{{ message['content'] | upper }}]{% endfor %}"

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
prompts = st.lists(
    st.builds(
        Message,
        st.sampled_from(["user", "assistant"]),
        st.lists(st.builds(PromptPart, st.sampled_from(["context", "question", "cue"]), words), max_size=3).map(tuple),
    ),
    min_size=1,
    max_size=4,
).map(lambda messages: Prompt(tuple(messages)))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.close()


@given(prompts)
def test_a_template_loses_and_changes_nothing(sandbox: Sandbox, prompt: Prompt) -> None:
    """Whatever a person types, also marks that look like the template's own, stands in the text and in its own part."""
    parts = templated(prompt, CHATML, {"bos_token": "<s>"}, sandbox)
    expected = "<s>" + "".join(f"<|im_start|>{m.role}\n{m.content}<|im_end|>\n" for m in prompt.messages) + "<|im_start|>assistant\n"
    assert "".join(part.text for part in parts) == expected
    ours = [part for message in prompt.messages for part in message.parts]
    assert [part for part in parts if part.kind != "template"] == ours


@given(prompts)
def test_a_template_that_trims_keeps_the_parts(sandbox: Sandbox, prompt: Prompt) -> None:
    parts = templated(prompt, BUNDLED, {}, sandbox)
    text = "".join(part.text for part in parts)
    assert (
        text
        == "".join(f"<|assistant|> {m.content.strip()}<|end|>" if m.role == "assistant" else f"<|user|>{m.content.strip()}" for m in prompt.messages)
        + "<|assistant|>"
    )
    assert [part.kind for part in parts if part.kind != "template"] == [part.kind for message in prompt.messages for part in message.parts]


def test_a_template_that_changes_its_messages_is_shown_as_it_is(sandbox: Sandbox) -> None:
    """What cannot be told apart is the template's; the text is still exactly what is sent."""
    prompt = Prompt((Message("user", (PromptPart("question", "abc"), PromptPart("cue", "12"))),))
    parts = templated(prompt, SHOUTING, {}, sandbox)
    assert "".join(part.text for part in parts) == "[ABC12]"
    assert PromptPart("cue", "12") in parts


def test_a_malicious_template_ends_in_words(sandbox: Sandbox) -> None:
    prompt = Prompt((Message("user", (PromptPart("question", "x"),)),))
    for attack in (
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{{ 'x' * 10**9 }}",
    ):
        with pytest.raises(TemplateError):
            templated(prompt, attack, {}, sandbox)
    assert templated(prompt, CHATML, {"bos_token": ""}, sandbox), "the next template works"


def test_plain_text_is_the_messages_with_a_blank_line_between() -> None:
    prompt = Prompt(
        (Message("user", (PromptPart("question", "a"),)), Message("assistant", ()), Message("user", (PromptPart("question", "b"), PromptPart("cue", ":"))))
    )
    assert "".join(part.text for part in plain(prompt)) == "a\n\n\n\nb:"


@given(st.lists(st.tuples(st.sampled_from(["template", "question", "cue"]), words), max_size=6), st.data())
def test_every_token_belongs_to_the_part_that_holds_its_first_byte(pieces: list[tuple[str, str]], data: st.DataObject) -> None:
    parts = [PromptPart(kind, text) for kind, text in pieces]  # type: ignore[arg-type]
    text = "".join(part.text for part in parts)
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(text) - 1)), max_size=8))) if len(text) > 1 else []
    offsets = list(zip([0, *cuts], [*cuts, len(text)], strict=True)) if text else []
    # Some tokenizers leave the space before a word out of its offset: the token still begins where the last one ended.
    trimmed = [(start + (len(text[start:end]) - len(text[start:end].lstrip())), end) if text[start:end].strip() else (start, end) for start, end in offsets]
    for given_offsets in (offsets, trimmed):
        sent = spans(parts, given_offsets)
        assert "".join(part.text for part in sent) == text
        assert [part.start for part in sent] == [0, *(part.end for part in sent)][: len(sent)]
        assert (sent[-1].end if sent else 0) == len(offsets)
        at = 0
        for part in sent:
            assert part.tokens == sum(at <= start < at + len(part.text) for start, _ in offsets)
            at += len(part.text)
