"""A deterministic engine without torch, in which a word is a token: most tests run on it.

It answers `You asked: <question>`; with a temperature, the words of that shuffled by the seed. Directives in a question
make it slow, long, or fail on request:

    [delay=0.05] seconds a token (at most 0.5)   [tokens=40] length    [long] 2000 tokens
    [fail] an error after 3 tokens    [oom] out of memory    [die] kills its own process after 3 tokens
"""

from __future__ import annotations

import math
import os
import random
import re
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from promptune.core.generation import FinishReason, Generation
from promptune.core.prompt import Prompt, PromptPart, SentPart, SentPrompt
from promptune.engines import overflow
from promptune.engines.protocol import Capabilities, Chance, Delta, Divergence, Event, Failed, Finished, Logprob, Request, Sent, Weights

WINDOW = 4096
WORD = re.compile(r"\s*\S+\s*$|\s*\S+|\s+")
DIRECTIVE = re.compile(r"\[(delay|tokens)=([0-9.]+)\]|\[(fail|oom|die|long)\]")


def words(text: str) -> list[str]:
    """A text as tokens: words with the white space before them, joining to the text exactly."""
    return WORD.findall(text)


@dataclass
class _Row:
    """One request on its way."""

    request: Request
    sent: SentPrompt
    script: list[str]
    delay: float
    fault: str
    started: float = field(default_factory=time.monotonic)
    said: list[str] = field(default_factory=list)
    first: float | None = None

    @property
    def text(self) -> str:
        return "".join(self.said)

    def finish(self, reason: FinishReason) -> Finished:
        text = self.text
        cuts = [at for stop in self.request.stop if (at := text.find(stop)) >= 0]
        generation = Generation(
            prompt=self.sent,
            text=text[: min(cuts)] if cuts else text,
            completion_tokens=len(self.said),
            first_token_seconds=self.first,
            seconds=time.monotonic() - self.started,
            finish_reason="stop" if cuts else reason,
            weights=self.request.weights.name,
            seed=self.request.seed,
        )
        return Finished(self.request.id, generation)


class Scripted:
    def __init__(self) -> None:
        self._cancelled: set[str] = set()
        self._lock = threading.Lock()

    def stream(self, requests: Sequence[Request]) -> Iterator[Event]:
        rows: list[_Row] = []
        try:
            for request in requests:
                row = _row(request)
                if refused := overflow.refusal(request, row.sent):
                    yield refused
                    continue
                rows.append(row)
                yield Sent(row.request.id, row.sent, row.request.weights.name)
            while rows:
                time.sleep(max(row.delay for row in rows))
                for row in list(rows):
                    event = self._step(row)
                    yield event
                    if not isinstance(event, Delta):
                        rows.remove(row)
        finally:
            with self._lock:
                self._cancelled -= {request.id for request in requests}

    def _step(self, row: _Row) -> Event:
        request = row.request
        if request.id in self._cancelled:
            return row.finish("cancelled")
        if row.fault and len(row.said) >= 3:
            return _fail(row)
        if len(row.said) >= len(row.script):
            return row.finish("stop")
        if len(row.said) >= request.max_tokens:
            return row.finish("length")
        token = row.script[len(row.said)]
        row.said.append(token)
        row.first = row.first or time.monotonic() - row.started
        if any(stop in row.text for stop in request.stop):
            return row.finish("stop")
        return Delta(request.id, token, len(row.said))

    def cancel(self, ids: Sequence[str]) -> None:
        with self._lock:
            self._cancelled |= set(ids)

    def device(self) -> tuple[str, int]:
        return "scripted", 0

    def capabilities(self, weights: Weights) -> Capabilities:
        return Capabilities(window=WINDOW, chat_template=True, logprobs=True, divergence=True, exact_counts=True)

    def logprobs(self, weights: Weights, prompt: Prompt, completions: Sequence[str]) -> list[Logprob]:
        """Every word of the completion that the prompt holds is twice as likely as one it does not."""
        known = set(prompt.messages[-1].content.split())
        return [Logprob(sum(math.log(0.5 if word.strip() in known else 0.25) for word in words(text)), len(words(text))) for text in completions]

    def chances(self, weights: Weights, ids: Sequence[int], text: str) -> list[Chance]:
        """The longer a word, the less sure."""
        sure = [(word, 1 / max(1, len(word.strip()))) for word in words(text)]
        return [Chance(word, chance, ((word, chance), (" else", (1 - chance) / 2))) for word, chance in sure]

    def divergence(self, first: Weights, second: Weights, texts: Sequence[str]) -> list[Divergence]:
        kl = 0.0 if first.name == second.name else 0.1
        return [Divergence(len(words(text)), kl, 1.0, 1.0 + kl) for text in texts]

    def count_tokens(self, weights: Weights, texts: Sequence[str]) -> list[int]:
        return [len(words(text)) for text in texts]

    def measure(self, weights: Weights, prompts: Sequence[Prompt]) -> list[SentPrompt]:
        return [_sent(prompt) for prompt in prompts]

    def release(self) -> None: ...

    def close(self) -> None: ...


def _row(request: Request) -> _Row:
    question = request.prompt.messages[-1].content
    numbers = {key: float(value) for key, value, _ in DIRECTIVE.findall(question) if key}
    flags = {flag for *_, flag in DIRECTIVE.findall(question) if flag}
    plain = " ".join(DIRECTIVE.sub("", question).split())
    script = words(f"You asked: {plain}")
    length = 2000 if "long" in flags else int(numbers.get("tokens", len(script)))
    script = [script[i % len(script)] if i < len(script) else " " + script[i % len(script)].strip() for i in range(length)]
    if request.temperature > 0:
        random.Random(request.seed).shuffle(script)
    fault = next((flag for flag in ("fail", "oom", "die") if flag in flags), "")
    return _Row(request, _sent(request.prompt), script, min(numbers.get("delay", 0.0), 0.5), fault)


def _sent(prompt: Prompt) -> SentPrompt:
    parts: list[PromptPart] = []
    for message in prompt.messages:
        parts += [PromptPart("template", f"<|{message.role}|> "), *message.parts, PromptPart("template", "\n")]
    parts.append(PromptPart("template", "<|assistant|>"))
    sent, at = [], 0
    for part in parts:
        sent.append(SentPart(part.kind, part.text, at, at + len(words(part.text))))
        at = sent[-1].end
    return SentPrompt("".join(part.text for part in parts), tuple(range(at)), tuple(sent), WINDOW)


def _fail(row: _Row) -> Failed:
    if row.fault == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if row.fault == "oom":
        return Failed(row.request.id, "OUT_OF_MEMORY", "The device ran out of memory.", "Ask fewer contenders at once or a shorter question.")
    return Failed(row.request.id, "FAILED", "The scripted engine failed on request.", "Ask again.")
