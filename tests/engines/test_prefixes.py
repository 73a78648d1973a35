"""What is remembered of prompts: never more than is equal, never another adapter's, never too much, and really what the model would compute."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from promptune.engines.local_adapters import PLAIN, Lora, Mix
from promptune.engines.local_prefixes import BLOCK, Prefixes
from promptune.engines.local_slots import Kept, Slots
from tests.engines.batches import ask, batch, draw, llama, loaded

LORA = Lora({}, 1, 0)
MIXES = (PLAIN, Mix(LORA, 1.0), Mix(LORA, 0.5), Mix(Lora({}, 1, 0), 1.0))
TOKEN = 2 * 4  # bytes of a token in `kept`: one number as key, one as value


def kept(mix: Mix, ids: Sequence[int]) -> Kept:
    """Keys and values that tell whose they are."""
    return [(torch.tensor([ids], dtype=torch.float32), torch.full((1, len(ids)), float(MIXES.index(mix))))]


@st.composite
def prompts(draw: st.DrawFn) -> tuple[int, ...]:
    """They begin alike in whole blocks and in parts of blocks, and some are only the beginning of another one."""
    blocks = [(1,) * BLOCK, (2,) * BLOCK, (*(1,) * (BLOCK - 1), 2)]
    ids = tuple(itertools.chain(*draw(st.lists(st.sampled_from(blocks), max_size=4))))
    return (*ids, *draw(st.sampled_from([(), (1,), (2,), (1,) * 5, (2, 1)])))


@dataclass(frozen=True)
class Step:
    what: str
    mix: Mix
    ids: tuple[int, ...]


steps = st.lists(st.builds(Step, st.sampled_from(["add", "add", "find"]), st.sampled_from(MIXES), prompts()), max_size=25)


def common(one: Sequence[int], other: Sequence[int]) -> int:
    return next((i for i, (mine, theirs) in enumerate(zip(one, other, strict=False)) if mine != theirs), min(len(one), len(other)))


@given(steps, st.sampled_from([0, 20, 45, 100, 10_000]))
def test_it_keeps_what_a_plain_list_would_keep_or_less(steps: list[Step], tokens: int) -> None:
    """Against the brute force: everything that ever was added, compared token by token."""
    prefixes = Prefixes(tokens * TOKEN)
    added: set[tuple[Mix, tuple[int, ...]]] = set()
    for step in steps:
        if step.what == "add":
            prefixes.add(step.mix, step.ids, kept(step.mix, step.ids))
            added.add((step.mix, step.ids))
        found, length = prefixes.find(step.mix, step.ids)
        most = max((common(step.ids, ids) for mix, ids in added if mix == step.mix), default=0)
        assert length <= min(most, max(0, len(step.ids) - 1)), "the last token is always left to be read"
        assert length == 0 or length >= BLOCK
        assert bool(found) == bool(length)
        for keys, values in found:
            assert keys[0, :length].tolist() == list(step.ids[:length]) and set(values[0, :length].tolist()) <= {float(MIXES.index(step.mix))}
        if step.what == "add" and BLOCK <= len(step.ids) <= tokens:
            whole = len(step.ids) // BLOCK * BLOCK
            assert length >= min(whole, len(step.ids) - 1) or len(step.ids) == BLOCK, "what was just added is found"
            assert prefixes.find(step.mix, (*step.ids, 7))[1] >= whole
        assert 0 <= prefixes.size <= prefixes.budget
        assert prefixes.size == sum(entry.size for entry in prefixes._entries.values())
        if tokens == 10_000 and (most := min(most, len(step.ids) - 1)) >= BLOCK:
            assert length >= min(most // BLOCK * BLOCK, len(step.ids) - 1), "with room for all nothing is lost"
    prefixes.clear()
    assert prefixes.size == 0 and all(prefixes.find(mix, ids) == ([], 0) for mix, ids in added)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=40))
def test_what_was_used_longest_ago_goes_first(uses: list[tuple[int, bool]]) -> None:
    """Prompts that have nothing in common, three of which fit: exactly a list of three."""
    prefixes, there = Prefixes(3 * 20 * TOKEN), list[int]()
    for number, add in uses:
        ids = (100 + number,) * 20
        if add:
            prefixes.add(PLAIN, ids, kept(PLAIN, ids))
        elif not prefixes.find(PLAIN, ids)[1]:
            assert number not in there
            continue
        there = [*(one for one in there if one != number), number][-3:]
        assert {entry.ids[0] - 100 for entry in prefixes._entries.values()} == set(there)


def test_an_answer_takes_the_place_of_its_question() -> None:
    """A conversation that goes on is one entry, not one for each turn."""
    prefixes = Prefixes(10**6)
    for length in (20, 40, 41, 100):
        prefixes.add(PLAIN, range(length), kept(PLAIN, range(length)))
        assert prefixes.size == length * TOKEN
    prefixes.add(PLAIN, range(60), kept(PLAIN, range(60)))
    assert prefixes.size == 100 * TOKEN, "and the beginning of what is known is known"


def test_what_is_shared_by_many_outlives_the_first_of_them() -> None:
    """Every question behind the same examples uses the first entry that holds them, so that one stays."""
    prefixes = Prefixes(4 * 60 * TOKEN)
    head = tuple(range(48))
    for question in range(30):
        ids = (*head, *[100 + question] * 12)
        assert prefixes.find(PLAIN, ids)[1] == (48 if question else 0)
        prefixes.add(PLAIN, ids, kept(PLAIN, ids))


def test_what_was_added_last_is_found_though_what_it_shares_had_to_go() -> None:
    prefixes = Prefixes(100 * TOKEN)
    for mix, ids in ((MIXES[1], (1,) * 64), (PLAIN, (1,) * 21), (MIXES[1], (*(1,) * 16, 2))):
        prefixes.add(mix, ids, kept(mix, ids))
    assert prefixes.find(MIXES[1], (*(1,) * 16, 2))[1] == 16


def test_signs_that_collide_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks are found by a hash of them: the ids themselves have the last word."""
    import promptune.engines.local_prefixes as module

    monkeypatch.setattr(module, "hash", lambda _: 7, raising=False)
    prefixes = Prefixes(10**6)
    prefixes.add(MIXES[1], (1,) * 32, kept(MIXES[1], (1,) * 32))
    assert prefixes.find(PLAIN, (1,) * 33) == ([], 0) and prefixes.find(MIXES[1], (2,) * 33) == ([], 0)
    assert prefixes.find(MIXES[1], (1,) * 33)[1] in (0, 32)


@pytest.mark.parametrize("owner", ["", "ann"])
def test_what_is_kept_is_what_the_model_computes_afresh(owner: str) -> None:
    """However it came there: read at once or in pieces, beside others, behind what was known, or written as an answer."""
    model = loaded(llama())
    shared = batch(model)
    asked = [ask(model, [*draw(40 * (i % 3), 1), *draw(30 + 9 * i, 2 + i)], owner=owner, limit=3 + i) for i in range(6)]
    shared.ask(*asked[:3])
    shared.ask(*asked[3:])
    assert len(shared.prefixes._entries) >= 3
    for entry in shared.prefixes._entries.values():
        fresh = Slots(shared.reader.layers)
        with torch.inference_mode():
            shared.reader.read(fresh, 0, [entry.ids], [0], [entry.mix])
        for (keys, values), (new_keys, new_values) in zip(entry.kept, fresh.read(0, len(entry.ids)), strict=True):
            assert torch.allclose(keys, new_keys, atol=1e-4, rtol=1e-4) and torch.allclose(values, new_values, atol=1e-4, rtol=1e-4)
            assert keys.untyped_storage().nbytes() == keys.nbytes, "a view would hold the whole batch in memory"
    if owner:
        [longest] = [entry for entry in shared.prefixes._entries.values() if entry.ids[: asked[5].row.sent.tokens] == asked[5].row.sent.ids]
        assert longest.ids == (*asked[5].row.sent.ids, *asked[5].row.ids[:-1]), "a person may go on from here"
