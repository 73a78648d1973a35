"""Many prompts made to fit a window before anything is generated, and never a silent cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from promptune.core.prompt import Message, Prompt, SentPrompt
from promptune.core.strategy import Strategy
from promptune.core.task import Example
from promptune.engines.overflow import room, words
from promptune.errors import Problem, Problems

__all__ = ["Fitted", "Overflow", "fit", "room"]

Overflow = Literal["fail", "drop", "skip"]
Measure = Callable[[Sequence[Prompt]], Sequence[SentPrompt]]
NAMED = 5  # rows whose parts are told one by one


@dataclass(frozen=True)
class Fitted:
    """One example's prompt. Without one the row is to be skipped, and `over` says why."""

    prompt: Prompt | None
    dropped: int  # examples or passages that were left out
    tokens: int
    over: str = ""


def fit(
    strategy: Strategy,
    examples: Sequence[Example],
    measure: Measure,
    *,
    asked: int | None,
    default: int,
    overflow: Overflow = "fail",
    apart: bool = False,
    turns: Sequence[Message] = (),
) -> list[Fitted]:
    """Every example's prompt, in order, each behind the earlier `turns` of a conversation.

    `asked` is the contender's own max, `default` what else an answer may have; `apart` as in Capabilities.
    fail: rows that do not fit are raised, all at once. drop: the fewest examples and passages that must go are left out; a row that
    does not even fit without any is raised. skip: those rows come back without a prompt.
    """

    def tried(rows: Sequence[int], dropped: Sequence[int]) -> list[Fitted]:
        """Measured together: a device process is asked once for all of them."""
        prompts = [strategy.render(examples[row], turns, drop=drop) for row, drop in zip(rows, dropped, strict=True)]
        sent = measure(prompts) if prompts else []
        kept = [room(one.window, asked, default, apart=apart) for one in sent]
        return [Fitted(prompt, drop, one.tokens, words(one, keep)) for prompt, drop, one, keep in zip(prompts, dropped, sent, kept, strict=True)]

    best = tried(range(len(examples)), [0] * len(examples))
    over = [row for row, one in enumerate(best) if one.over]
    if over and overflow == "drop":
        for row, one in _dropped(over, {row: strategy.extras(examples[row]) for row in over}, tried).items():
            best[row] = one
        over = [row for row in over if best[row].over]
    if over and overflow != "skip":
        raise _too_long([(_name(examples[row], row), best[row].over) for row in over], len(examples), overflow)
    return [replace(one, prompt=None) if one.over else one for one in best]


def _dropped(over: Sequence[int], extras: dict[int, int], tried: Callable[[Sequence[int], Sequence[int]], list[Fitted]]) -> dict[int, Fitted]:
    """The fewest that must go, searched by halves for all rows at once: a prompt with an extra less is shorter. Only what was measured is taken."""
    best = dict(zip(over, tried(over, [extras[row] for row in over]), strict=True))
    low = dict.fromkeys(over, 1)
    while open_ := [row for row in over if not best[row].over and low[row] < best[row].dropped]:
        middle = [(low[row] + best[row].dropped) // 2 for row in open_]
        for row, one in zip(open_, tried(open_, middle), strict=True):
            if one.over:
                low[row] = one.dropped + 1
            else:
                best[row] = one
    return best


def _name(example: Example, place: int) -> str:
    return f"{example.split or ''} row {place + 1 if example.row is None else example.row}".strip()


def _too_long(rows: Sequence[tuple[str, str]], total: int, overflow: Overflow) -> Problems:
    named = [Problem(name, over) for name, over in rows[:NAMED]]
    if len(rows) > NAMED:
        named.append(Problem(f"{len(rows) - NAMED} more", "they are too long as well."))
    left = "the window even without examples and passages" if overflow == "drop" else "the window"
    todo = "" if overflow == "drop" else "drop to leave out examples, or "
    where = f"{len(rows)} of {total} rows do not fit {left}"
    return Problems(named, where=where, todo=f"Shorten them, let the answer be shorter, or use the overflow choice {todo}skip to leave out these rows.")
