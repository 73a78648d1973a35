"""From messages with parts to the exact text a model reads, with each part's place in it.

What a chat template does to a message is its own business, so its text is never taken apart by guess: the template is
rendered once with the messages and once with a mark in the place of each, and the marks tell what stands around them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from promptune.core.prompt import Message, Prompt, PromptPart
from promptune.errors import TemplateError
from promptune.sandbox import Sandbox

BETWEEN = "\n\n"  # between the messages of a plain text


def plain(prompt: Prompt) -> list[PromptPart]:
    """For base models without a chat template: the messages' own text, and nothing added but the space between."""
    parts: list[PromptPart] = []
    for message in prompt.messages:
        parts += [PromptPart("template", BETWEEN), *message.parts] if parts else message.parts
    return parts


def templated(prompt: Prompt, template: str, special: Mapping[str, str], sandbox: Sandbox) -> list[PromptPart]:
    """The chat template's rendering as parts that join to it exactly. `special` names the special tokens (bos_token, …)."""
    marks = [f"\ue000{i}\ue001" for i in range(len(prompt.messages))]
    rows = [_values(prompt.messages, [m.content for m in prompt.messages], special), _values(prompt.messages, marks, special)]
    try:
        text, skeleton = sandbox.render(template, rows, strict=False)
    except TemplateError as error:
        why = error.what.partition(": ")[2] or error.what
        raise TemplateError(f"the model's own chat template failed: {why}", todo="Use another model, or mend its chat_template.") from None
    around = _around(skeleton, marks)
    for strip in (str, str.strip) if around else ():
        parts = _filled(around, prompt.messages, strip)
        if "".join(part.text for part in parts) == text:
            return parts
    return _found(text, prompt.messages)


def _values(messages: Sequence[Message], contents: Sequence[str], special: Mapping[str, str]) -> dict[str, Any]:
    turns = [{"role": message.role, "content": content} for message, content in zip(messages, contents, strict=True)]
    return {**special, "messages": turns, "add_generation_prompt": True}


def _around(skeleton: str, marks: Sequence[str]) -> list[str]:
    """What stands before each mark and behind the last; empty where a mark is not there exactly once."""
    around, rest = [], skeleton
    for mark in marks:
        before, found, rest = rest.partition(mark)
        if not found or mark in rest:
            return []
        around.append(before)
    return [*around, rest]


def _filled(around: Sequence[str], messages: Sequence[Message], strip: Any) -> list[PromptPart]:
    parts: list[PromptPart] = []
    for before, message in zip(around, messages, strict=False):
        parts += [PromptPart("template", before), *(_stripped(message.parts) if strip is str.strip else message.parts)]
    return [*parts, PromptPart("template", around[-1])]


def _stripped(parts: Sequence[PromptPart]) -> list[PromptPart]:
    """The parts of a message whose template trims it: outer white space goes, wherever the part's border lies."""
    texts = [part.text for part in parts]
    for order, strip in ((range(len(texts)), str.lstrip), (range(len(texts) - 1, -1, -1), str.rstrip)):
        for i in order:
            texts[i] = strip(texts[i])
            if texts[i]:
                break
    return [PromptPart(part.kind, text) for part, text in zip(parts, texts, strict=True)]


def _found(text: str, messages: Sequence[Message]) -> list[PromptPart]:
    """For a template that changes its messages: what is found of them in order, the rest the template's."""
    parts: list[PromptPart] = []
    at = 0
    for part in (part for message in messages for part in message.parts):
        wanted = part.text.strip()
        start = text.find(wanted, at) if wanted else -1
        if start >= 0:
            parts += [PromptPart("template", text[at:start]), PromptPart(part.kind, wanted)]
            at = start + len(wanted)
    return [*parts, PromptPart("template", text[at:])]
