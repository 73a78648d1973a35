"""Reading an answer from generated text. Each reader says how it read it.

What kind of answer is wanted is the example's: one of its choices, a number, or text. `direct` reads texts that should begin
with the answer, `after_steps` those that should end with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile

from promptune.core.strategy import Answer
from promptune.core.task import Example
from promptune.prompting import choices
from promptune.prompting.numbers import numbers, value

CUE = re.compile(r"\b(?:ans(?:wer)?|option|choice)(?:\s+(?:is|would\s+be|must\s+be)\b\s*:?|[\s*]*[:：=])[\s*]*(?=\S)|####\s*(?=\S)|\\boxed\{", re.IGNORECASE)
SENTENCE = re.compile(r"(?:[^.!?\n]|[.!?](?=\S))+[.!?]*")
HEADING = re.compile(r"[^:\n]+[:\n]")
SUM = re.compile(r"\s*[-+*/×÷=−–]\s*[\d(]")  # a number that begins a calculation is not yet its result

WHOLE, BEHIND, NOTHING_CAME = "the whole text", "after “the answer is”", "nothing came"


def direct(text: str, example: Example) -> Answer:
    return _read(text, example, steps=False)


def after_steps(text: str, example: Example) -> Answer:
    return _read(text, example, steps=True)


def first_only(text: str, example: Example, shots: Sequence[Example]) -> str:
    """A base model that was shown examples may go on with one of its own. It begins as all of them do ("Q:"), and is not the answer."""
    prompts = sorted(shot.prompt for shot in (*shots, example))
    alike = "".join(first for first, _ in takewhile(lambda pair: pair[0] == pair[1], zip(prompts[0], prompts[-1], strict=False)))
    heading = HEADING.match(alike) if shots else None
    return text.partition(f"\n\n{heading[0]}")[0] if heading else text


def alike(one: str, other: str) -> bool:
    """Whether two answers say the same: numbers by their value, words by their letters."""
    if (amount := value(one)) is not None:
        return amount == value(other)
    return _words(one) == _words(other)


def _words(text: str) -> str:
    """What surrounds an answer says nothing, unless it is all there is."""
    return " ".join((choices.bare(text) or text).casefold().split())


def _read(text: str, example: Example, *, steps: bool) -> Answer:
    if not text.strip():
        return Answer("", NOTHING_CAME)
    behind = _behind_cue(text)
    if example.choices:
        return _choice(text, behind, example, steps=steps)
    if example.answer_type == "number":
        return _number(text, behind, steps=steps)
    return _steps(text, behind) if steps else Answer(text.strip(), WHOLE)


def _choice(text: str, behind: str, example: Example, *, steps: bool) -> Answer:
    if (choice := choices.exactly(text, example.choices)) is not None:
        return Answer(choice, "one of the choices, exactly")
    if behind and (choice := choices.exactly(_sentence(behind), example.choices)) is not None:
        return Answer(choice, BEHIND)
    by_letter = choices.letters(example.choices, example.prompt)
    if behind and (found := _named(behind, example, by_letter, last=False)):
        return Answer(found.value, f"{BEHIND}: {found.how}")
    if found := _named(text, example, by_letter, last=steps):
        return found
    return Answer(_sentences(text)[-1] if steps else text.strip(), "no choice is named: " + ("the last sentence" if steps else WHOLE))


def _named(text: str, example: Example, by_letter: Mapping[str, str], *, last: bool) -> Answer | None:
    if (choice := choices.lettered(text, by_letter, last=last)) is not None:
        return Answer(choice, "by its letter")
    named = [mention.choice for mention in choices.mentions(text, example.choices) if not mention.denied]
    if not named:
        return None
    which = "only" if len(set(named)) == 1 else "last" if last else "first"
    return Answer(named[-1 if last else 0], f"the {which} choice named")


def _number(text: str, behind: str, *, steps: bool) -> Answer:
    if behind:
        sentence = _sentence(behind)
        if found := numbers(sentence.rpartition("=")[2]) or numbers(sentence):
            return Answer(found[0].text, BEHIND)
    found = numbers(text)
    if not found:
        return Answer(_sentences(text)[-1] if steps else text.strip(), "there is no number: " + ("the last sentence" if steps else WHOLE))
    if len(found) == 1:
        return Answer(found[0].text, "the only number")
    begins = not text[: found[0].start].strip(choices.OUTSIDE + "(") and not SUM.match(text, found[0].end)
    return Answer(found[0].text, "the first number") if begins and not steps else Answer(found[-1].text, "the last number")


def _steps(text: str, behind: str) -> Answer:
    """Behind the last cue; else the number that ends the text; else the last sentence."""
    if behind:
        return Answer(_sentence(behind), BEHIND)
    last = _sentences(text)[-1]
    found = numbers(last)
    if found and not last[found[-1].end :].strip(choices.OUTSIDE + ")%"):
        return Answer(found[-1].text, "the last number")
    return Answer(last, "the last sentence")


def _behind_cue(text: str) -> str:
    """What follows the last "the answer is" on its line; empty where there is none."""
    cues = list(CUE.finditer(text))
    if not cues:
        return ""
    line = text[cues[-1].end() :].lstrip().split("\n", 1)[0]
    return line.partition("}")[0] if cues[-1][0].startswith("\\") else line


def _sentence(text: str) -> str:
    """Up to the end of its first sentence; a decimal point does not end one, nor does the mark of a letter."""
    return choices.bare((_sentences(text) or [text])[0])


def _sentences(text: str) -> list[str]:
    return [sentence.strip() for sentence in SENTENCE.findall(text) if choices.bare(sentence)] or [text.strip()]
