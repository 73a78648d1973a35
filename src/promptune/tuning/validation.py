"""What is looked at while a model is trained: the validation rows' loss, and what it really writes for some of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from promptune.core.task import Example
from promptune.engines.local_alone import decode, fitting
from promptune.engines.local_models import Loaded
from promptune.engines.local_rows import row
from promptune.engines.protocol import Event, Finished, Request, Weights
from promptune.prompting.strategies.zero_shot import ZeroShot
from promptune.sandbox import Sandbox
from promptune.scoring.metrics import Prediction, measure
from promptune.scoring.same import same
from promptune.tuning import machine
from promptune.tuning.batches import Layout, answer_tokens, loss_sum, micros
from promptune.tuning.encoding import Coded
from promptune.tuning.state import Check, Said

WRITTEN, SHOWN, AT_ONCE = 64, 6, 32  # rows that are written at a check, shown of it, and written at once
MARGIN = 16  # tokens beyond twice the longest answer of the train rows, after which a text is cut off


@dataclass(frozen=True)
class Validation:
    """The rows are the same at every check."""

    loaded: Loaded
    layout: Layout
    metric: str
    coded: Sequence[Coded]
    examples: Sequence[Example]
    most: int  # tokens of a text
    sandbox: Sandbox
    stopped: Callable[[], bool]

    @classmethod
    def of(
        cls,
        loaded: Loaded,
        layout: Layout,
        metric: str,
        pairs: Sequence[tuple[Example, Coded]],
        longest: int,
        most: int,
        sandbox: Sandbox,
        stopped: Callable[[], bool],
    ) -> Validation:
        """`longest`: of the train rows' answers, in tokens; `most`: what an answer may have at all."""
        drawn = random.Random(0).sample(list(pairs), len(pairs))
        return cls(
            loaded,
            layout,
            metric,
            [coded for _, coded in drawn],
            [example for example, _ in drawn[:WRITTEN]],
            min(most, 2 * longest + MARGIN),
            sandbox,
            stopped,
        )

    def check(self, model: Any, step: int) -> Check | None:
        """None where it was stopped meanwhile. What chance the training draws from is left as it was."""
        chance, was = machine.chance(), model.training
        model.eval()
        try:
            loss = self._loss(model)
            texts = self._written(model)
        finally:
            model.train(was)
            machine.set_chance(chance)
        return None if self.stopped() else self._found(step, loss, texts)

    @torch.no_grad()
    def _loss(self, model: Any) -> float:
        device, pad, total = self.loaded.model.device, self.loaded.tokenizer.pad_token_id, 0.0
        for micro in micros(self.coded, self.layout, pad, device):
            if self.stopped():
                break
            total += float(loss_sum(model, micro))
        return total / answer_tokens(self.coded)

    def _written(self, model: Any) -> list[str]:
        loaded, texts = replace(self.loaded, model=model), [""] * len(self.examples)
        strategy, weights = ZeroShot(), Weights("", "")

        def take(event: Event) -> None:
            if isinstance(event, Finished):
                texts[int(event.id)] = event.generation.text

        rows = []
        for i, example in enumerate(self.examples):
            request = Request(str(i), weights, strategy.render(example), self.most, 0)
            sent = loaded.encode(request.prompt, self.sandbox)
            rows.append(row(request, sent, loaded, take, ruled=False))
        rows.sort(key=lambda one: one.sent.tokens)
        for start in range(0, len(rows), AT_ONCE):
            for together in fitting(rows[start : start + AT_ONCE], loaded):
                decode(loaded, together, lambda _: self.stopped())
        return texts

    def _found(self, step: int, loss: float, texts: Sequence[str]) -> Check:
        strategy = ZeroShot()
        answers = [strategy.read(text, example).value for text, example in zip(texts, self.examples, strict=True)]
        predictions = [
            Prediction(text, answer, example.references, example.answer_type) for text, answer, example in zip(texts, answers, self.examples, strict=True)
        ]
        score = measure([self.metric], predictions)[self.metric].score.value
        shown = zip(self.examples[:SHOWN], texts, answers, strict=False)
        said = tuple(Said(example.prompt, text, example.completion or "", same(answer, example)) for example, text, answer in shown)
        return Check(step, loss, score, said)
