"""Which tokens belong to which part of a prompt."""

from __future__ import annotations

from collections.abc import Sequence

from promptune.core.prompt import PromptPart, SentPart


def spans(parts: Sequence[PromptPart], offsets: Sequence[tuple[int, int]]) -> tuple[SentPart, ...]:
    """Each part with its tokens. `offsets` are each token's characters in the parts' joined text, half open.

    A token belongs to the part that holds its first byte: a space that a tokenizer leaves out of a token's offset still is
    that token's, so a token begins where the one before it ended. Empty parts are left out; every token has its part.
    """
    starts, end = [], 0
    for start, stop in offsets:
        starts.append(min(start, end) if stop > start else end)
        end = max(end, stop)
    sent: list[SentPart] = []
    token = at = 0
    parts = [part for part in parts if part.text]
    for part in parts:
        at += len(part.text)
        first = token
        while token < len(starts) and (starts[token] < at or part is parts[-1]):
            token += 1
        sent.append(SentPart(part.kind, part.text, first, token))
    return tuple(sent)
