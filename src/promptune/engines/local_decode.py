"""One batch of generation: `generate` runs the model, and every row's next token is chosen here.

Choosing in a logits processor gives each row its own temperature, seed, length and stop texts inside one batch, and
every architecture that `generate` knows. A row draws only from its own seeded generator, so what shares its batch
cannot change it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from promptune.core.generation import FinishReason, Generation
from promptune.core.prompt import SentPrompt
from promptune.engines.growing import TORN, GrowingText
from promptune.engines.local_models import Loaded
from promptune.engines.protocol import Delta, Event, Finished, Request
from promptune.errors import EngineError

PACE = 0.03  # seconds between two deltas of a row: quicker than eyes, and far fewer messages than a small model's tokens


@dataclass
class Row:
    request: Request
    sent: SentPrompt
    limit: int  # new tokens
    random: torch.Generator
    started: float
    text: GrowingText
    ids: list[int] = field(default_factory=list)
    shown: str = ""
    told: float = -math.inf  # when the last delta went
    first: float | None = None
    reason: FinishReason | None = None


def row(request: Request, sent: SentPrompt, room: int, loaded: Loaded) -> Row:
    random = torch.Generator().manual_seed(request.seed)
    return Row(request, sent, min(request.max_tokens, room), random, time.monotonic(), GrowingText(loaded.text))


def fitting(rows: Sequence[Row], loaded: Loaded) -> list[list[Row]]:
    """Rows that can share a batch. A batch runs until its longest answer ends, and no row may be carried past the window:
    positions that a model never learned can fail. An encoder-decoder writes into a window of its own."""
    if loaded.turn is not None:
        return [[row] for row in rows]
    batches: list[list[Row]] = []
    for row in rows:
        for batch in batches:
            both = [*batch, row]
            if loaded.seq2seq or max(one.sent.tokens for one in both) + max(one.limit for one in both) <= loaded.window:
                batch.append(row)
                break
        else:
            batches.append([row])
    return batches


def decode(loaded: Loaded, rows: Sequence[Row], cancelled: Callable[[str], bool], emit: Callable[[Event], None]) -> None:
    """Every row ends in one Finished event, or all that did not in the error that is raised."""
    batch = loaded.tokenizer.pad({"input_ids": [list(row.sent.ids) for row in rows]}, return_tensors="pt").to(loaded.model.device)
    chooser = _Chooser(loaded, rows, cancelled, emit)
    with torch.inference_mode():
        loaded.model.generate(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            max_new_tokens=max(row.limit for row in rows),
            logits_processor=[chooser],
            stopping_criteria=[chooser.finished],
        )
    if any(row.reason is None for row in rows):
        raise EngineError("the model ended before its answer did.", todo="Ask again; if it happens again, try another model.")


class _Chooser:
    def __init__(self, loaded: Loaded, rows: Sequence[Row], cancelled: Callable[[str], bool], emit: Callable[[Event], None]) -> None:
        self.loaded, self.rows, self.cancelled, self.emit = loaded, rows, cancelled, emit
        self.ends = _end_ids(loaded)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """scores: (rows, vocabulary). Back they come with each row's token on top, where `generate` then looks; a greedy row's is there already."""
        best = scores.argmax(dim=-1, keepdim=True)
        tokens, tops = best.flatten().tolist(), scores.gather(1, best).flatten().tolist()
        for i, row in enumerate(self.rows):
            if row.reason is not None:
                continue
            if not math.isfinite(tops[i]):  # one NaN among them is on top
                raise EngineError("the model's predictions are not numbers: its weights are damaged.", todo="Copy the model again, or try another one.")
            if row.request.temperature > 0:
                tokens[i] = _sample(scores[i], row)
                scores[i, tokens[i]] = torch.inf
            self._take(row, tokens[i])
        return scores

    def finished(self, input_ids: torch.Tensor, scores: torch.Tensor, **_: Any) -> torch.Tensor:
        return torch.tensor([row.reason is not None for row in self.rows], device=input_ids.device)

    def _take(self, row: Row, token: int) -> None:
        now = time.monotonic()
        row.first = row.first or now - row.started
        if self.cancelled(row.request.id):
            return self._finish(row, "cancelled")
        if token in self.ends:
            return self._finish(row, "stop")
        row.ids.append(token)
        text = row.text.of(row.ids)
        if any(stop in text for stop in row.request.stop):
            return self._finish(row, "stop")
        if len(row.ids) >= row.limit:
            return self._finish(row, "length")
        settled = _settled(text, row.request.stop)
        if now - row.told >= PACE and len(settled) > len(row.shown) and settled.startswith(row.shown):
            self.emit(Delta(row.request.id, settled[len(row.shown) :], len(row.ids)))
            row.shown, row.told = settled, now

    def _finish(self, row: Row, reason: FinishReason) -> None:
        row.reason = reason
        text = self.loaded.text(row.ids)
        ends = [at for stop in row.request.stop if (at := text.find(stop)) >= 0]
        self.emit(
            Finished(
                row.request.id,
                Generation(
                    prompt=row.sent,
                    text=text[: min(ends)] if ends else text,
                    completion_tokens=len(row.ids),
                    first_token_seconds=row.first,
                    seconds=time.monotonic() - row.started,
                    finish_reason=reason,
                    weights=row.request.weights.name,
                    seed=row.request.seed,
                ),
            )
        )


def _sample(scores: torch.Tensor, row: Row) -> int:
    """scores: (vocabulary). Drawn on the CPU in fp32: the same seed gives the same token on every device."""
    probabilities = torch.softmax(scores.float().cpu() / row.request.temperature, dim=-1)
    if row.request.top_p < 1:
        ordered, order = probabilities.sort(descending=True)
        beyond = ordered.cumsum(dim=-1) - ordered >= row.request.top_p  # the first one always stays
        probabilities[order[beyond]] = 0.0
    return int(torch.multinomial(probabilities, 1, generator=row.random))


def _settled(text: str, stops: Sequence[str]) -> str:
    """The part of a text that later tokens cannot change: no torn character, no beginning of a stop text."""
    text = text.rstrip(TORN)
    held = max((n for stop in stops for n in range(1, len(stop)) if text.endswith(stop[:n])), default=0)
    return text[: len(text) - held]


def _end_ids(loaded: Loaded) -> set[int]:
    ends = loaded.model.generation_config.eos_token_id
    ids = set(ends) if isinstance(ends, list) else {ends}
    return {int(id) for id in (*ids, loaded.tokenizer.eos_token_id) if id is not None}
