"""Rows that are asked of a batch directly, with no engine around it, on models of a moment's size."""

from __future__ import annotations

import copy
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import torch
from transformers import AutoTokenizer, GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase

from promptune.core.generation import Generation
from promptune.core.prompt import SentPrompt
from promptune.engines.local_adapters import PLAIN, Mix
from promptune.engines.local_batch import Batch
from promptune.engines.local_models import Loaded
from promptune.engines.local_reader import Reader, reader_of
from promptune.engines.local_rows import Row, row
from promptune.engines.protocol import Delta, Event, Failed, Finished, Request, Weights
from promptune.models import BUNDLED_FOLDER
from tests.engines.samples import prompt

WINDOW = 256


@cache
def tokenizer() -> PreTrainedTokenizerBase:
    found = AutoTokenizer.from_pretrained(BUNDLED_FOLDER)
    found.chat_template = None
    found.padding_side = "left"
    return found


def loaded(model: Any, window: int = WINDOW, **language: Any) -> Loaded:
    """With a window of its own, and without a token that ends answers, unless `language` names one."""
    model.generation_config = GenerationConfig(**({"pad_token_id": 0} | language))
    return Loaded(model.eval(), tokenizer(), None, window, False, 1)


def llama(seed: int = 3, **config: Any) -> Any:
    torch.manual_seed(seed)
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
    return lively(LlamaForCausalLM(LlamaConfig(**({"vocab_size": len(tokenizer()), "max_position_embeddings": WINDOW} | small | config))))


def lively(model: Any) -> Any:
    """Weights as large as trained ones: what a token attends to then changes what comes next."""
    with torch.no_grad():
        for one in model.parameters():
            if one.dim() > 1:
                one.mul_(4)
    return model.eval()


def lora(model: Any, folder: Path, seed: int, spoil: Callable[[torch.Tensor], object] = lambda _: None, **settings: Any) -> Path:
    """The folder of a random adapter that changes what the model writes."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    tuned = get_peft_model(copy.deepcopy(model), LoraConfig(**{"task_type": "CAUSAL_LM", "r": 4, "lora_alpha": 8, "target_modules": "all-linear"} | settings))
    grown = [one.data for name, one in tuned.named_parameters() if "lora_B" in name]
    for one in grown:
        torch.nn.init.normal_(one, std=0.5)
    spoil(grown[0])
    tuned.save_pretrained(folder)
    return folder


def folder_of(model: Any, folder: Path) -> Weights:
    """A model that an engine can load, named like its folder."""
    model.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return Weights(folder.name, str(folder))


@dataclass
class Asked:
    """A row, and what it told."""

    row: Row
    mix: Mix
    events: list[Event] = field(default_factory=list)

    @property
    def generation(self) -> Generation:
        end = self.end
        assert isinstance(end, Finished), end
        return end.generation

    @property
    def end(self) -> Event:
        """The last event, and the only one of its kind; what was told on the way is how it begins."""
        ends = [event for event in self.events if isinstance(event, Finished | Failed)]
        assert len(ends) == 1 and self.events[-1] is ends[0], self.events
        if isinstance(ends[0], Finished):
            assert ends[0].generation.text.startswith("".join(event.text for event in self.events if isinstance(event, Delta)))
        return ends[0]


def ask(loaded: Loaded, ids: Sequence[int], mix: Mix = PLAIN, *, id: str = "x", owner: str = "", limit: int = 8, **decoding: Any) -> Asked:
    sent = SentPrompt("", tuple(ids), (), loaded.window)
    request = replace(Request(id, Weights("model", ""), prompt(""), limit, 7, owner=owner), **decoding)
    events: list[Event] = []
    return Asked(row(request, sent, loaded, events.append, ruled=True), mix, events)


class Scripted(Batch):
    """A batch to which things happen in a given round: `script` is called, on its thread, at the beginning of each."""

    script: Callable[[int], None] = staticmethod(lambda _: None)
    rounds = 0

    def _seat(self) -> None:
        self.script(self.rounds)
        self.rounds += 1
        super()._seat()

    def ask(self, *asked: Asked) -> list[Asked]:
        """All at once, and waits until nothing is left to do."""
        self.add([(one.row, one.mix) for one in asked])
        self.finish()
        return list(asked)

    def finish(self) -> None:
        with self._lock:
            thread = self._thread
        if thread:
            thread.join(60)
            assert not thread.is_alive(), "the batch does not come to an end"
        assert not self.busy


readers: WeakKeyDictionary[Any, Reader | None] = WeakKeyDictionary()  # one for each model, as it is in the engine


def batch(loaded: Loaded, *, rows: int = 2**30, prefixes: int = 2**24, cancelled: Container[str] = frozenset()) -> Scripted:
    reader = readers.setdefault(loaded.model, None) or reader_of(loaded.model)
    assert reader is not None
    readers[loaded.model] = reader
    return Scripted(loaded, reader, cancelled.__contains__, rows=rows, prefixes=prefixes)


def draw(length: int, seed: int) -> list[int]:
    """Ids of words, none of a tokenizer's own signs."""
    return torch.randint(10, len(tokenizer()), (length,), generator=torch.Generator().manual_seed(seed)).tolist()
