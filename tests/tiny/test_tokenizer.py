"""The tokenizer: any text can be typed, and comes back as it was."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from promptune.tiny import tokenizer
from promptune.tiny.world.text import ASSISTANT, END, PAD, USER, Document, plain

SPECIAL = (PAD, USER, ASSISTANT, END)


def encode(words: PreTrainedTokenizerFast, text: str) -> list[int]:
    ids: list[int] = words(text, add_special_tokens=False)["input_ids"]
    return ids


@given(st.text() | st.lists(st.sampled_from([" ", "\n", "\t", "12", "a", "'", "é", "😀", "¾", "\u0301", *SPECIAL])).map("".join))
def test_any_text_comes_back_as_it_was(words: PreTrainedTokenizerFast, text: str) -> None:
    """Byte-level: no sign is unknown, no space is mended."""
    assert words.decode(encode(words, text), clean_up_tokenization_spaces=False) == text


@given(st.text(st.sampled_from("0123456789 ab.,\n"), max_size=30))
def test_every_digit_stands_alone(words: PreTrainedTokenizerFast, text: str) -> None:
    """A sum is learned digit by digit; were 17 one token, it would have nothing in common with 18."""
    tokens = [words.decode([one]) for one in encode(words, text)]
    assert all(re.fullmatch(r" ?\d", token) for token in tokens if re.search(r"\d", token))


def test_pieces_one_by_one_are_the_whole_document(words: PreTrainedTokenizerFast, corpus: tuple[Document, ...]) -> None:
    """Training encodes piece by piece, to know what is taught; asking encodes all at once. Both must see the same tokens."""
    for document in corpus[:3_000]:
        assert [one for piece in document for one in encode(words, piece.text)] == encode(words, plain(document))


def test_it_is_learned_anew_the_same(words: PreTrainedTokenizerFast) -> None:
    assert tokenizer.learn(2_000).get_vocab() == words.get_vocab()


def test_its_marks_are_single_tokens_at_the_start(words: PreTrainedTokenizerFast) -> None:
    """The weights know them by their numbers."""
    assert [encode(words, mark) for mark in SPECIAL] == [[0], [1], [2], [3]]
    assert (words.pad_token, words.eos_token) == (PAD, END) and len(words) <= tokenizer.VOCABULARY
    assert words.model_max_length == tokenizer.WINDOW
