"""Where keys and values lie: every token in its row's column, nothing lost when the block grows, nothing seen that is not the row's own."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from promptune.engines import local_slots
from promptune.engines.local_slots import STEP, Slots

LAYERS, HEADS, DIM = 2, 2, 3
CPU = torch.device("cpu")


def tokens(rows: Sequence[Sequence[int]], layer: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Keys and values that tell their token, layer, head and place: (rows, heads, tokens, dim)."""
    keys = torch.tensor(rows, dtype=torch.float32)[:, None, :, None] * 100 + layer * 10 + torch.arange(HEADS)[None, :, None, None] + torch.zeros(DIM)
    return keys, -keys


def put(slots: Slots, starts: list[int], rows: Sequence[Sequence[int]]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """One forward pass, as a model makes it."""
    slots.reserve(len(rows), max(starts) + len(rows[0]))
    slots.at(0, starts, len(rows[0]), CPU)
    return [slots.update(*tokens(rows, layer), layer) for layer in range(LAYERS)]


def told(slots: Slots, slot: int, length: int) -> list[int]:
    """The tokens of a row; every layer, head and number must tell the same."""
    found = [round(float(number) / 100) for number in slots.read(slot, length)[0][0][0, :, 0]] if length else []
    for layer, (keys, values) in enumerate(slots.read(slot, length)):
        expected, negative = tokens([found], layer)
        assert torch.equal(keys, expected[0]) and torch.equal(values, negative[0])
    return found


passes = st.lists(st.tuples(st.integers(1, 5), st.lists(st.integers(1, 140), min_size=4, max_size=4)), min_size=1, max_size=6)


@given(passes, st.data())
def test_rows_that_grow_at_different_places_keep_their_tokens(passes: list[tuple[int, list[int]]], data: st.DataObject) -> None:
    """Against plain lists: rows are filled, cut short, moved and copied, more come, and the block grows under them."""
    slots, plain, number = Slots(LAYERS), list[list[int]](), 0
    for count, cuts in passes:
        count = max(count, len(plain))
        plain += [[] for _ in range(count - len(plain))]
        starts = [min(len(row), cuts[i % 4]) for i, row in enumerate(plain)]  # what stands behind is written over
        new = data.draw(st.integers(1, 40))
        rows = [[number + i * new + j for j in range(new)] for i in range(count)]
        number += count * new
        back = put(slots, starts, rows)
        plain = [[*row[:start], *more] for row, start, more in zip(plain, starts, rows, strict=True)]
        assert back[0][0].shape == (count, HEADS, max(starts) + new, DIM)
        assert [told(slots, slot, len(row)) for slot, row in enumerate(plain)] == plain
        source, target = data.draw(st.integers(0, count - 1)), data.draw(st.integers(0, count - 1))
        if source != target:
            slots.copy(source, target, len(plain[source]))
            plain[target] = list(plain[source])
        kept = slots.read(source, len(plain[source]))
        slots.write(target, kept, len(plain[source]))
        if source != target:
            slots.blank(source)
            plain[source] = []
            assert all(not bool(block[source].any()) for layer in slots.layers for block in (layer.keys, layer.values))
        assert [told(slots, slot, len(row)) for slot, row in enumerate(plain)] == plain


@given(st.lists(st.integers(0, 30), min_size=1, max_size=5), st.integers(1, 6))
def test_a_new_token_sees_its_own_row_up_to_itself(starts: list[int], new: int) -> None:
    slots = Slots(LAYERS)
    slots.at(0, starts, new, CPU)
    mask, width = slots.mask(), max(starts) + new
    plain = [[[column <= start + i for column in range(width)] for i in range(new)] for start in starts]
    if mask is None:  # plain causal attention says the same
        assert len(set(starts)) == 1 and (new == 1 or starts[0] == 0)
    else:
        assert mask.shape == (len(starts), 1, new, width) and mask[:, 0].tolist() == plain
    assert slots.where.tolist() == [[start + i for i in range(new)] for start in starts]
    assert slots.layers[0].get_mask_sizes(new) == (width, 0)


def test_what_is_read_is_a_copy() -> None:
    """What is remembered must not change with the slot that it came from, nor hold the whole block in memory."""
    slots = Slots(LAYERS)
    put(slots, [0, 0], [[1, 2, 3], [4, 5, 6]])
    kept = slots.read(0, 2)
    put(slots, [0, 0], [[7, 8, 9], [7, 8, 9]])
    assert torch.equal(kept[0][0], tokens([[1, 2]], 0)[0][0]) and kept[0][0].untyped_storage().nbytes() == kept[0][0].nbytes


def test_the_block_grows_in_steps_and_gives_its_memory_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of everything for each new token would cost more than the token."""
    slots, sizes = Slots(LAYERS), set[tuple[int, int]]()
    for length in range(1, 1200, 7):
        slots.reserve(1 + length // 300, length)
        sizes.add((slots.rows, slots.columns))
        assert slots.columns >= length and slots.columns % STEP == 0 and slots.columns <= max(STEP, 1.5 * length + STEP)
    assert len(sizes) <= 10
    put(slots, [0], [[1]])
    slots.rest()
    assert slots.rows, "a little stays for the next question"
    monkeypatch.setattr(local_slots, "SMALL", 0)
    slots.rest()
    assert (slots.rows, slots.columns) == (0, 0) and all(layer.keys is None for layer in slots.layers)
    put(slots, [0, 0], [[1, 2], [3, 4]])
    assert [told(slots, slot, 2) for slot in (0, 1)] == [[1, 2], [3, 4]]
