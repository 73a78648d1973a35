"""Scoring given text with a model: log-probabilities of completions, and how far two models' predictions differ."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from promptune.core.prompt import SentPrompt
from promptune.engines.local_models import Loaded, check_vocabulary
from promptune.engines.protocol import Chance, Divergence, Logprob
from promptune.errors import EngineError

OTHERS = 3  # tokens that are told beside the one that came


def logprobs(loaded: Loaded, sent: SentPrompt, completions: Sequence[str]) -> list[Logprob]:
    return [_logprob(loaded, sent, loaded.ids(completion, special=False)) for completion in completions]


@torch.inference_mode()
def _logprob(loaded: Loaded, sent: SentPrompt, completion: tuple[int, ...]) -> Logprob:
    if not completion:
        return Logprob(0.0, 0)
    device = loaded.model.device
    target = torch.tensor(completion, device=device)
    if loaded.seq2seq:
        logits = loaded.model(input_ids=torch.tensor([sent.ids], device=device), labels=target.unsqueeze(0)).logits[0]
    else:
        _need_room(loaded, sent.tokens + len(completion))
        ids = torch.tensor([[*sent.ids, *completion]], device=device)
        logits = loaded.model(input_ids=ids).logits[0, -len(completion) - 1 : -1]  # each token is predicted one place before it
    _need_numbers(logits)
    chosen = torch.log_softmax(logits.float(), dim=-1).gather(1, target.unsqueeze(1))
    return Logprob(float(chosen.sum()), len(completion))


@torch.inference_mode()
def chances(loaded: Loaded, ids: Sequence[int], text: str) -> list[Chance]:
    answer = loaded.ids(text, special=False)
    if not answer:
        return []
    device = loaded.model.device
    if loaded.seq2seq:
        logits = loaded.model(input_ids=torch.tensor([[*ids]], device=device), labels=torch.tensor([answer], device=device)).logits[0]
    else:
        _need_room(loaded, len(ids) + len(answer))
        logits = loaded.model(input_ids=torch.tensor([[*ids, *answer]], device=device)).logits[0, -len(answer) - 1 : -1]
    _need_numbers(logits)
    sure = torch.softmax(logits.float(), dim=-1).cpu()  # (answer, vocabulary)
    best = sure.topk(min(OTHERS, sure.shape[-1]), dim=-1)
    return [
        Chance(_piece(loaded, [token]), float(row[token]), tuple((_piece(loaded, [other]), chance) for other, chance in zip(tokens, values, strict=True)))
        for token, row, tokens, values in zip(answer, sure, best.indices.tolist(), best.values.tolist(), strict=True)
    ]


def _piece(loaded: Loaded, ids: list[int]) -> str:
    return str(loaded.tokenizer.decode(ids, clean_up_tokenization_spaces=False))


def divergence(first: Loaded, second: Loaded, texts: Sequence[str]) -> list[Divergence]:
    if first.seq2seq or second.seq2seq:
        raise EngineError("a sequence-to-sequence model has no next-token distribution on plain text.", todo="Compare two causal models.")
    check_vocabulary(first, second)
    return [_differ(first, second, text) for text in texts]


@torch.inference_mode()
def _differ(first: Loaded, second: Loaded, text: str) -> Divergence:
    ids = first.ids(text, special=True)
    if len(ids) < 2:
        return Divergence(0, 0.0, 0.0, 0.0)
    for loaded in (first, second):
        _need_room(loaded, len(ids))
    p, q = _predictions(first, ids), _predictions(second, ids)  # (tokens - 1, vocabulary), log
    target = torch.tensor(ids[1:]).unsqueeze(1)
    return Divergence(
        tokens=len(ids) - 1,
        kl=float((p.exp() * (p - q)).sum(dim=-1).mean()),
        first_cross_entropy=float(-p.gather(1, target).mean()),
        second_cross_entropy=float(-q.gather(1, target).mean()),
    )


def _predictions(loaded: Loaded, ids: tuple[int, ...]) -> torch.Tensor:
    logits = loaded.model(input_ids=torch.tensor([ids], device=loaded.model.device)).logits[0, -len(ids) : -1]
    _need_numbers(logits)
    return torch.log_softmax(logits[:, : len(loaded.tokenizer)].float(), dim=-1).cpu()  # some models have more rows than tokens


def _need_numbers(logits: torch.Tensor) -> None:
    if bool(logits.isnan().any()):
        raise EngineError("the model's predictions are not numbers: its weights are damaged.", todo="Copy the model again, or try another one.")


def _need_room(loaded: Loaded, tokens: int) -> None:
    if tokens > loaded.window:
        raise EngineError(f"the text has {tokens} tokens, and the model's window is {loaded.window}.", todo="Shorten it.")
