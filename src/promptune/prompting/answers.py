"""Reading an answer from generated text. Each reader says how it read it."""

from __future__ import annotations

import re

from promptune.core.strategy import Answer

CUE = re.compile(r"\banswer(?:\s+is\b\s*:?|[\s*]*:)[\s*]*(?=\S)", re.IGNORECASE)
NUMBER = re.compile(r"(?<![\w.])-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w])(?!\.\d)")
SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")


def whole(text: str) -> Answer:
    return Answer(text.strip(), "the whole text" if text.strip() else "nothing came")


def after_steps(text: str) -> Answer:
    """Behind the last "the answer is"; without one the last number; without one the last sentence."""
    if cues := list(CUE.finditer(text)):
        return Answer(_bare(text[cues[-1].end() :].splitlines()[0]), "after “the answer is”")
    if numbers := NUMBER.findall(text):
        return Answer(numbers[-1].rstrip(",").replace(",", ""), "the last number")
    sentences = [sentence.strip() for sentence in SENTENCE.findall(text) if sentence.strip()]
    return Answer(sentences[-1], "the last sentence") if sentences else Answer("", "nothing came")


def _bare(text: str) -> str:
    """A cue's answer up to the end of its sentence; a decimal point does not end one."""
    return re.split(r"(?<!\d)[.!?](?=\s|$)|[.!?](?=\s|$)", text.strip())[0].strip().strip("\"'*“”")
