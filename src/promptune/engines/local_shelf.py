"""Which models are loaded: as many as the memory for them holds, the one used longest ago goes first, and never one that answers."""

from __future__ import annotations

import gc
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar
from weakref import WeakSet, WeakValueDictionary

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
from promptune.errors import EngineError, OutOfMemory

MODELS = {"cpu": 0.5, "cuda": 0.8}  # the share of the device's memory that models may take
ROWS = 1 / 8  # the share that the rows of one model's batch may take
PREFIXES = 1 / 32, 2**31  # the share that one model's known prompts may take, and the most bytes of it
PATIENCE = 0.1  # seconds between two looks whether somebody who waits was stopped
HALF = ("bfloat16", "float16")
Key = tuple[Weights, int]
Tell = Callable[[str], None]
T = TypeVar("T")


class Stopped(EngineError):
    """Nobody waits for it any more."""


@dataclass(frozen=True, eq=False)
class Voice:
    """Weights as a row uses them: the model that runs them, with the tokenizer that came with them, and what is mixed in."""

    loaded: Loaded
    runner: Batch | Alone
    mix: Mix
    size: int  # bytes, of its own model or else of its adapter
    borrowed: bool = False  # its model is another one's

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
        self._runners: WeakSet[Batch | Alone] = WeakSet()
        self._loras: WeakValueDictionary[tuple[str, int, int], Lora] = WeakValueDictionary()  # by folder, files and batch
        self._reading = threading.Lock()  # of those
        self._loading = threading.Lock()  # one at a time: while transformers loads, whatever any thread makes has no data yet

    def get(self, weights: Weights, tell: Tell = lambda _: None, stopped: Callable[[], bool] = lambda: False) -> Voice:
        """Loaded once for all who ask meanwhile; a folder whose files changed is another model. `tell`: what it waits for, until it is `stopped`."""
        key = _key(weights)
        with self._lock:
            future = self._voices.get(key)
            if mine := future is None:
                future = self._voices[key] = Future()
            self._voices.move_to_end(key)
        if not future.done():
            tell(f"Loading {weights.name} ({_needs(weights, self._device) / 1e6:,.0f} MB) …")
        if mine:
            threading.Thread(target=self._load, args=(key, weights, future, tell), daemon=True, name="loader").start()
        while not stopped():
            try:
                return future.result(timeout=PATIENCE)
            except TimeoutError:
                if future.done():  # it is what the loading itself ended with
                    raise
        raise Stopped("it was stopped before its model was loaded.")

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
        for runner in list(self._runners):
            runner.close()

    def _load(self, key: Key, weights: Weights, future: Future[Voice], tell: Tell) -> None:
        try:
            if voice := self._mixed(weights, tell):
                future.set_result(voice)
            else:
                self._own(weights, tell, future)
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
        lora = self._lora(weights, base, batch)
        if lora is None or not batch.run(lambda: takes(batch.reader, Mix(lora))):
            return None
        path = Path(weights.adapter)
        loaded = with_tokenizer(base.loaded, path) if folder.brings_tokenizer(path) else base.loaded
        return Voice(loaded, batch, Mix(lora, weights.strength) if weights.strength else PLAIN, lora.size, borrowed=True)

    def _lora(self, weights: Weights, base: Voice, batch: Batch) -> Lora | None:
        """Read once, at whatever strengths it is asked."""
        key = (weights.adapter, _key(weights)[1], id(batch))
        with self._reading:
            if (found := self._loras.get(key)) is None and (found := read_lora(Path(weights.adapter), base.loaded.model)) is not None:
                self._loras[key] = found
            return found

    def _own(self, weights: Weights, tell: Tell, future: Future[Voice]) -> None:
        with self._loading:
            self._make_room(_needs(weights, self._device), weights.name, tell)
            loaded = load(weights, self._device)
            reader = None if loaded.seq2seq or loaded.one_at_a_time else reader_of(loaded.model)
            runner = self._batch(loaded, reader) if reader else Alone(loaded, self._cancelled)
            self._runners.add(runner)
            future.set_result(Voice(loaded, runner, PLAIN, loaded.model.get_memory_footprint()))  # the next one counts it

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
                if _together(list(there.values())) + need <= self._budget:
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
        if self._closed:
            raise EngineError("the engine is being closed.")

    def _free(self) -> None:
        gc.collect()
        if self._device == "cuda":
            torch.cuda.empty_cache()


def _together(voices: Sequence[Voice]) -> int:
    """Bytes: a model counts once, and so does an adapter, at whatever strengths it is used."""
    sizes = {id(voice.mix.lora or voice.runner): voice.size for voice in voices if voice.mix is not PLAIN or not voice.borrowed}
    return sum(sizes.values())


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
