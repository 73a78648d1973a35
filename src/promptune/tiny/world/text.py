"""What a document is made of, and which items are held out of training."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

T = TypeVar("T")

PAD, USER, ASSISTANT, END = "<|pad|>", "<|user|>", "<|assistant|>", "<|end|>"
PARTS = 10  # an item's key falls into one of so many, by hash
HELD_OUT = 2  # the first of them are never trained on: 0 is test, 1 is validation


@dataclass(frozen=True)
class Piece:
    text: str
    taught: bool  # what the model is to say: its loss counts fully, that of all else a little


Document = tuple[Piece, ...]


def plain(document: Document) -> str:
    return "".join(piece.text for piece in document)


def chat(prompt: str, answer: str) -> Document:
    """One question and its answer, in the form of the chat template."""
    return Piece(f"{USER}{prompt}{ASSISTANT}", False), Piece(f" {answer}{END}", True)


def page(text: str, *, taught: bool = False) -> Document:
    """Text that nobody asked for."""
    return (Piece(text + END, taught),)


def part_of(key: str) -> int:
    return zlib.crc32(key.encode()) % PARTS


def trained(key: str, held_out: int = HELD_OUT) -> bool:
    return part_of(key) >= held_out


def drawn(make: Callable[[Random], T], key: Callable[[T], str], chance: Random) -> T:
    """An item that may be trained on. Every skill that has a table of its own draws through here."""
    while True:
        item = make(chance)
        if trained(key(item)):
            return item


def sentence(text: str) -> str:
    """The text with a capital at its start; the rest as it is."""
    return text[0].upper() + text[1:]


def an(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def listed(items: Sequence[str]) -> str:
    """Anna, Ben and Clara."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
