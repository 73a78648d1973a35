"""Which rows of a task fit a model's window, question and answer together: measured before anything is spent."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

from promptune.core.prompt import Message, Prompt, PromptPart, SentPrompt
from promptune.core.strategy import Strategy
from promptune.core.task import Example, Split
from promptune.engines.overflow import room, words
from promptune.engines.protocol import Engine, Weights
from promptune.errors import Problem, Problems
from promptune.prompting.strategies.zero_shot import ZeroShot

AT_ONCE = 256  # rows that are measured at once
NAMED = 5  # rows that are told one by one


@dataclass(frozen=True)
class Measured:
    done: int
    total: int  # rows


@dataclass(frozen=True)
class Kept:
    """By split, the rows that fit, and why others do not."""

    rows: Mapping[Split, tuple[Example, ...]]
    why: tuple[tuple[str, str], ...]  # of each row left out: its split and number, and what is too long

    @property
    def skipped(self) -> int:
        return len(self.why)

    def count(self, split: Split) -> int:
        """Rows of a split that were left out."""
        return sum(name.startswith(f"{split} ") for name, _ in self.why)

    def told(self, todo: str) -> Problems:
        problems = [Problem(name, what) for name, what in self.why[:NAMED]]
        if self.skipped > NAMED:
            problems.append(Problem(f"{self.skipped - NAMED} more", "they are too long as well."))
        total = self.skipped + sum(map(len, self.rows.values()))
        return Problems(problems, where=f"{self.skipped} of {total} rows do not fit the model's window", todo=todo)


def fitting(
    engine: Engine, model: Weights, splits: Mapping[Split, Sequence[Example]], default: int, strategies: Sequence[Strategy] = (ZeroShot(),)
) -> Generator[Measured, None, Kept]:
    """Train and validation rows need room for their answer, asked zero-shot. Test rows need it for whatever the model writes (`default`
    tokens, or its share of the window), asked by each of the strategies."""
    total = sum(map(len, splits.values()))
    kept: dict[Split, tuple[Example, ...]] = {}
    why: list[tuple[str, str]] = []
    done = 0
    for split, examples in splits.items():
        good: list[Example] = []
        for start in range(0, len(examples), AT_ONCE):
            yield Measured(done, total)
            part = examples[start : start + AT_ONCE]
            over = _unfit(engine, model, part, strategies, default) if split == "test" else _untaught(engine, model, part)
            good += [example for example, what in zip(part, over, strict=True) if not what]
            why += [(f"{split} row {example.row}", what) for example, what in zip(part, over, strict=True) if what]
            done += len(part)
        kept[split] = tuple(good)
    return Kept(kept, tuple(why))


def _unfit(engine: Engine, model: Weights, examples: Sequence[Example], strategies: Sequence[Strategy], default: int) -> list[str]:
    """Of each row why it cannot be asked; empty where it can."""
    apart, over = engine.capabilities(model).apart, [""] * len(examples)
    for strategy in strategies:
        sent = engine.measure(model, [strategy.render(example) for example in examples])
        over = [what or words(one, room(one.window, None, default, apart=apart)) for what, one in zip(over, sent, strict=True)]
    return over


def _untaught(engine: Engine, model: Weights, examples: Sequence[Example]) -> list[str]:
    """Of each row why it cannot be learned from."""
    apart = engine.capabilities(model).apart
    sent = engine.measure(model, [ZeroShot().render(example) for example in examples])
    answers = engine.count_tokens(model, [example.completion or "" for example in examples])
    around = _around(engine, model)
    return [_over(one, answer + around, apart=apart) for one, answer in zip(sent, answers, strict=True)]


def _around(engine: Engine, model: Weights) -> int:
    """Tokens that an answer has around it, and the one that ends it. At most: the opening of its turn is counted too, which the prompt has already."""
    asked = Message("user", (PromptPart("question", "?"),))
    answered = Message("assistant", (PromptPart("question", "!"),))
    one, both = engine.measure(model, [Prompt((asked,)), Prompt((asked, answered))])
    return both.tokens - one.tokens + 1


def _over(sent: SentPrompt, answer: int, *, apart: bool) -> str:
    """`apart`: the answer has a window of its own."""
    if not apart:
        return words(sent, answer)
    return words(sent, 0) or (f"The answer has {answer} tokens; the window is {sent.window}." if answer > sent.window else "")
