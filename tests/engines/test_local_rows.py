"""How each row's next token is chosen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from promptune.engines.local import LocalEngine
from promptune.engines.protocol import Delta, Failed, Finished, Weights
from tests.engines.samples import DIGIT, QUESTIONS, request


@pytest.mark.parametrize("spelling", ["tiny/zero-shot", "tiny/zero-shot?t=1"])
def test_one_score_that_is_no_number_is_enough(engine: LocalEngine, tiny: Weights, tmp_path: Path, spelling: str) -> None:
    """Damage that touches a single token's score must not look like an answer either."""
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "damaged"
    shutil.copytree(tiny.folder, folder)
    tensors = load_file(folder / "model.safetensors")
    table = tensors["model.embed_tokens.weight"]  # tied: what reads a token also writes it
    (unread,) = engine._shelf.get(tiny).loaded.ids(DIGIT, special=False)
    table[unread] = float("nan")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (*_, end) = engine.stream([request(Weights("damaged", str(folder)), spelling, "hi", max_tokens=60)])
    assert isinstance(end, Failed) and "damaged" in end.what


def test_deltas_never_take_back_nor_count_wrong(engine: LocalEngine, endless: Weights) -> None:
    """However many tokens a delta tells of, the deltas are the beginning of the text, and their counts rise up to its length."""
    asked = [request(endless, f"tiny/zero-shot?t={t}&seed=3", question, max_tokens=90) for t in (0, 1, 4) for question in QUESTIONS]
    told: dict[str, list[Delta]] = {one.id: [] for one in asked}
    for event in engine.stream(asked):
        if isinstance(event, Delta):
            told[event.id].append(event)
        if isinstance(event, Finished):
            deltas = told[event.id]
            assert deltas and event.generation.text.startswith("".join(delta.text for delta in deltas)) and all(delta.text for delta in deltas)
            counts = [delta.tokens for delta in deltas]
            assert counts == sorted(set(counts)) and counts[-1] <= event.generation.completion_tokens == 90
