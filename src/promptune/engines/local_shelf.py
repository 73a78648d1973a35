"""Which models are loaded: as many as the memory for them holds, the one used longest ago goes first, and never one that answers."""

from __future__ import annotations

import gc
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import psutil
import torch

from promptune.engines import folder
from promptune.engines.local_adapters import PLAIN, Lora, Mix, read_lora
from promptune.engines.local_alone import Alone
from promptune.engines.local_batch import Batch
from promptune.engines.local_failures import as_engine_error
from promptune.engines.local_models import Loaded
from promptune.engines.local_reader import Reader, reader_of, takes
from promptune.engines.local_tuned import load, with_tokenizer
from promptune.engines.protocol import Weights
from promptune.errors import OutOfMemory

MODELS = {"cpu": 0.5, "cuda": 0.8}  # the share of the device's memory that models may take
ROWS = 1 / 8  # the share that the rows of one model's batch may take
PREFIXES = 1 / 32, 2**31  # the share that one model's known prompts may take, and the most bytes of it
HALF = ("bfloat16", "float16")
Key = tuple[Weights, int]
Tell = Callable[[str], None]
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Voice:
    """Weights as a row uses them: the model that runs them, with the tokenizer that came with them, and what is mixed in."""

    loaded: Loaded
    runner: Batch | Alone
    mix: Mix
    size: int  # bytes that are this one's alone

    def run(self, work: Callable[[], T]) -> T:
        return self.runner.run(work)


class Shelf:
    def __init__(self, device: str, cancelled: Callable[[str], bool], budget: int | None = None) -> None:
        self._device, self._cancelled = device, cancelled
        self.memory = torch.cuda.get_device_properties(0).total_memory if device == "cuda" else psutil.virtual_memory().total
        self._budget = int(MODELS[device] * self.memory) if budget is None else budget
        self._voices: OrderedDict[Key, Future[Voice]] = OrderedDict()
        self._lock = threading.Lock()
        self._closed = False
        self._loading = threading.Lock()  # one at a time: while transformers loads, whatever any thread makes has no data yet

    def get(self, weights: Weights, tell: Tell = lambda _: None) -> Voice:
        """Loaded once for all who ask meanwhile; a folder whose files changed is another model. `tell`: what it waits for."""
        key = _key(weights)
        with self._lock:
            found = self._voices.get(key)
            mine = Future[Voice]() if found is None else None
            if mine is not None:
                self._voices[key] = mine
            self._voices.move_to_end(key)
        future = found or mine
        assert future is not None
        if not future.done():
            tell(f"Loading {weights.name} ({_needs(weights, self._device) / 1e6:,.0f} MB) …")
        if mine is not None:
            self._load(key, mine, tell)
        return future.result()

    def has(self, weights: Weights) -> bool:
        """Whether nobody need wait for it."""
        found = self._voices.get(_key(weights))
        return found is not None and found.done()

    def release(self) -> None:
        """Unloads what nobody is asking."""
        with self._lock:
            for key, future in list(self._voices.items()):
                if future.done() and (future.exception() is not None or not future.result().runner.busy):
                    del self._voices[key]
        self._free()

    def close(self) -> None:
        self._closed = True
        for voice in [future.result() for future in self._voices.values() if future.done() and future.exception() is None]:
            voice.runner.close()

    def _load(self, key: Key, future: Future[Voice], tell: Tell) -> None:
        try:
            future.set_result(self._mixed(key[0], tell) or self._own(key, tell))
        except Exception as error:
            with self._lock:
                self._voices.pop(key, None)  # the next one tries again
            future.set_exception(as_engine_error(error))

    def _mixed(self, weights: Weights, tell: Tell) -> Voice | None:
        """A LoRA over a model that many share; None where it must be a model of its own."""
        if not weights.adapter or folder.inspect_adapter(Path(weights.adapter)) != "peft":
            return None
        base = self.get(replace(weights, adapter="", strength=1.0), tell)
        if isinstance(batch := base.runner, Alone):
            return None
        lora = self._lora(weights, base) or read_lora(Path(weights.adapter), base.loaded.model)
        if lora is None or not batch.run(lambda: takes(batch.reader, Mix(lora))):
            return None
        path = Path(weights.adapter)
        loaded = with_tokenizer(base.loaded, path) if folder.brings_tokenizer(path) else base.loaded
        return Voice(loaded, base.runner, Mix(lora, weights.strength) if weights.strength else PLAIN, lora.size)

    def _lora(self, weights: Weights, base: Voice) -> Lora | None:
        """The same adapter at another strength is there already."""
        key = _key(weights)
        with self._lock:
            others = [future for (other, files), future in self._voices.items() if files == key[1] and other.adapter == weights.adapter]
        done = [future.result() for future in others if future.done() and future.exception() is None]
        return next((voice.mix.lora for voice in done if voice.runner is base.runner and voice.mix.lora), None)

    def _own(self, key: Key, tell: Tell) -> Voice:
        weights = key[0]
        with self._loading:
            self._make_room(_needs(weights, self._device), weights.name, tell)
            loaded = load(weights, self._device)
            reader = None if loaded.seq2seq or loaded.one_at_a_time else reader_of(loaded.model)
        runner = self._batch(loaded, reader) if reader else Alone(loaded, self._cancelled)
        return Voice(loaded, runner, PLAIN, loaded.model.get_memory_footprint())

    def _batch(self, loaded: Loaded, reader: Reader) -> Batch:
        share, most = PREFIXES
        return Batch(loaded, reader, self._cancelled, rows=int(ROWS * self.memory), prefixes=min(int(share * self.memory), most))

    def _make_room(self, need: int, name: str, tell: Tell) -> None:
        """Unloads what nobody asks just now, until the new one fits; waits where all of them answer."""
        if need > self._budget:
            what = f"{name} needs {need / 1e6:,.0f} MB, and models may take {self._budget / 1e6:,.0f} MB of this device."
            raise OutOfMemory(what, todo="Use a smaller model.")
        while not self._closed:
            with self._lock:
                there = {at: future.result() for at, future in self._voices.items() if future.done() and future.exception() is None}
                if sum(voice.size for voice in there.values()) + need <= self._budget:
                    break
                used = {voice.runner: place for place, voice in enumerate(there.values())}  # by whatever is mixed into it
                idle = sorted((runner for runner in used if not runner.busy), key=lambda runner: used[runner])
                for at in [at for at, voice in there.items() if idle and voice.runner is idle[0]]:
                    del self._voices[at]
            if not idle:
                tell(f"Waiting for memory: {name} is loaded when another model has ended its answers.")
                time.sleep(0.1)
            del there, idle, used
            self._free()

    def _free(self) -> None:
        gc.collect()
        if self._device == "cuda":
            torch.cuda.empty_cache()


def _key(weights: Weights) -> Key:
    """The weights, whatever they are called, and how their files are just now."""
    return replace(weights, name=""), hash((_files(weights.folder), _files(weights.adapter) if weights.adapter else ()))


def _files(place: str) -> tuple[tuple[str, int, int], ...]:
    try:
        return tuple(sorted((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in Path(place).iterdir()))
    except OSError:  # not there (yet): loading it says so
        return ()


def _needs(weights: Weights, device: str) -> int:
    """Bytes that a model's weights will take: those of its files, which are half as many as a CPU needs where they are of 16 bits."""
    place = Path(weights.folder)
    try:
        config = json.loads((place / "config.json").read_text(encoding="utf-8"))
        times = 2 if device == "cpu" and (config.get("dtype") or config.get("torch_dtype")) in HALF else 1
        return times * sum(path.stat().st_size for path in place.glob("*.safetensors"))
    except (OSError, ValueError, AttributeError):  # loading it says why
        return 0
