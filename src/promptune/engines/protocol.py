"""What an engine is: the small frozen messages that go in and come out, the same in a process and over a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from promptune.core.generation import Generation
from promptune.core.prompt import Prompt, SentPrompt


@dataclass(frozen=True)
class Weights:
    """Which weights to use. `name` is a contender's weights as spelled (tiny, tiny+run@0.8); `folder` holds the model."""

    name: str
    folder: str
    adapter: str = ""  # the folder of what was tuned: a PEFT adapter or a whole model; none: the model as it is
    strength: float = 1.0  # 0 is the model as it is, 1 as it was tuned, each weight in between on the straight line


@dataclass(frozen=True)
class Request:
    """One prompt to continue, everything decided: an engine chooses nothing."""

    id: str
    weights: Weights
    prompt: Prompt
    max_tokens: int
    seed: int
    temperature: float = 0.0  # 0 is greedy
    top_p: float = 1.0
    stop: tuple[str, ...] = ()
    kept: int | None = None  # tokens the answer was promised; None: a small share of the window will do
    owner: str = ""  # whose it is: where many wait, owners take turns


@dataclass(frozen=True)
class Held:
    """Why nothing comes yet, for people: weights that are being loaded, answers of others that come first."""

    id: str
    what: str
    tag: Literal["held"] = "held"


@dataclass(frozen=True)
class Sent:
    """The prompt as the model reads it, before its first token."""

    id: str
    prompt: SentPrompt
    weights: str
    tag: Literal["sent"] = "sent"


@dataclass(frozen=True)
class Delta:
    """Text that is new and will not change. `tokens` counts the whole completion so far."""

    id: str
    text: str
    tokens: int
    tag: Literal["delta"] = "delta"


@dataclass(frozen=True)
class Finished:
    id: str
    generation: Generation
    tag: Literal["finished"] = "finished"


@dataclass(frozen=True)
class Failed:
    """This request failed; the others of its batch go on. `name` is an error's cause as in errors.py, or OVERFLOW."""

    id: str
    name: str
    what: str
    todo: str = ""
    prompt: SentPrompt | None = None  # the prompt that does not fit its window, where that is why
    tag: Literal["failed"] = "failed"


Event = Held | Sent | Delta | Finished | Failed


@dataclass(frozen=True)
class Capabilities:
    """What an engine can do with these weights; what it cannot is absent from the page."""

    window: int
    chat_template: bool
    logprobs: bool
    divergence: bool
    exact_counts: bool
    apart: bool = False  # the answer has a window of its own: an encoder-decoder


@dataclass(frozen=True)
class Logprob:
    """How likely one given completion is: the sum over its tokens, in nats."""

    total: float
    tokens: int


@dataclass(frozen=True)
class Chance:
    """One token of an answer: how likely the model held it where it stands, and what it held likely besides. From 0 to 1, at temperature 1."""

    text: str
    probability: float
    others: tuple[tuple[str, float], ...] = ()  # the likeliest first, at most 3


@dataclass(frozen=True)
class Divergence:
    """How far next-token distributions differ on one text, means per token in nats.

    `kl` is KL(first ‖ second); the cross-entropies are each model's own against the text.
    """

    tokens: int
    kl: float
    first_cross_entropy: float
    second_cross_entropy: float


class Engine(Protocol):
    """Every method may raise EngineError; `stream` never does once it yields: failures are events of their request."""

    def stream(self, requests: Sequence[Request]) -> Iterator[Event]:
        """Every request ends in exactly one Finished or Failed. Closing the iterator cancels what is left of it."""
        ...

    def cancel(self, ids: Sequence[str]) -> None:
        """From any thread: those requests finish as `cancelled`, with the text they have, within a second."""
        ...

    def device(self) -> tuple[str, int]:
        """The device's name for people, and its memory in MB."""
        ...

    def capabilities(self, weights: Weights) -> Capabilities: ...

    def logprobs(self, weights: Weights, prompt: Prompt, completions: Sequence[str]) -> list[Logprob]: ...

    def chances(self, weights: Weights, ids: Sequence[int], text: str) -> list[Chance]:
        """How sure of each of its tokens the model is that reads `ids`, a prompt as it was sent, and answers `text`."""
        ...

    def divergence(self, first: Weights, second: Weights, texts: Sequence[str]) -> list[Divergence]: ...

    def count_tokens(self, weights: Weights, texts: Sequence[str]) -> list[int]: ...

    def measure(self, weights: Weights, prompts: Sequence[Prompt]) -> list[SentPrompt]:
        """What would be sent. Nothing is generated, so a prompt may be longer than the window."""
        ...

    def release(self) -> None:
        """Unload what no request is using, so that a worker finds the device's memory free."""
        ...

    def close(self) -> None: ...
