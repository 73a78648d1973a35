"""The engine that runs models itself, with torch and transformers, in a device or worker process."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import psutil
import torch

from promptune.core.prompt import Prompt, SentPrompt
from promptune.engines import local_score, overflow
from promptune.engines.local_adapters import Mix
from promptune.engines.local_alone import Alone
from promptune.engines.local_batch import Batch
from promptune.engines.local_failures import failed
from promptune.engines.local_rows import Row, row, unread
from promptune.engines.local_shelf import Shelf, Stopped, Voice
from promptune.engines.protocol import Capabilities, Chance, Divergence, Event, Failed, Finished, Held, Logprob, Request, Sent, Weights
from promptune.errors import EngineError
from promptune.sandbox import Sandbox

Emit = Callable[[Event], None]


class LocalEngine:
    def __init__(self, device: str = "auto", memory: int | None = None) -> None:
        """`memory`: bytes that models may take; None: a share of the device's."""
        self._device = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        if self._device == "cuda" and not torch.cuda.is_available():
            raise EngineError("there is no CUDA device that torch can use.", where="device", todo="Set PROMPTUNE_DEVICE=auto or cpu.")
        self._sandbox = Sandbox()
        self._streaming: set[str] = set()  # requests that have not ended
        self._cancelled: set[str] = set()
        self._shelf = Shelf(self._device, self._cancelled.__contains__, memory)

    def stream(self, requests: Sequence[Request]) -> Iterator[Event]:
        self._streaming.update(request.id for request in requests)  # now, not with the first event: a cancel may come before that
        return self._events(requests)

    def _events(self, requests: Sequence[Request]) -> Iterator[Event]:
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        groups = [list(group) for _, group in groupby(sorted(requests, key=_weights), key=_weights)]
        ready = [group for group in groups if self._shelf.has(group[0].weights)]
        for together in [ready, *([group] for group in groups if group not in ready)]:
            if together:
                threading.Thread(target=self._start, args=(together, events.put), daemon=True).start()
        waiting = {request.id for request in requests}
        try:
            while waiting:
                event = events.get()
                if isinstance(event, Finished | Failed):
                    waiting.discard(event.id)
                yield event
        finally:
            self.cancel(list(waiting))  # the iterator was closed: what is left ends at its next token

    def _start(self, groups: list[list[Request]], emit: Emit) -> None:
        """Requests become rows of their model, each group with its own weights. Whatever fails, every request ends in an event."""

        def tell(event: Event) -> None:
            if isinstance(event, Finished | Failed):
                self._streaming.discard(event.id)
                self._cancelled.discard(event.id)
            emit(event)

        rows: dict[Batch | Alone, list[tuple[Row, Mix]]] = {}
        for requests in groups:
            try:
                voice = self._voice(requests, tell)
            except Stopped:
                for request in requests:
                    tell(Finished(request.id, unread(request)))
            except Exception as error:
                for request in requests:
                    tell(failed(request.id, error))
            else:
                rows.setdefault(voice.runner, []).extend(self._rows(voice, requests, tell))
        for runner, some in rows.items():
            runner.add(some)

    def _voice(self, requests: list[Request], tell: Emit) -> Voice:
        def wait(what: str) -> None:
            for request in requests:
                tell(Held(request.id, what))

        return self._shelf.get(requests[0].weights, wait, lambda: all(request.id in self._cancelled for request in requests))

    def _rows(self, voice: Voice, requests: list[Request], tell: Emit) -> list[tuple[Row, Mix]]:
        rows, loaded = [], voice.loaded
        known: dict[Prompt, SentPrompt] = {}  # samples share theirs
        for request in requests:
            try:
                sent = known[request.prompt] = known.get(request.prompt) or loaded.encode(request.prompt, self._sandbox)
                if refused := overflow.refusal(request, sent, apart=loaded.seq2seq):
                    tell(refused)
                    continue
                rows.append((row(request, sent, loaded, tell, ruled=isinstance(voice.runner, Batch)), voice.mix))
                tell(Sent(request.id, sent, request.weights.name))
            except Exception as error:
                tell(failed(request.id, error))
        return rows

    def cancel(self, ids: Sequence[str]) -> None:
        self._cancelled.update(self._streaming.intersection(ids))

    def device(self) -> tuple[str, int]:
        if self._device == "cuda":
            return torch.cuda.get_device_name(), torch.cuda.get_device_properties(0).total_memory // 2**20
        return "CPU", psutil.virtual_memory().total // 2**20

    def capabilities(self, weights: Weights) -> Capabilities:
        loaded = self._shelf.get(weights).loaded
        chat, apart = loaded.template is not None, loaded.seq2seq
        return Capabilities(window=loaded.window, chat_template=chat, logprobs=True, divergence=not apart, exact_counts=True, apart=apart)

    def logprobs(self, weights: Weights, prompt: Prompt, completions: Sequence[str]) -> list[Logprob]:
        voice = self._shelf.get(weights)
        return local_score.logprobs(voice, voice.loaded.encode(prompt, self._sandbox).ids, completions)

    def chances(self, weights: Weights, ids: Sequence[int], text: str) -> list[Chance]:
        return local_score.chances(self._shelf.get(weights), ids, text)

    def divergence(self, first: Weights, second: Weights, texts: Sequence[str]) -> list[Divergence]:
        return local_score.divergence(self._shelf.get(first), self._shelf.get(second), texts)

    def count_tokens(self, weights: Weights, texts: Sequence[str]) -> list[int]:
        loaded = self._shelf.get(weights).loaded
        return [len(loaded.ids(text, special=False)) for text in texts]

    def measure(self, weights: Weights, prompts: Sequence[Prompt]) -> list[SentPrompt]:
        loaded = self._shelf.get(weights).loaded
        return [loaded.encode(prompt, self._sandbox) for prompt in prompts]

    def release(self) -> None:
        self._shelf.release()

    def close(self) -> None:
        self._shelf.close()
        self._sandbox.close()


def _weights(request: Request) -> tuple[str, str, float]:
    """What decides the model that answers; names are for people."""
    return request.weights.folder, request.weights.adapter, request.weights.strength
