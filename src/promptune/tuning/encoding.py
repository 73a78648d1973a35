"""Examples as a model reads them in training: exactly the prompt it is later asked with, and the answer as it would have to write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promptune.core.prompt import Message, Prompt, PromptPart
from promptune.core.task import Example
from promptune.engines.local_models import Loaded
from promptune.errors import TemplateError
from promptune.prompting.strategies.base import joint
from promptune.prompting.strategies.zero_shot import ZeroShot
from promptune.sandbox import Sandbox

MARK = "\ue000answer\ue001"  # stands for an answer while a template is looked at


@dataclass(frozen=True)
class Coded:
    """One example. Only the answer's tokens are learned."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]  # with what ends it

    @property
    def tokens(self) -> int:
        return len(self.prompt) + len(self.answer)

    def fits(self, loaded: Loaded) -> bool:
        """An encoder-decoder writes its answer into a window of its own."""
        return max(len(self.prompt), len(self.answer)) <= loaded.window if loaded.seq2seq else self.tokens <= loaded.window


@dataclass(frozen=True)
class Shape:
    """What a chat template puts around an answer, once the generation prompt is there."""

    before: str
    after: str


def encode(loaded: Loaded, examples: Sequence[Example], sandbox: Sandbox) -> list[Coded]:
    strategy, shape = ZeroShot(), answer_shape(loaded, sandbox)
    coded = []
    for example in examples:
        sent = loaded.encode(strategy.render(example), sandbox)
        before = shape.before if loaded.template is not None or loaded.seq2seq else joint(example.prompt)
        ids = loaded.ids(f"{before}{(example.completion or '').strip()}{shape.after}", special=False)
        end = () if shape.after and ids[-1] in ends(loaded) else _end(loaded)
        coded.append(Coded(sent.ids, (*ids, *end)))
    return coded


def answer_shape(loaded: Loaded, sandbox: Sandbox) -> Shape:
    """Found by rendering an answer that is a mark; where the template writes something else, only the end token follows the answer.

    What some templates write before an answer (an empty `<think>` block) is not taught: a model would write it into every answer.
    """
    if loaded.template is None:
        return Shape("", "")
    prompt = Prompt((Message("user", (PromptPart("question", "?"),)),))
    asked = loaded.encode(prompt, sandbox).text
    turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": MARK}]
    try:
        [answered] = sandbox.render(loaded.template, [_values(loaded, turns)], strict=False)
    except TemplateError:
        return Shape("", "")
    before, found, after = answered.partition(MARK)
    if not found or not before.startswith(asked):
        return Shape("", "")
    known = {str(loaded.tokenizer.convert_ids_to_tokens(id)) for id in ends(loaded)}
    first = min((token for token in known if token in after), key=after.index, default="")
    between = before[len(asked) :]
    return Shape(between if not between.strip() else "", after[: after.index(first)] + first if first else "")


def ends(loaded: Loaded) -> set[int]:
    """The tokens at which generation stops."""
    found = loaded.model.generation_config.eos_token_id
    ids = found if isinstance(found, list) else [found]
    return {int(id) for id in (*ids, loaded.tokenizer.eos_token_id) if id is not None}


def _end(loaded: Loaded) -> tuple[int, ...]:
    own = loaded.tokenizer.eos_token_id
    return (int(own),) if own is not None else tuple(sorted(ends(loaded))[:1])


def _values(loaded: Loaded, turns: list[dict[str, str]]) -> Mapping[str, Any]:
    return {**loaded.special(), "messages": turns, "add_generation_prompt": False}
