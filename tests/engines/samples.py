"""Requests as the tests of engines ask them."""

from __future__ import annotations

from promptune.core.contender import Contender
from promptune.core.prompt import Message, Prompt, PromptPart
from promptune.core.task import Example
from promptune.engines.protocol import Request, Weights
from promptune.prompting import decide
from promptune.prompting.strategies import build

DIGIT = "7"  # each is one token, whatever else a tokenizer of ours has learned
QUESTIONS = ("What can I cook with rice?", "Why is the sky blue?", "A horse and a boat", "one two three")


def prompt(text: str) -> Prompt:
    return Prompt((Message("user", (PromptPart("question", text),)),))


def request(weights: Weights, spelling: str, question: str, *, id: str = "", max_tokens: int = 24) -> Request:
    """The first sample's."""
    contender = Contender.parse(spelling)
    strategy = build(contender)
    sent = strategy.render(Example(prompt=question))
    return decide.requests(id or f"{spelling} {question}", weights, contender, strategy, sent, max_tokens=max_tokens, seed=7)[0]
