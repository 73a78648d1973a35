"""The engine that runs models itself, with torch and transformers, in a device or worker process."""

from __future__ import annotations

import gc
import logging
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import psutil
import torch

from promptune.core.prompt import Prompt, SentPrompt
from promptune.engines import local_score, overflow
from promptune.engines.local_decode import Row, decode, fitting, row
from promptune.engines.local_models import Loaded, is_out_of_memory
from promptune.engines.local_tuned import load
from promptune.engines.protocol import Capabilities, Chance, Divergence, Event, Failed, Finished, Logprob, Request, Sent, Weights
from promptune.errors import EngineError, OutOfMemory
from promptune.sandbox import Sandbox

Emit = Callable[[Event], None]
Key = tuple[Weights, int]
KEPT = 3  # models kept loaded; the one used longest ago goes first
log = logging.getLogger(__name__)


class LocalEngine:
    def __init__(self, device: str = "auto") -> None:
        self._device = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        if self._device == "cuda" and not torch.cuda.is_available():
            raise EngineError("there is no CUDA device that torch can use.", where="device", todo="Set PROMPTUNE_DEVICE=auto or cpu.")
        self._sandbox = Sandbox()
        self._models: OrderedDict[Key, Future[Loaded]] = OrderedDict()
        self._lock = threading.Lock()
        self._loading = threading.Lock()  # one at a time: while transformers loads, whatever any thread makes has no data yet
        self._cancelled: set[str] = set()

    def stream(self, requests: Sequence[Request]) -> Iterator[Event]:
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        for _, group in groupby(sorted(requests, key=_weights), key=_weights):
            threading.Thread(target=self._batch, args=(list(group), events.put), daemon=True).start()
        waiting = {request.id for request in requests}
        try:
            while waiting:
                event = events.get()
                if isinstance(event, Finished | Failed):
                    waiting.discard(event.id)
                yield event
        finally:
            self._cancelled |= waiting  # the iterator was closed: what is left ends at its next token

    def _batch(self, requests: list[Request], emit: Emit) -> None:
        """All requests of the same weights. Whatever fails, every request ends in an event."""
        left = {request.id for request in requests}

        def tell(event: Event) -> None:
            if isinstance(event, Finished | Failed):
                left.discard(event.id)
            emit(event)

        try:
            loaded = self._model(requests[0].weights)
            together = [
                threading.Thread(target=self._decode, args=(loaded, rows, tell), daemon=True) for rows in fitting(self._rows(loaded, requests, tell), loaded)
            ]
            for thread in together:
                thread.start()
            for thread in together:
                thread.join()
        except Exception as error:
            for id in list(left):
                tell(_failed(id, error))
        finally:
            self._cancelled -= {request.id for request in requests}

    def _rows(self, loaded: Loaded, requests: list[Request], tell: Emit) -> list[Row]:
        rows = []
        for request in requests:
            try:
                sent = loaded.encode(request.prompt, self._sandbox)
                if refused := overflow.refusal(request, sent, apart=loaded.seq2seq):
                    tell(refused)
                    continue
                rows.append(row(request, sent, _room(loaded, sent.tokens), loaded))
                tell(Sent(request.id, sent, request.weights.name))
            except Exception as error:
                tell(_failed(request.id, error))
        return rows

    def _decode(self, loaded: Loaded, rows: list[Row], tell: Emit) -> None:
        torch.set_num_threads(loaded.threads)
        try:
            with loaded.turn or nullcontext():
                decode(loaded, rows, self._cancelled.__contains__, tell)
        except Exception as error:
            for row in rows:
                if row.reason is None:
                    tell(_failed(row.request.id, error))

    def cancel(self, ids: Sequence[str]) -> None:
        self._cancelled |= set(ids)

    def device(self) -> tuple[str, int]:
        if self._device == "cuda":
            return torch.cuda.get_device_name(), torch.cuda.get_device_properties(0).total_memory // 2**20
        return "CPU", psutil.virtual_memory().total // 2**20

    def capabilities(self, weights: Weights) -> Capabilities:
        loaded = self._model(weights)
        chat, apart = loaded.template is not None, loaded.seq2seq
        return Capabilities(window=loaded.window, chat_template=chat, logprobs=True, divergence=not apart, exact_counts=True, apart=apart)

    def logprobs(self, weights: Weights, prompt: Prompt, completions: Sequence[str]) -> list[Logprob]:
        loaded = self._model(weights)
        return local_score.logprobs(loaded, loaded.encode(prompt, self._sandbox), completions)

    def chances(self, weights: Weights, ids: Sequence[int], text: str) -> list[Chance]:
        return local_score.chances(self._model(weights), ids, text)

    def divergence(self, first: Weights, second: Weights, texts: Sequence[str]) -> list[Divergence]:
        return local_score.divergence(self._model(first), self._model(second), texts)

    def count_tokens(self, weights: Weights, texts: Sequence[str]) -> list[int]:
        loaded = self._model(weights)
        return [len(loaded.ids(text, special=False)) for text in texts]

    def measure(self, weights: Weights, prompts: Sequence[Prompt]) -> list[SentPrompt]:
        loaded = self._model(weights)
        return [loaded.encode(prompt, self._sandbox) for prompt in prompts]

    def release(self) -> None:
        with self._lock:
            self._models.clear()
        self._free()

    def close(self) -> None:
        self._sandbox.close()

    def _model(self, weights: Weights) -> Loaded:
        """Loaded once for all who ask meanwhile; a folder whose files changed is another model."""
        key = _key(weights)
        with self._lock:
            found = self._models.get(key)
            mine = Future[Loaded]() if found is None else None
            if mine is not None:
                while len(self._models) >= KEPT:
                    self._models.popitem(last=False)
                self._models[key] = mine
            self._models.move_to_end(key)
        if mine is not None:
            self._free()
            self._load(key, mine)
        return (found or mine).result()  # type: ignore[union-attr]  # one of them there is

    def _load(self, key: Key, future: Future[Loaded]) -> None:
        try:
            with self._loading:
                loaded = load(key[0], self._device)
            future.set_result(loaded)
        except Exception as error:
            with self._lock:
                self._models.pop(key, None)  # the next one tries again
            future.set_exception(_as_engine_error(error))

    def _free(self) -> None:
        gc.collect()
        if self._device == "cuda":
            torch.cuda.empty_cache()


def _weights(request: Request) -> tuple[str, str, float]:
    """What decides the model that answers; names are for people."""
    return request.weights.folder, request.weights.adapter, request.weights.strength


def _key(weights: Weights) -> Key:
    """The weights, whatever they are called, and how their files are just now."""
    return replace(weights, name=""), hash((_files(weights.folder), _files(weights.adapter) if weights.adapter else ()))


def _files(folder: str) -> tuple[tuple[str, int, int], ...]:
    try:
        return tuple(sorted((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in Path(folder).iterdir()))
    except OSError:  # not there (yet): loading it says so
        return ()


def _room(loaded: Loaded, tokens: int) -> int:
    """New tokens that fit behind a prompt that fits; an encoder-decoder writes into a window of its own."""
    if tokens == 0:
        raise EngineError("nothing is left of the question: the model would read an empty prompt.", todo="Write something to ask.")
    return loaded.window if loaded.seq2seq else loaded.window - tokens


def _as_engine_error(error: Exception) -> Exception:
    if is_out_of_memory(error):
        return OutOfMemory("The device ran out of memory.", todo="Use a smaller model, ask fewer contenders at once, or shorten the question.")
    return error


def _failed(id: str, error: Exception) -> Failed:
    error = _as_engine_error(error)
    if isinstance(error, EngineError):
        return Failed(id, error.name, error.what, error.todo)
    what = getattr(error, "what", "")
    if not what:
        log.error("a generation failed", exc_info=error)
        what = f"the model failed: {type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
    return Failed(id, "FAILED", what, getattr(error, "todo", "") or "Ask again; if it fails again, try another model.")
