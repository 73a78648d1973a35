"""Scoring given text with a model: how likely completions are, token by token, and how far two models' predictions differ.

In a batch a prompt is read once, through what is known of it, for all completions that are scored behind it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from promptune.engines.local_alone import Alone
from promptune.engines.local_batch import Batch
from promptune.engines.local_models import check_vocabulary
from promptune.engines.local_rows import damaged
from promptune.engines.local_shelf import Voice
from promptune.engines.protocol import Chance, Divergence, Logprob
from promptune.errors import EngineError

OTHERS = 3  # tokens that are told beside the one that came
AT_ONCE = 32  # completions in one forward pass


def logprobs(voice: Voice, ids: Sequence[int], completions: Sequence[str]) -> list[Logprob]:
    coded = [voice.loaded.ids(completion, special=False) for completion in completions]
    predicted = _behind(voice, ids, coded)
    return [
        Logprob(float(torch.log_softmax(logits.float(), dim=-1).gather(1, torch.tensor(tokens, device=logits.device).unsqueeze(1)).sum()), len(tokens))
        if tokens
        else Logprob(0.0, 0)
        for logits, tokens in zip(predicted, coded, strict=True)
    ]


def chances(voice: Voice, ids: Sequence[int], text: str) -> list[Chance]:
    answer = voice.loaded.ids(text, special=False)
    if not answer:
        return []
    [logits] = _behind(voice, ids, [answer])
    sure = torch.softmax(logits.float(), dim=-1).cpu()  # (answer, vocabulary)
    best = sure.topk(min(OTHERS, sure.shape[-1]), dim=-1)
    return [
        Chance(_piece(voice, token), float(row[token]), tuple((_piece(voice, other), chance) for other, chance in zip(tokens, values, strict=True)))
        for token, row, tokens, values in zip(answer, sure, best.indices.tolist(), best.values.tolist(), strict=True)
    ]


def divergence(first: Voice, second: Voice, texts: Sequence[str]) -> list[Divergence]:
    if first.loaded.seq2seq or second.loaded.seq2seq:
        raise EngineError("a sequence-to-sequence model has no next-token distribution on plain text.", todo="Compare two causal models.")
    check_vocabulary(first.loaded, second.loaded)
    return [_differ(first, second, text) for text in texts]


def _differ(first: Voice, second: Voice, text: str) -> Divergence:
    ids = first.loaded.ids(text, special=True)
    if len(ids) < 2:
        return Divergence(0, 0.0, 0.0, 0.0)
    p, q = _predictions(first, ids), _predictions(second, ids)  # (tokens - 1, vocabulary), log
    target = torch.tensor(ids[1:]).unsqueeze(1)
    return Divergence(
        tokens=len(ids) - 1,
        kl=float((p.exp() * (p - q)).sum(dim=-1).mean()),
        first_cross_entropy=float(-p.gather(1, target).mean()),
        second_cross_entropy=float(-q.gather(1, target).mean()),
    )


def _predictions(voice: Voice, ids: tuple[int, ...]) -> Tensor:
    [logits] = _behind(voice, ids[:1], [ids[1:]])
    return torch.log_softmax(logits[:, : len(voice.loaded.tokenizer)].float(), dim=-1).cpu()  # some models have more rows than tokens


def _behind(voice: Voice, ids: Sequence[int], answers: Sequence[Sequence[int]]) -> list[Tensor]:
    """The predictions of every token of every answer, as it stands behind the prompt: for each (answer, vocabulary)."""
    if not ids:
        raise EngineError("nothing is left of the question: the model would read an empty prompt.", todo="Write something to ask.")
    longest = max(map(len, answers), default=0)
    if not voice.loaded.seq2seq:
        _need_room(voice, len(ids) + longest)
    runner = voice.runner
    found: list[Tensor] = runner.run(lambda: _alone(voice, ids, answers) if isinstance(runner, Alone) else _shared(voice, runner, ids, answers))
    for logits in found:
        if bool(logits.isnan().any()):
            raise damaged()
    return found


@torch.inference_mode()
def _shared(voice: Voice, batch: Batch, ids: Sequence[int], answers: Sequence[Sequence[int]]) -> list[Tensor]:
    kept, first = batch.known(ids, voice.mix)  # first: (vocabulary)
    found: list[Tensor] = []
    slots = batch.scratch()
    for start in range(0, len(answers), AT_ONCE):
        some = answers[start : start + AT_ONCE]
        rest = [list(answer[:-1]) or [0] for answer in some]  # each token is predicted one place before it
        if max(map(len, some)) < 2:
            found += [first.unsqueeze(0)[: len(answer)] for answer in some]
            continue
        slots.reserve(len(some), len(ids) + max(map(len, rest)))
        for slot in range(len(some)):
            slots.write(slot, kept, len(ids))
        logits = batch.reader.read_all(slots, 0, rest, [len(ids)] * len(some), [voice.mix] * len(some))
        if not bool(logits.isfinite().all()):
            slots.clear()
        found += [torch.cat([first.unsqueeze(0), row[: max(0, len(answer) - 1)]])[: len(answer)] for row, answer in zip(logits, some, strict=True)]
    return found


@torch.inference_mode()
def _alone(voice: Voice, ids: Sequence[int], answers: Sequence[Sequence[int]]) -> list[Tensor]:
    loaded, found = voice.loaded, []
    device = loaded.model.device
    for answer in answers:
        if not answer:
            found.append(torch.zeros((0, 1), device=device))
        elif loaded.seq2seq:
            found.append(loaded.model(input_ids=torch.tensor([[*ids]], device=device), labels=torch.tensor([[*answer]], device=device)).logits[0])
        else:
            found.append(loaded.model(input_ids=torch.tensor([[*ids, *answer]], device=device)).logits[0, -len(answer) - 1 : -1])
    return found


def _piece(voice: Voice, token: int) -> str:
    return str(voice.loaded.tokenizer.decode([token], clean_up_tokenization_spaces=False))


def _need_room(voice: Voice, tokens: int) -> None:
    if tokens > voice.loaded.window:
        raise EngineError(f"the text has {tokens} tokens, and the model's window is {voice.loaded.window}.", todo="Shorten it.")
