"""Hugging Face's ways of doing the same, from a prompt's messages to the answer's text."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from typing import Any

import peft
import torch
from ours import Answered
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache
from transformers.generation.streamers import BaseStreamer
from transformers.utils import logging
from workload import NEVER, Subject

from promptune.core.prompt import Prompt

PLAIN, TUNED = "__base__", "tuned"  # the first is PEFT's name for a row without an adapter


class Peer:
    def __init__(self, subject: Subject, *, adapter: bool = False, merged: bool = False) -> None:
        logging.disable_progress_bar()
        logging.set_verbosity_error()
        self.device = subject.device
        self.tokenizer = AutoTokenizer.from_pretrained(subject.base.folder, local_files_only=True)
        model: Any = AutoModelForCausalLM.from_pretrained(subject.base.folder, dtype=subject.dtype, local_files_only=True).to(subject.device)
        if adapter or merged:
            model = peft.PeftModel.from_pretrained(model, subject.tuned.adapter, adapter_name=TUNED)
        self.model: Any = (model.merge_and_unload() if merged else model).eval()

    def ids(self, prompt: Prompt) -> list[int]:
        turns = [{"role": message.role, "content": message.content} for message in prompt.messages]
        return list(self.tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=False))

    def batch(self, prompts: Sequence[Prompt], tokens: Sequence[int], *, before: DynamicCache | None = None, **how: Any) -> Answered:
        """One batch, padded, which runs until its longest answer is there. `before`: what is known of a beginning that all share."""
        clock = _Clock()
        rows = [self.ids(prompt) for prompt in prompts]
        known = before.get_seq_length() if before is not None else 0
        width = max(map(len, rows))
        sent = [[*row[:known], *[NEVER] * (width - len(row)), *row[known:]] for row in rows]
        seen = [[*[1] * known, *[0] * (width - len(row)), *[1] * (len(row) - known)] for row in rows]
        if before is not None:
            how["past_key_values"] = self.spread(before, len(rows))
        out = self.model.generate(
            input_ids=self.tensor(sent), attention_mask=self.tensor(seen), max_new_tokens=max(tokens), streamer=clock, **{"do_sample": False} | how
        )
        limits = [limit for limit in tokens for _ in range(len(out) // len(rows))]
        texts = [self.text(row[width:][:limit]) for row, limit in zip(out.tolist(), limits, strict=True)]
        return Answered(texts, clock.seconds, [clock.first] * len(texts))

    def one_by_one(self, prompts: Sequence[Prompt], tuned: Sequence[bool], tokens: int) -> Answered:
        """PEFT's adapter switched on and off; each answer comes when those before it are whole."""
        texts, firsts, before = [], [], 0.0
        for prompt, with_adapter in zip(prompts, tuned, strict=True):
            if with_adapter:
                self.model.set_adapter(TUNED)
                made = self.batch([prompt], [tokens])
            else:
                with self.model.disable_adapter():
                    made = self.batch([prompt], [tokens])
            texts += made.texts
            firsts.append(before + made.firsts[0])
            before += made.seconds
        return Answered(texts, before, firsts)

    def sorted_batches(self, prompts: Sequence[Prompt], tokens: Sequence[int], size: int, *, before: DynamicCache | None = None) -> list[str]:
        """The longest prompts first, so that prompts of a batch are about equally long."""
        order = sorted(range(len(prompts)), key=lambda i: -len(self.ids(prompts[i])))
        texts: dict[int, str] = {}
        for at in range(0, len(order), size):
            some = order[at : at + size]
            texts |= zip(some, self.batch([prompts[i] for i in some], [tokens[i] for i in some], before=before).texts, strict=True)
        return [texts[i] for i in range(len(prompts))]

    @torch.inference_mode()
    def read(self, ids: Sequence[int]) -> DynamicCache:
        cache = DynamicCache(config=self.model.config)
        self.model(input_ids=self.tensor([ids]), past_key_values=cache, logits_to_keep=1)
        return cache

    @torch.inference_mode()
    def spread(self, cache: DynamicCache, rows: int) -> DynamicCache:
        own = copy.deepcopy(cache)
        own.batch_repeat_interleave(rows)
        return own

    def tensor(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        return torch.tensor(rows, device=self.device)

    def text(self, ids: Sequence[int]) -> str:
        return str(self.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))


class _Clock(BaseStreamer):
    """When a batch's first token came; `generate` tells it the prompt first."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._told = 0
        self.first = 0.0

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._started

    def put(self, value: torch.Tensor) -> None:
        self._told += 1
        if self._told == 2:
            self.first = self.seconds

    def end(self) -> None:
        return None
