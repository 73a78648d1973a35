"""Answers of models that cannot share a continuous batch: `generate` runs them, and every row's next token is chosen here.

These are encoder-decoders, models whose past is more than keys and values, and adapters that add to the prompt. Choosing in a logits processor
gives each row its own temperature, seed, length and stop texts all the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import torch

from promptune.engines.local_adapters import Mix
from promptune.engines.local_models import Loaded
from promptune.engines.local_rows import Row, choose, need_numbers
from promptune.errors import EngineError


class Alone:
    """Runs each group of rows that can share a batch in a thread of its own."""

    def __init__(self, loaded: Loaded, cancelled: Callable[[str], bool]) -> None:
        self.loaded, self._cancelled = loaded, cancelled
        self._turn = threading.Lock()
        self._lock = threading.Lock()  # of the list
        self._threads: list[threading.Thread] = []
        self._closing = False

    def add(self, rows: Sequence[tuple[Row, Mix]]) -> None:
        """Its rows mix nothing in."""
        for group in fitting([row for row, _ in rows], self.loaded):
            thread = threading.Thread(target=self._run, args=(group,), daemon=True, name="alone")
            with self._lock:
                thread.start()
                self._threads = [*(one for one in self._threads if one.is_alive()), thread]

    def run(self, work: Callable[[], Any]) -> Any:
        with self._turn if self.loaded.one_at_a_time else nullcontext():
            return work()

    @property
    def busy(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def close(self) -> None:
        self._closing = True
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _run(self, rows: list[Row]) -> None:
        torch.set_num_threads(self.loaded.threads)
        try:
            self.run(lambda: decode(self.loaded, rows, lambda id: self._closing or self._cancelled(id)))
        except Exception as error:
            for row in rows:
                row.fail(error)


def fitting(rows: Sequence[Row], loaded: Loaded) -> list[list[Row]]:
    """Rows that can share a batch. A batch runs until its longest answer ends, and no row may be carried past the window:
    positions that a model never learned can fail. An encoder-decoder writes into a window of its own."""
    if loaded.one_at_a_time:
        return [[row] for row in rows]
    batches: list[list[Row]] = []
    for row in rows:
        for batch in batches:
            both = [*batch, row]
            if loaded.seq2seq or max(one.sent.tokens for one in both) + max(one.limit for one in both) <= loaded.window:
                batch.append(row)
                break
        else:
            batches.append([row])
    return batches


def decode(loaded: Loaded, rows: Sequence[Row], cancelled: Callable[[str], bool]) -> None:
    """Every row ends in one Finished event, or all that did not in the error that is raised."""
    batch = loaded.tokenizer.pad({"input_ids": [list(row.sent.ids) for row in rows]}, return_tensors="pt").to(loaded.model.device)
    chooser = _Chooser(rows, cancelled)
    with torch.inference_mode():
        loaded.model.generate(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            max_new_tokens=max(row.limit for row in rows),
            logits_processor=[chooser],
            stopping_criteria=[chooser.finished],
        )
    if any(not row.ended for row in rows):
        raise EngineError("the model ended before its answer did.", todo="Ask again; if it happens again, try another model.")


class _Chooser:
    def __init__(self, rows: Sequence[Row], cancelled: Callable[[str], bool]) -> None:
        self.rows, self.cancelled = rows, cancelled

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """scores: (rows, vocabulary). Back they come with each row's token on top, where `generate` then looks; a greedy row's is there already."""
        tops: list[float] = scores.amax(dim=-1).tolist()
        going = [i for i, row in enumerate(self.rows) if not row.ended]
        for i, token in zip(going, choose(scores[going], [self.rows[i] for i in going]), strict=True):
            row = self.rows[i]
            try:
                need_numbers(tops[i])
                if self.cancelled(row.request.id):
                    row.finish("cancelled")
                    continue
                if row.request.temperature > 0:
                    scores[i, token] = torch.inf
                row.take(token)
            except Exception as error:  # of this row alone
                row.fail(error)
        return scores

    def finished(self, input_ids: torch.Tensor, scores: torch.Tensor, **_: Any) -> torch.Tensor:
        return torch.tensor([row.ended for row in self.rows], device=input_ids.device)
