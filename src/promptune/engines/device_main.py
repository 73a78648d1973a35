"""The device process: `python -m promptune.engines.device_main FD ENGINE DEVICE [NAME FOLDER]`.

It holds the loaded models and serves one pipe, given as a file descriptor. It ends when that pipe closes, whatever it
is doing: a reader thread waits on the pipe all the time. NAME and FOLDER are the weights to load first.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection

from promptune.engines import wire
from promptune.engines.make import engine_for
from promptune.engines.protocol import Engine, Weights
from promptune.errors import UserError

STREAMS, CALLS = 128, 8  # at once; more wait their turn
log = logging.getLogger(__name__)


class Server:
    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.inbox: queue.SimpleQueue[wire.ToDevice] = queue.SimpleQueue()
        self._sending = threading.Lock()
        self._streaming: set[str] = set()  # request ids; a cancel of any other comes too late
        self._stopped: set[str] = set()  # of them, those that were cancelled: perhaps before their stream had begun
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, message: wire.FromDevice) -> None:
        with self._sending:
            wire.send_from(self.pipe, message)

    def _read(self) -> None:
        try:
            while True:
                self.inbox.put(wire.receive_to(self.pipe))
        except (EOFError, OSError):
            os._exit(0)  # whoever started us is gone or done with us: a running generation ends here too

    def serve(self, engine: Engine) -> None:
        streams, calls = ThreadPoolExecutor(STREAMS), ThreadPoolExecutor(CALLS)
        while True:
            message = self.inbox.get()
            if isinstance(message, wire.Cancel):
                known = self._streaming.intersection(message.ids)
                self._stopped |= known
                engine.cancel(list(known))
            elif isinstance(message, wire.Stream):
                self._streaming |= {request.id for request in message.requests}
                streams.submit(self._guarded, message.call, self._stream, engine, message)
            else:
                calls.submit(self._guarded, message.call, self._answer, engine, message)

    def _guarded(self, call: int, work: Callable[..., None], *args: object) -> None:
        try:
            work(*args)
        except UserError as error:
            self.send(wire.Refused(call, error.name, error.what, error.todo))
        except Exception as error:
            log.exception("call %s failed", call)
            self.send(wire.Refused(call, "FAILED", f"the engine failed: {type(error).__name__}: {error}"))

    def _stream(self, engine: Engine, message: wire.Stream) -> None:
        try:
            begun = False
            for event in engine.stream(message.requests):
                self.send(wire.Streamed(message.call, event))
                if not begun:  # an engine knows its requests by now; what was cancelled before that it could not know
                    begun = True
                    engine.cancel([request.id for request in message.requests if request.id in self._stopped])
        finally:
            self._streaming -= {request.id for request in message.requests}
            self._stopped -= {request.id for request in message.requests}

    def _answer(self, engine: Engine, ask: wire.Ask) -> None:
        if isinstance(ask, wire.AskCapabilities):
            self.send(wire.Answered(ask.call, capabilities=engine.capabilities(ask.weights)))
        elif isinstance(ask, wire.AskLogprobs):
            self.send(wire.Answered(ask.call, logprobs=tuple(engine.logprobs(ask.weights, ask.prompt, ask.completions))))
        elif isinstance(ask, wire.AskChances):
            self.send(wire.Answered(ask.call, chances=tuple(engine.chances(ask.weights, ask.ids, ask.text))))
        elif isinstance(ask, wire.AskDivergence):
            self.send(wire.Answered(ask.call, divergences=tuple(engine.divergence(ask.first, ask.second, ask.texts))))
        elif isinstance(ask, wire.AskCounts):
            self.send(wire.Answered(ask.call, counts=tuple(engine.count_tokens(ask.weights, ask.texts))))
        elif isinstance(ask, wire.AskMeasure):
            self.send(wire.Answered(ask.call, measured=tuple(engine.measure(ask.weights, ask.prompts))))
        else:
            engine.release()
            self.send(wire.Answered(ask.call))


def main(argv: list[str]) -> None:
    fd, kind, device, *first = argv
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    server = Server(Connection(int(fd)))
    server.send(wire.Stage("starting", "starting the engine" if kind == "scripted" else "loading torch", "", 0))
    try:
        engine = engine_for(kind, device)
    except UserError as error:  # no second try would go better
        server.send(wire.Stage("failed", str(error), "", 0))
        raise SystemExit(1) from None
    name, memory = engine.device()
    if first:
        server.send(wire.Stage("warming", f"loading {first[0]}", name, memory))
        try:
            engine.capabilities(Weights(first[0], first[1]))
        except UserError as error:  # it will be said again to whoever asks that model
            log.warning("%s could not be loaded: %s", first[0], error)
    server.send(wire.Stage("ready", "", name, memory))
    server.serve(engine)


if __name__ == "__main__":
    main(sys.argv[1:])
