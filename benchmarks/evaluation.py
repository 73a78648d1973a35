"""A test set answered: prompts of many kinds and lengths, and few-shot prompts that all begin alike, against batches sorted by length.

How long an answer is, is drawn once: many are short, some are long, and a batch lasts as long as its longest. Nothing is known of any
prompt when the clock starts.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence

from ours import Ours
from peers import Peer
from results import Line, alternate, ratio, record, spell
from streams import same
from workload import Subject, prompts, subjects

from promptune.core.prompt import Prompt

KINDS = ("arithmetic", "dialogues", "facts", "headlines", "odd-sum", "refusals", "reviews", "translate")
STRATEGIES = ("zero-shot", "cot", "few-shot:2", "few-shot:4")
ROUNDS, SMALL, LARGE = 5, 16, 32  # prompts in a batch


def mixed(count: int) -> list[Prompt]:
    draw = random.Random(0)
    return [prompts(draw.choice(KINDS), draw.choice(STRATEGIES), [row])[0] for row in range(count)]


def alike(count: int) -> list[Prompt]:
    return prompts("arithmetic", "few-shot:11", range(count))


def lengths(count: int) -> list[int]:
    draw = random.Random(1)
    return [min(96, max(2, round(draw.lognormvariate(2.5, 0.8)))) for _ in range(count)]


def measure(subject: Subject, asked: Sequence[Prompt], what: str, *, share: bool, rounds: int = ROUNDS) -> Line:
    ours, peer, limits = Ours(subject.device), Peer(subject), lengths(len(asked))
    rows = [peer.ids(prompt) for prompt in asked]
    common = next(i for i, tokens in enumerate(zip(*rows, strict=False)) if len(set(tokens)) > 1) if share else 0

    def own() -> list[str]:
        ours.forget(subject.base)
        return ours.answer(asked, [subject.base] * len(asked), limits).texts

    def tuned() -> list[str]:
        return peer.sorted_batches(asked, limits, LARGE, before=peer.read(rows[0][:common]) if share else None)

    ways: dict[str, Callable[[], list[str]]] = {"ours": own, "theirs": lambda: peer.sorted_batches(asked, limits, SMALL), "tuned": tuned}
    try:
        same(subject, {name: way() for name, way in ways.items()})
        found = alternate({name: timed(way) for name, way in ways.items()}, rounds)
    finally:
        ours.engine.close()
    kind = (
        f"{common} of about {len(rows[0])} tokens are the same in every prompt"
        if share
        else f"prompts of {min(map(len, rows))} to {max(map(len, rows))} tokens"
    )
    better = f"batches of {LARGE}" + (" behind a copy of the beginning's cache" if share else "")
    return Line(
        f"evaluation, {what}, {subject.name}",
        f"`generate`, batches of {SMALL} sorted by length: {spell(found['theirs'])}",
        spell(found["ours"]),
        ratio(found["theirs"], found["ours"]),
        f"{len(asked)} prompts; {kind}; answers of 2 to {max(limits)} tokens, {statistics.mean(limits):.0f} on average; "
        f"tuned peer, {better}: {ratio(found['tuned'], found['ours']):.2f}×",
    )


def timed(way: Callable[[], object]) -> Callable[[int], float]:
    def run(_: int) -> float:
        started = time.perf_counter()
        way()
        return time.perf_counter() - started

    return run


def main() -> None:
    with subjects() as some:
        for subject, rows in zip(some, (64, 32), strict=False):
            record(measure(subject, mixed(64), "mixed prompts", share=False))
            record(measure(subject, alike(rows), "shared few-shot prefix", share=True))


if __name__ == "__main__":
    main()
