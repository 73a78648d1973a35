"""The device process seen from outside: an Engine that cannot freeze or take down the process that uses it.

If the device process dies, what it was doing fails by name, and it is started again. No torch here.
"""

from __future__ import annotations

import itertools
import logging
import os
import queue
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

import psutil

from promptune import children
from promptune.core.prompt import Prompt, SentPrompt
from promptune.engines import wire
from promptune.engines.protocol import Capabilities, Chance, Divergence, Event, Failed, Finished, Logprob, Request, Weights
from promptune.errors import EngineDied, raised

State = Literal["stopped", "starting", "warming", "ready", "restarting", "failed"]
TRIES = 3  # starts in a row that end before "ready"; then it waits until somebody asks
log = logging.getLogger(__name__)

ASK_AGAIN = "It starts again by itself: ask again."

_Reply = wire.Streamed | wire.Answered | wire.Refused


@dataclass(frozen=True)
class DeviceStatus:
    state: State
    detail: str  # for people: what it is doing or why it failed
    device: str  # CPU, or the GPU's name; empty until known
    pid: int | None
    memory_mb: int | None  # that the process uses
    device_mb: int = 0  # that the device has, 0 until known


class Device:
    """An Engine, and the life of the process behind it."""

    def __init__(self, *, kind: str, device: str, log: Path, first: Weights | None = None) -> None:
        self._kind, self._device, self._log, self._first = kind, device, log, first
        self._lock = threading.RLock()
        self._calls: dict[int, queue.SimpleQueue[_Reply]] = {}
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._reader: threading.Thread | None = None
        self._stage = wire.Stage("starting", "", "", 0)
        self._state: State = "stopped"
        self._why = ""
        self._tries = 0
        self._closed = False

    # ---- its life ----

    def start(self) -> None:
        """Starts it where it is not running. It warms by itself; calls wait for it."""
        with self._lock:
            if self._closed or self._pipe is not None:
                return
            try:
                self._process, self._pipe = self._spawn()
            except OSError as error:
                self._state, self._why = "failed", f"the device process cannot be started: {error.strerror or error}."
                raise EngineDied(self._why[0].upper() + self._why[1:], todo="Look after the disk and the data folder, then ask again.") from error
            self._outbox = queue.SimpleQueue()
            self._stage = wire.Stage("starting", "starting", self._stage.device, self._stage.memory_mb)
            self._state = "restarting" if self._why else "starting"
            writer = threading.Thread(target=_write, args=(self._pipe, self._outbox), daemon=True, name="device-writer")
            self._reader = threading.Thread(target=self._read, args=(self._process, self._pipe, self._outbox, writer), daemon=True, name="device-reader")
            writer.start()
            self._reader.start()

    def _spawn(self) -> tuple[subprocess.Popen[bytes], Connection]:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        ours, theirs = socket.socketpair()
        with self._log.open("ab") as log, theirs:
            argv = children.argv("promptune.engines.device_main", str(theirs.fileno()), self._kind, self._device)
            argv += [self._first.name, self._first.folder] if self._first else []
            # A session of its own: Ctrl-C in a terminal is for whoever started us, who then closes the pipe.
            process = subprocess.Popen(
                argv,
                pass_fds=[theirs.fileno()],
                env=children.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return process, Connection(ours.detach())

    def status(self) -> DeviceStatus:
        with self._lock:
            process = self._process if self._pipe is not None else None
            detail = self._stage.detail if self._state in ("starting", "warming") else self._why
            state, stage = self._state, self._stage
        pid = process.pid if process else None
        return DeviceStatus(state, detail, stage.device, pid, _memory(pid) if pid else None, stage.memory_mb)

    def wait(self, seconds: float) -> DeviceStatus:
        """Starts it and waits until it is ready, failed, or the time is over."""
        self.start()
        end = time.monotonic() + seconds
        while (status := self.status()).state not in ("ready", "failed") and time.monotonic() < end:
            time.sleep(0.05)
        return status

    def close(self) -> None:
        with self._lock:
            self._closed = True
            process, reader = self._process, self._reader
            if self._pipe is not None:
                _shut(self._pipe)
        if process is not None:
            try:
                process.wait(5)  # it ends when its pipe closes
            except subprocess.TimeoutExpired:
                process.kill()
        if reader is not None:
            reader.join()
        with self._lock:
            self._state, self._why = "stopped", ""

    def _read(self, process: subprocess.Popen[bytes], pipe: Connection, outbox: queue.SimpleQueue[bytes | None], writer: threading.Thread) -> None:
        try:
            while True:
                self._receive(wire.receive_from(pipe))
        except (EOFError, OSError):
            pass
        except Exception:  # it says what nobody can read: as good as dead
            log.exception("the device process is ended: it sent something unreadable")
            process.kill()
        outbox.put(None)
        code = process.wait()
        writer.join()  # before the pipe closes: its number may be another file's a moment later
        self._ended(code, pipe)

    def _receive(self, message: wire.FromDevice) -> None:
        with self._lock:
            if isinstance(message, wire.Stage):
                self._stage = message
                if message.state == "ready":
                    self._tries, self._why = 0, ""
                if message.state == "failed":
                    self._why = message.detail
                if not self._why:
                    self._state = message.state
            elif (call := self._calls.get(message.call)) is not None:
                call.put(message)

    def _ended(self, code: int, pipe: Connection) -> None:
        """The pipe closed. Everything under way fails by name; unless we closed it or it can never be, it starts again."""
        with self._lock:
            hopeless = self._stage.state == "failed"
            pipe.close()
            self._pipe = None
            self._tries += 1
            if not hopeless:
                self._why = f"the device process ended ({children.ending(code)})."
            what = self._why if hopeless else f"The device process ended ({children.ending(code)}) while it worked on this."
            for number, call in self._calls.items():
                call.put(wire.Refused(number, EngineDied.name, what, "" if hopeless else ASK_AGAIN))
            if self._closed:
                self._state = "stopped"
            elif hopeless or self._tries >= TRIES:
                self._state, self._tries = "failed", 0
                self._why += "" if hopeless else f" It failed {TRIES} times in a row; see {self._log}."
            else:
                self._state = "restarting"
                with suppress(EngineDied):  # said again to whoever asks
                    self.start()

    # ---- the Engine protocol ----

    def stream(self, requests: Sequence[Request]) -> Iterator[Event]:
        number, replies = self._begin(lambda number: wire.Stream(number, tuple(requests)))
        waiting = [request.id for request in requests]
        try:
            while waiting:
                reply = replies.get()
                if isinstance(reply, wire.Streamed):
                    if isinstance(reply.event, Finished | Failed):
                        waiting.remove(reply.event.id)
                    yield reply.event
                elif isinstance(reply, wire.Refused):
                    while waiting:
                        yield Failed(waiting.pop(0), reply.name, reply.what, reply.todo)
        finally:
            self._calls.pop(number, None)
            if waiting:
                self.cancel(waiting)

    def cancel(self, ids: Sequence[str]) -> None:
        with self._lock:
            if self._pipe is not None:
                self._outbox.put(wire.encoded(wire.Cancel(tuple(ids))))

    def device(self) -> tuple[str, int]:
        status = self.status()
        return status.device, status.device_mb

    def capabilities(self, weights: Weights) -> Capabilities:
        found = self._ask(lambda number: wire.AskCapabilities(number, weights)).capabilities
        if found is None:
            raise EngineDied("The device process answered something else.", todo=ASK_AGAIN)
        return found

    def logprobs(self, weights: Weights, prompt: Prompt, completions: Sequence[str]) -> list[Logprob]:
        return list(self._ask(lambda number: wire.AskLogprobs(number, weights, prompt, tuple(completions))).logprobs)

    def chances(self, weights: Weights, ids: Sequence[int], text: str) -> list[Chance]:
        return list(self._ask(lambda number: wire.AskChances(number, weights, tuple(ids), text)).chances)

    def divergence(self, first: Weights, second: Weights, texts: Sequence[str]) -> list[Divergence]:
        return list(self._ask(lambda number: wire.AskDivergence(number, first, second, tuple(texts))).divergences)

    def count_tokens(self, weights: Weights, texts: Sequence[str]) -> list[int]:
        return list(self._ask(lambda number: wire.AskCounts(number, weights, tuple(texts))).counts)

    def measure(self, weights: Weights, prompts: Sequence[Prompt]) -> list[SentPrompt]:
        return list(self._ask(lambda number: wire.AskMeasure(number, weights, tuple(prompts))).measured)

    def release(self) -> None:
        if self._pipe is not None:
            self._ask(wire.AskRelease)

    def _ask(self, ask: Callable[[int], wire.Ask]) -> wire.Answered:
        number, replies = self._begin(ask)
        try:
            reply = replies.get()
        finally:
            self._calls.pop(number, None)
        if isinstance(reply, wire.Refused):
            raise raised(reply.name, reply.what, todo=reply.todo)
        if not isinstance(reply, wire.Answered):
            raise EngineDied("The device process answered something else.", todo=ASK_AGAIN)
        return reply

    def _begin(self, message: Callable[[int], wire.ToDevice]) -> tuple[int, queue.SimpleQueue[_Reply]]:
        """Registered and sent at once, so that a call fails with the very process it was sent to."""
        number, replies = next(self._numbers), queue.SimpleQueue[_Reply]()
        frame = wire.encoded(message(number))
        with self._lock:
            if self._closed:
                raise EngineDied("The device process was ended.")
            self.start()
            self._calls[number] = replies
            self._outbox.put(frame)
        return number, replies


def _write(pipe: Connection, outbox: queue.SimpleQueue[bytes | None]) -> None:
    """In a thread of its own: a process that does not read must not hold up whoever writes to it."""
    while (frame := outbox.get()) is not None:
        try:
            pipe.send_bytes(frame)
        except OSError:
            return  # the reader sees the end of the pipe too, and tells everybody


def _memory(pid: int) -> int | None:
    try:
        return int(psutil.Process(pid).memory_info().rss) // 2**20
    except psutil.Error:
        return None


def _shut(pipe: Connection) -> None:
    """Ends the conversation for both sides; the reader thread then closes the pipe itself."""
    with socket.socket(fileno=os.dup(pipe.fileno())) as end:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
