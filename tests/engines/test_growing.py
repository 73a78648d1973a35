"""The text of a growing answer is what decoding all of it gives, whatever a tokenizer makes of neighbours."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models

from promptune.engines.growing import STEP, GrowingText
from promptune.models import BUNDLED_FOLDER

Decode = Callable[[list[int]], str]
SPECIAL = "<s>"
PIECES = [SPECIAL, "▁", "▁▁", "▁horse", "s", "é", "."]
BYTES = [f"<0x{byte:02X}>" for byte in (0xC3, 0xA9, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0xFF, 0x41)]  # of é, €, emoji, nothing, A
WORDS = [SPECIAL, "horse", "##s", "##'", ".", "n't", "do", "not"]
ENDS = [SPECIAL, "hor", "se</w>", "</w>", "x"]


def spelled(pieces: list[str], decoder: decoders.Decoder) -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel({piece: id for id, piece in enumerate(pieces)}, unk_token=SPECIAL))
    tokenizer.decoder = decoder
    tokenizer.add_special_tokens([SPECIAL])
    return tokenizer


def fallback(*more: decoders.Decoder) -> decoders.Decoder:
    return decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), *more])


TOKENIZERS = {
    "bytes": Tokenizer.from_file(str(BUNDLED_FOLDER / "tokenizer.json")),
    "like T5": spelled(PIECES, decoders.Metaspace()),
    "like Llama": spelled(PIECES + BYTES, fallback(decoders.Strip(" ", 1, 0))),
    "like Gemma": spelled(PIECES + BYTES, fallback()),
    "like BERT": spelled(WORDS, decoders.WordPiece()),
    "like CLIP": spelled(ENDS, decoders.BPEDecoder()),
}


def decoding(tokenizer: Tokenizer) -> Decode:
    return lambda ids: str(tokenizer.decode(ids, skip_special_tokens=True))


def named(*pieces: str) -> list[int]:
    return [(PIECES + BYTES).index(piece) for piece in pieces]


@given(st.lists(st.lists(st.integers(0, 2047), min_size=1, max_size=STEP), max_size=8))
@example([named(*["s"] * STEP), named(*[SPECIAL] * STEP), named("▁horse")])  # tokens without a text are no neighbours
@example([named(*["▁horse"] * STEP), named("▁horse")])  # only the very first word loses its space
@example([named(*["s"] * (STEP - 2), "<0xC3>", "<0xA9>"), named("<0xFF>"), named("▁horse")])  # a broken byte breaks its neighbours too
@example([named(*["s"] * (STEP - 1), "<0xC3>"), named("<0xA9>"), named("▁horse")])
@pytest.mark.parametrize("tokenizer", TOKENIZERS.values(), ids=TOKENIZERS)
def test_it_is_always_what_decoding_all_ids_gives(tokenizer: Tokenizer, steps: list[list[int]]) -> None:
    decode, ids = decoding(tokenizer), list[int]()
    text = GrowingText(decode)
    for new in steps:
        ids += [id % tokenizer.get_vocab_size() for id in new]
        assert text.of(ids) == decode(ids)


def test_a_long_answer_is_not_decoded_again_at_each_token() -> None:
    decode, seen = decoding(TOKENIZERS["bytes"]), list[int]()
    ids = TOKENIZERS["bytes"].encode("The horse and the boat, é and €. " * 40, add_special_tokens=False).ids

    def counted(ids: list[int]) -> str:
        seen.append(len(ids))
        return decode(ids)

    text = GrowingText(counted)
    assert [text.of(ids[: n + 1]) for n in range(len(ids))][-1] == decode(ids)
    assert max(seen) < 3 * STEP < len(ids)
