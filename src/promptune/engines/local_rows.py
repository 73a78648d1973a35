"""One answer on its way: which token comes next, what its text is by now, and when it ends.

A row draws only from its own seeded generator, so what shares its batch cannot change it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from transformers import GenerationConfig
from transformers.generation import logits_process as rules

from promptune.core.generation import FinishReason, Generation
from promptune.core.prompt import SentPrompt
from promptune.engines.growing import TORN, GrowingText
from promptune.engines.local_failures import failed
from promptune.engines.local_models import Loaded
from promptune.engines.protocol import Delta, Event, Finished, Request
from promptune.errors import EngineError

PACE = 0.03  # seconds between two deltas of a row: quicker than eyes, and far fewer messages than a small model's tokens
Emit = Callable[[Event], None]


@dataclass(eq=False)
class Row:
    request: Request
    sent: SentPrompt
    limit: int  # new tokens
    loaded: Loaded  # the model as this row's weights have it: with their tokenizer
    emit: Emit
    random: torch.Generator
    started: float
    text: GrowingText
    rules: Sequence[rules.LogitsProcessor]
    ids: list[int] = field(default_factory=list)  # of the answer
    shown: str = ""
    told: float = -math.inf  # when the last delta went
    first: float | None = None
    ended: bool = False

    def ruled(self, scores: torch.Tensor) -> torch.Tensor:
        """scores: (vocabulary), as the model's own rules leave them."""
        so_far = torch.tensor([[*self.sent.ids, *self.ids]], device=scores.device)
        scores = scores.unsqueeze(0).clone()
        for rule in self.rules:
            scores = rule(so_far, scores)
        return scores[0]

    def take(self, token: int) -> None:
        now = time.monotonic()
        self.first = self.first or now - self.started
        if token in self.loaded.ends:
            return self.finish("stop")
        self.ids.append(token)
        if len(self.ids) >= self.limit:
            return self.finish("stop" if self._stopped() else "length")
        if not self.request.stop and now - self.told < PACE:
            return None
        if self._stopped():
            return self.finish("stop")
        settled = _settled(self.text.of(self.ids), self.request.stop)
        if now - self.told >= PACE and len(settled) > len(self.shown) and settled.startswith(self.shown):
            self.emit(Delta(self.request.id, settled[len(self.shown) :], len(self.ids)))
            self.shown, self.told = settled, now

    def finish(self, reason: FinishReason) -> None:
        text = self.loaded.text(self.ids)
        ends = [at for stop in self.request.stop if (at := text.find(stop)) >= 0]
        generation = Generation(
            prompt=self.sent,
            text=text[: min(ends)] if ends else text,
            completion_tokens=len(self.ids),
            first_token_seconds=self.first,
            seconds=time.monotonic() - self.started,
            finish_reason=reason,
            weights=self.request.weights.name,
            seed=self.request.seed,
        )
        self.ended = True
        self.emit(Finished(self.request.id, generation))

    def fail(self, error: Exception) -> None:
        if not self.ended:
            self.ended = True
            self.emit(failed(self.request.id, error))

    def _stopped(self) -> bool:
        text = self.text.of(self.ids) if self.request.stop else ""
        return any(stop in text for stop in self.request.stop)


def row(request: Request, sent: SentPrompt, loaded: Loaded, emit: Emit, *, ruled: bool) -> Row:
    """`ruled`: the model's own rules of its language are the row's to keep, not `generate`'s."""
    random = torch.Generator().manual_seed(request.seed)
    limit = min(request.max_tokens, _room(loaded, sent.tokens))
    own = tuple(_rules(loaded.model.generation_config, sent.tokens)) if ruled else ()
    return Row(request, sent, limit, loaded, emit, random, time.monotonic(), GrowingText(loaded.text), own)


def unread(request: Request) -> Generation:
    """Of a request that was stopped before there was a model to read it."""
    return Generation(SentPrompt("", (), (), 0), "", 0, None, 0.0, "cancelled", request.weights.name, request.seed)


def _room(loaded: Loaded, tokens: int) -> int:
    """New tokens that fit behind a prompt that fits; an encoder-decoder writes into a window of its own."""
    if tokens == 0:
        raise EngineError("nothing is left of the question: the model would read an empty prompt.", todo="Write something to ask.")
    return loaded.window if loaded.seq2seq else loaded.window - tokens


def _rules(config: GenerationConfig, tokens: int) -> list[rules.LogitsProcessor]:
    """What a model's own generation settings say of its language: local_models.OWN."""
    found: list[rules.LogitsProcessor] = []
    if (penalty := getattr(config, "repetition_penalty", None)) not in (None, 1.0):
        found.append(rules.RepetitionPenaltyLogitsProcessor(penalty=float(penalty)))
    if size := getattr(config, "no_repeat_ngram_size", None):
        found.append(rules.NoRepeatNGramLogitsProcessor(int(size)))
    if words := getattr(config, "bad_words_ids", None):
        found.append(rules.NoBadWordsLogitsProcessor(words, eos_token_id=config.eos_token_id))
    if never := getattr(config, "suppress_tokens", None):
        found.append(rules.SuppressTokensLogitsProcessor(never))
    if first := getattr(config, "begin_suppress_tokens", None):
        found.append(rules.SuppressTokensAtBeginLogitsProcessor(first, begin_index=tokens))
    return found


def choose(scores: torch.Tensor, rows: Sequence[Row]) -> list[int]:
    """scores: (rows, vocabulary). Each row's next token: the likeliest, or a drawn one where its request has a temperature."""
    if any(row.rules for row in rows):
        scores = torch.stack([row.ruled(one) if row.rules else one for row, one in zip(rows, scores, strict=True)])
    tokens: list[int] = scores.argmax(dim=-1).tolist()
    drawing = [i for i, row in enumerate(rows) if row.request.temperature > 0]
    for i, token in zip(drawing, _drawn(scores[drawing], [rows[i] for i in drawing]), strict=True):
        tokens[i] = token
    return tokens


def _drawn(scores: torch.Tensor, rows: Sequence[Row]) -> list[int]:
    """scores: (rows, vocabulary). Drawn on the CPU in fp32: the same seed gives the same token on every device. What is likeliest after each
    probability was divided by an exponential draw of the row's own is what `torch.multinomial` draws."""
    if not rows:
        return []
    heat = torch.tensor([row.request.temperature for row in rows]).unsqueeze(1)
    probabilities = torch.softmax(scores.float().cpu() / heat, dim=-1)
    for row, one in zip(rows, probabilities, strict=True):
        if row.request.top_p < 1:
            ordered, order = one.sort(descending=True)
            beyond = ordered.cumsum(dim=-1) - ordered >= row.request.top_p  # the first one always stays
            one[order[beyond]] = 0.0
    draws = torch.stack([torch.empty_like(one).exponential_(1.0, generator=row.random) for row, one in zip(rows, probabilities, strict=True)])
    drawn: list[int] = probabilities.div_(draws).argmax(dim=-1).tolist()
    return drawn


def need_numbers(top: float) -> None:
    """The likeliest prediction: one NaN among them is on top."""
    if not math.isfinite(top):
        raise damaged()


def damaged() -> EngineError:
    return EngineError("the model's predictions are not numbers: its weights are damaged.", todo="Copy the model again, or try another one.")


def _settled(text: str, stops: Sequence[str]) -> str:
    """The part of a text that later tokens cannot change: no torn character, no beginning of a stop text."""
    text = text.rstrip(TORN)
    held = max((n for stop in stops for n in range(1, len(stop)) if text.endswith(stop[:n])), default=0)
    return text[: len(text) - held]
