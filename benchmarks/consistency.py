"""Self-consistency: eight answers drawn for one long prompt, which the engine reads once, against `num_return_sequences=8`.

The two draw from different generators, so what is drawn differs; all answers are equally long. That the engine draws right is checked first:
its greedy answers are `generate`'s, and each drawn one is what torch draws, with that seed, from the model's own scores.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from ours import Ours
from peers import Peer
from results import Line, alternate, ratio, spell
from workload import Subject, measured, prompts

from promptune.core.prompt import Prompt

SAMPLES, TOKENS, ROUNDS = 8, 64, 7
HEAT = 0.7
DRAWN = {"do_sample": True, "temperature": HEAT, "top_k": 0, "top_p": 1.0}


def question(row: int) -> Prompt:
    return prompts("arithmetic", "few-shot:11", [row])[0]


def measure(subject: Subject, rounds: int = ROUNDS) -> list[Line]:
    ours, peer = Ours(subject.device), Peer(subject)
    weights, limits = [subject.base] * SAMPLES, [TOKENS] * SAMPLES

    def own(row: int) -> float:
        ours.forget(subject.base)
        return ours.answer([question(row)] * SAMPLES, weights, limits, temperature=HEAT, seed=SAMPLES * row).seconds

    def forked(row: int) -> float:
        started, prompt = time.perf_counter(), question(row)
        peer.batch([prompt] * SAMPLES, limits, before=peer.read(peer.ids(prompt)[:-1]), **DRAWN)
        return time.perf_counter() - started

    ways: dict[str, Callable[[int], float]] = {
        "ours": own,
        "theirs": lambda row: peer.batch([question(row)], [TOKENS], num_return_sequences=SAMPLES, **DRAWN).seconds,
        "forked": forked,
    }
    try:
        check(subject, ours, peer)
        found = alternate(ways, rounds)
    finally:
        ours.engine.close()
    return [
        Line(
            f"self-consistency, {SAMPLES} samples, {subject.name}",
            f"`generate`, `num_return_sequences={SAMPLES}`: {spell(found['theirs'])}",
            spell(found["ours"]),
            ratio(found["theirs"], found["ours"]),
            f"a prompt of {len(peer.ids(question(0)))} tokens and answers of {TOKENS}; "
            f"tuned peer, its cache filled once and repeated: {ratio(found['forked'], found['ours']):.2f}×",
        )
    ]


def check(subject: Subject, ours: Ours, peer: Peer) -> None:
    if subject.dtype != torch.float32:
        return
    prompt, weights, limits = question(400), [subject.base] * SAMPLES, [TOKENS] * SAMPLES
    assert set(ours.answer([prompt] * SAMPLES, weights, limits).texts) == set(peer.batch([prompt], [TOKENS]).texts)
    told = ours.answer([prompt] * SAMPLES, weights, limits, temperature=HEAT, seed=5).texts
    assert told[:2] == [drawn(peer, prompt, seed) for seed in (5, 6)] and len(set(told)) > 1


@torch.inference_mode()
def drawn(peer: Peer, prompt: Prompt, seed: int) -> str:
    random, ids, new = torch.Generator().manual_seed(seed), peer.ids(prompt), []
    cache = peer.read(ids[:-1])
    for _ in range(TOKENS):
        scores = peer.model(input_ids=peer.tensor([[(ids + new)[-1]]]), past_key_values=cache).logits[0, -1]
        new.append(int(torch.multinomial(torch.softmax(scores / HEAT, dim=-1), 1, generator=random)))
    return peer.text(new)


if __name__ == "__main__":
    measured(measure)
