"""The window is a budget: what is kept of it for the answer, and what is said of a prompt that leaves less."""

from __future__ import annotations

from promptune.core.prompt import SentPrompt
from promptune.engines.protocol import Failed, Request

NAME = "OVERFLOW"
SHARE = 8  # of the window, one part in so many is kept where nobody said how long the answer may be
ORDER = ("instruction", "context", "examples", "question", "cue", "template")


def room(window: int, asked: int | None, default: int, *, apart: bool = False) -> int:
    """Tokens kept for the answer: as many as the contender asks for, but never more than half the window, or no question would fit.

    `apart`: the answer is written into a window of its own.
    """
    if apart:
        return 0
    kept = min(default, window // SHARE) if asked is None else min(asked, window // 2)
    return max(kept, 1)


def words(sent: SentPrompt, kept: int) -> str:
    """Why a prompt does not fit, part by part; empty when it does."""
    if sent.tokens + kept <= sent.window:
        return ""
    counts = {kind: sum(part.tokens for part in sent.parts if part.kind == kind) for kind in ORDER}
    parts = ", ".join(f"{kind} {count}" for kind, count in counts.items() if count)
    answer = f" and {kept} are kept for the answer" if kept else ""
    return f"The prompt has {sent.tokens} tokens{answer}; the window is {sent.window}: {parts}."


def refusal(request: Request, sent: SentPrompt, *, apart: bool = False) -> Failed | None:
    what = words(sent, room(sent.window, request.kept, request.max_tokens, apart=apart))
    return Failed(request.id, NAME, what, _todo(sent), prompt=sent) if what else None


def _todo(sent: SentPrompt) -> str:
    kinds = {part.kind for part in sent.parts if part.tokens}
    extras = [word for word, kind in (("fewer examples", "examples"), ("fewer passages or earlier questions", "context")) if kind in kinds]
    return (
        f"Use {' or '.join(extras)}, shorten the question, or let the answer be shorter." if extras else "Shorten the question, or let the answer be shorter."
    )
