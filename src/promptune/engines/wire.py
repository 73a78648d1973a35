"""What travels between this process and a device process: frozen messages as JSON, one a frame.

JSON and not pickle: a process that read somebody's model file must not be able to make this one run anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from promptune.core.prompt import Prompt, SentPrompt
from promptune.engines.protocol import Capabilities, Chance, Divergence, Event, Logprob, Request, Weights

# ---- to the device process ----


@dataclass(frozen=True)
class Stream:
    call: int
    requests: tuple[Request, ...]
    tag: Literal["stream"] = "stream"


@dataclass(frozen=True)
class Cancel:
    ids: tuple[str, ...]
    tag: Literal["cancel"] = "cancel"


@dataclass(frozen=True)
class AskCapabilities:
    call: int
    weights: Weights
    tag: Literal["capabilities"] = "capabilities"


@dataclass(frozen=True)
class AskLogprobs:
    call: int
    weights: Weights
    prompt: Prompt
    completions: tuple[str, ...]
    tag: Literal["logprobs"] = "logprobs"


@dataclass(frozen=True)
class AskChances:
    call: int
    weights: Weights
    ids: tuple[int, ...]
    text: str
    tag: Literal["chances"] = "chances"


@dataclass(frozen=True)
class AskDivergence:
    call: int
    first: Weights
    second: Weights
    texts: tuple[str, ...]
    tag: Literal["divergence"] = "divergence"


@dataclass(frozen=True)
class AskCounts:
    call: int
    weights: Weights
    texts: tuple[str, ...]
    tag: Literal["counts"] = "counts"


@dataclass(frozen=True)
class AskMeasure:
    call: int
    weights: Weights
    prompts: tuple[Prompt, ...]
    tag: Literal["measure"] = "measure"


@dataclass(frozen=True)
class AskRelease:
    call: int
    tag: Literal["release"] = "release"


Ask = AskCapabilities | AskLogprobs | AskChances | AskDivergence | AskCounts | AskMeasure | AskRelease
ToDevice = Stream | Cancel | Ask

# ---- from the device process ----


@dataclass(frozen=True)
class Stage:
    """How far the start is. `detail` is for people; failed: it can never be, as things are, and the detail says why."""

    state: Literal["starting", "warming", "ready", "failed"]
    detail: str
    device: str
    memory_mb: int  # of the device, 0 until known
    tag: Literal["stage"] = "stage"


@dataclass(frozen=True)
class Streamed:
    call: int
    event: Annotated[Event, Field(discriminator="tag")]
    tag: Literal["streamed"] = "streamed"


@dataclass(frozen=True)
class Answered:
    """The reply to one Ask; only the field of its kind is set."""

    call: int
    capabilities: Capabilities | None = None
    logprobs: tuple[Logprob, ...] = ()
    chances: tuple[Chance, ...] = ()
    divergences: tuple[Divergence, ...] = ()
    counts: tuple[int, ...] = ()
    measured: tuple[SentPrompt, ...] = ()
    tag: Literal["answered"] = "answered"


@dataclass(frozen=True)
class Refused:
    """A call that failed as a whole: an error's name and words, as in errors.py."""

    call: int
    name: str
    what: str
    todo: str = ""
    tag: Literal["refused"] = "refused"


FromDevice = Stage | Streamed | Answered | Refused

_TO: TypeAdapter[ToDevice] = TypeAdapter(Annotated[ToDevice, Field(discriminator="tag")])
_FROM: TypeAdapter[FromDevice] = TypeAdapter(Annotated[FromDevice, Field(discriminator="tag")])


def encoded(message: ToDevice) -> bytes:
    return _TO.dump_json(message)


def receive_to(pipe: Connection) -> ToDevice:
    return _TO.validate_json(pipe.recv_bytes())


def send_from(pipe: Connection, message: FromDevice) -> None:
    pipe.send_bytes(_FROM.dump_json(message))


def receive_from(pipe: Connection) -> FromDevice:
    return _FROM.validate_json(pipe.recv_bytes())
