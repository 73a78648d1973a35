"""How likely each of four choices is behind one prompt: the prompt read once for all of them, against one forward pass for each."""

from __future__ import annotations

from collections.abc import Callable

import torch
from evaluation import timed
from ours import Ours
from peers import Peer
from results import Line, alternate, ratio, spell
from workload import Subject, measured, prompts

from promptune.core.prompt import Prompt

CHOICES = (" positive", " negative", " neither of the two", " it is hard to say")
QUESTIONS, ROUNDS = 4, 7
CLOSE = 1e-3  # nats


def questions() -> list[Prompt]:
    """Of different examples, so that nothing of one is known from another."""
    return [prompts("reviews", f"few-shot:6,seed={seed}", [seed])[0] for seed in range(QUESTIONS)]


def measure(subject: Subject, rounds: int = ROUNDS) -> list[Line]:
    ours, peer, asked = Ours(subject.device), Peer(subject), questions()
    coded = [peer.tokenizer(choice, add_special_tokens=False)["input_ids"] for choice in CHOICES]

    def own() -> list[float]:
        ours.forget(subject.base)
        return [one.total for prompt in asked for one in ours.engine.logprobs(subject.base, prompt, CHOICES)]

    @torch.inference_mode()
    def each() -> list[float]:
        return [
            total(peer, peer.model(input_ids=peer.tensor([[*ids, *choice]])).logits[0, -len(choice) - 1 :], choice)
            for ids in map(peer.ids, asked)
            for choice in coded
        ]

    @torch.inference_mode()
    def together() -> list[float]:
        found, width = [], max(map(len, coded))
        for ids in map(peer.ids, asked):
            rows = [[ids[-1], *choice[:-1], *[0] * (width - len(choice))] for choice in coded]
            logits = peer.model(input_ids=peer.tensor(rows), past_key_values=peer.spread(peer.read(ids[:-1]), len(rows))).logits
            found += [total(peer, row, choice) for row, choice in zip(logits, coded, strict=True)]
        return found

    ways: dict[str, Callable[[], list[float]]] = {"ours": own, "each": each, "together": together}
    try:
        told = {name: way() for name, way in ways.items()}
        for totals in told.values():
            if subject.dtype == torch.float32:
                assert max(abs(a - b) for a, b in zip(told["ours"], totals, strict=True)) < CLOSE, told
        found = alternate({name: timed(way) for name, way in ways.items()}, rounds)
    finally:
        ours.engine.close()
    per = {name: [seconds / QUESTIONS for seconds in some] for name, some in found.items()}
    return [
        Line(
            f"four choices ranked, {subject.name}",
            f"one forward pass for each: {spell(per['each'])}",
            spell(per["ours"]),
            ratio(per["each"], per["ours"]),
            f"behind prompts of about {len(peer.ids(asked[0]))} tokens, nothing known of them; "
            f"tuned peer, the prompt's cache repeated for one padded batch: {ratio(per['together'], per['ours']):.2f}×",
        )
    ]


def total(peer: Peer, logits: torch.Tensor, choice: list[int]) -> float:
    scores = torch.log_softmax(logits[: len(choice)].float(), dim=-1)
    return float(scores.gather(1, peer.tensor([choice]).T).sum())


if __name__ == "__main__":
    measured(measure)
