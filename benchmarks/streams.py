"""Six panes on one question: three strategies on a model and on what was tuned from it, against Hugging Face's ways to do that.

Every question is new; of few-shot's examples the engine knows the keys and values from the question before, as it does in the app.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from ours import Answered, Ours
from peers import PLAIN, TUNED, Peer
from results import Line, alternate, ratio, spell
from workload import Subject, measured, prompts

from promptune.core.prompt import Prompt

TASK, STRATEGIES = "dialogues", ("zero-shot", "few-shot:4", "cot")
TOKENS, ROUNDS = 64, 5
WITH = [False] * 3 + [True] * 3  # the adapter


def panes(row: int) -> list[Prompt]:
    return [prompts(TASK, strategy, [row])[0] for strategy in STRATEGIES] * 2


def measure(subject: Subject, rounds: int = ROUNDS) -> list[Line]:
    ours, peer, plain, merged = Ours(subject.device), Peer(subject, adapter=True), Peer(subject), Peer(subject, merged=True)
    weights = [subject.tuned if tuned else subject.base for tuned in WITH]
    names, limits = [TUNED if tuned else PLAIN for tuned in WITH], [TOKENS] * 6

    def one_batch(row: int) -> Answered:
        peer.model.set_adapter(TUNED)
        return peer.batch(panes(row), limits, adapter_names=names)

    def two_models(row: int) -> Answered:
        first, second = plain.batch(panes(row)[:3], limits[:3]), merged.batch(panes(row)[3:], limits[3:])
        return Answered(first.texts + second.texts, first.seconds + second.seconds, first.firsts + [first.seconds + one for one in second.firsts])

    ways: dict[str, Callable[[int], Answered]] = {
        "ours": lambda row: ours.answer(panes(row), weights, limits),
        "sequence": lambda row: peer.one_by_one(panes(row), WITH, TOKENS),
        "batch": one_batch,
        "two": two_models,
    }
    try:
        ours.answer(panes(rounds), weights, limits)  # loaded, and few-shot's examples read
        told = {name: way(rounds + 1).texts for name, way in ways.items()}
        assert len(set(told["ours"])) > 3, "strategies and adapter make a difference"
        same(subject, told)
        found = alternate(ways, rounds)
        alone = alternate({"six": lambda row: peer.one_by_one(panes(row), WITH, 1).seconds}, rounds)["six"]
    finally:
        ours.engine.close()
    return lines(subject, found, alone)


def same(subject: Subject, told: dict[str, list[str]]) -> None:
    """In fp32 every way gives the same texts; in bf16 near ties fall differently, and it is said how many do."""
    for name, texts in told.items():
        differ = [(own, their) for own, their in zip(told["ours"], texts, strict=True) if own != their]
        if str(subject.dtype) == "torch.float32":
            assert not differ, (subject.name, name, differ[0])
        elif differ:
            print(f"{subject.name}, {name}: {len(differ)} of {len(texts)} answers differ from ours in {subject.dtype}")


def lines(subject: Subject, found: dict[str, list[Answered]], alone: Sequence[float]) -> list[Line]:
    took = {name: [made.seconds for made in some] for name, some in found.items()}
    first = {name: [statistics.mean(made.firsts) for made in some] for name, some in found.items()}
    all_there = [max(made.firsts) for made in found["ours"]]
    peer = f"tuned peer: two copies of the model, one with the adapter merged, three panes a batch: {ratio(took['two'], took['ours']):.2f}×"
    waits = "one after the other a pane waits for the whole answers before it; "
    return [
        Line(
            f"six panes, one question, {subject.name}",
            f"`generate` one after the other, PEFT's adapter switched: {spell(took['sequence'])}",
            spell(took["ours"]),
            ratio(took["sequence"], took["ours"]),
            f"answers of {TOKENS} tokens each, the few-shot examples known from the question before; {peer}",
        ),
        Line(
            f"six panes, one question, one batch, {subject.name}",
            f"one `generate` batch with `adapter_names`: {spell(took['batch'])}",
            spell(took["ours"]),
            ratio(took["batch"], took["ours"]),
            f"the same answers; {peer}",
        ),
        Line(
            f"time to first token, mean of six panes, {subject.name}",
            f"`generate` one after the other: {spell(first['sequence'])}",
            spell(first["ours"]),
            ratio(first["sequence"], first["ours"]),
            f"{waits}six first tokens alone, without the answers, against all of ours: {ratio(alone, all_there):.2f}×; "
            f"one `adapter_names` batch: {ratio(first['batch'], first['ours']):.2f}×",
        ),
    ]


if __name__ == "__main__":
    measured(measure)
