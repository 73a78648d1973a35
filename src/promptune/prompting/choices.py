"""Which of the given choices a text names: by its words, or by the letter that stood before it."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from promptune.prompting.numbers import numbers, only, value

# "not positive, but negative" names negative. What stands between is at most two small words: "not a very good".
NEAR = 40  # characters in which a "not" may stand
SMALL = r"an?|the|really|very|at\s+all|quite|so|be"
NOT = re.compile(rf"(?:\b(?:not|never|neither|nor|isnt|instead\s+of|rather\s+than)|n['’]t)(?:\s+(?:{SMALL})){{0,2}}\s+[\"'“*(]*$", re.IGNORECASE)
LETTERED = re.compile(r"\s*\(?([A-Za-z])\s*[).:\]]\s*(?=\S)")
# A letter alone is a word in many languages: it counts before a mark at the very start, in brackets, on a line of its own, and where it is
# said to be the option or to be right.
GIVEN = re.compile(
    r"\(([A-Za-z])\)|^[ \t]*\**([A-Za-z])[.:*]*[ \t]*$"
    r"|\b(?i:option|choice|letter|answer)\s+\(?([A-Z])\b(?!['’])|\b([A-Z])\s+is\s+(?:the\s+)?(?:correct|right|best|answer)\b",
    re.MULTILINE,
)
LEADING = re.compile(r"[\s\"'“*(\[]*([A-Za-z])(?:[).:\],*\"'”]|\s*$|\s+(?:because|since|as|due)\b)")
OUTSIDE = string.whitespace + "\"'“”‘’*_`.,;:!?。！？、，"


def bare(text: str) -> str:
    """Without what stands around an answer: quotes, emphasis, a full stop."""
    return text.strip(OUTSIDE)


SPELLINGS: tuple[Callable[[str], str], ...] = (str, str.strip, bare, lambda text: bare(text).casefold(), lambda text: only(text) or text)


@dataclass(frozen=True)
class Mention:
    start: int
    end: int
    choice: str
    denied: bool  # "not" stands before it


def exactly(text: str, choices: Sequence[str]) -> str | None:
    """The choice that a text is, upper and lower case and outer punctuation aside; nearer spellings first."""
    for spelled in SPELLINGS:
        if wanted := spelled(text):
            for choice in choices:
                if spelled(choice) == wanted:
                    return choice
    return None


def letters(choices: Sequence[str], prompt: str) -> dict[str, str]:
    """Letter -> choice, where the choices are letters, begin with theirs, or stand behind theirs in the prompt, all of them; else nothing."""
    own = [LETTERED.match(choice) or re.fullmatch(r"\(?([A-Za-z])\)?", choice) for choice in choices]
    found = {match[1].upper(): choice for match, choice in zip(own, choices, strict=True) if match}
    if len(found) < len(choices):
        marked = [rf"(?:^|[\s(\[]){letter}\s*[).:\]]\s*{_spaced(choice)}" for letter, choice in zip(string.ascii_uppercase, choices, strict=False)]
        found = {string.ascii_uppercase[i]: choices[i] for i, mark in enumerate(marked) if re.search(mark, prompt, re.IGNORECASE)}
    return found if len(found) == len(choices) else {}


def lettered(text: str, by_letter: Mapping[str, str], *, last: bool) -> str | None:
    """The choice whose letter a text gives: the one it begins with, or the only one it names; with `last` the last one it names."""
    leading = LEADING.match(text)
    begins = by_letter.get(leading[1].upper()) if leading else None
    within = [by_letter.get(match[match.lastindex or 0].upper()) for match in GIVEN.finditer(text) if not _denied(text, match.start())]
    named = [choice for choice in (begins, *within) if choice is not None]
    if last:
        return named[-1] if named else None
    return begins if begins is not None else named[0] if len(set(named)) == 1 else None


def mentions(text: str, choices: Sequence[str]) -> list[Mention]:
    """Every choice that a text holds as words of its own, in its order. Of two that overlap the longer one is meant: world politics, not world."""
    found: list[tuple[int, int, str]] = []
    amounts = {value(choice) for choice in choices} - {None}
    said = [(one, value(one.text if value(one.text) in amounts else one.text.partition("/")[0])) for one in numbers(text)] if amounts else []
    for choice in dict.fromkeys(choices):
        if (amount := value(choice)) is not None:  # 4.0 names 4, and so does 4/5 where that is no choice
            found += [(one.start, one.end, choice) for one, says in said if says == amount]
        elif wanted := bare(choice):
            found += [(match.start(), match.end(), choice) for match in _bounded(wanted).finditer(text)]
    kept: list[tuple[int, int, str]] = []
    for start, end, choice in sorted(found, key=lambda one: (one[0] - one[1], one[0])):
        if all(end <= other[0] or other[1] <= start for other in kept):
            kept.append((start, end, choice))
    return [Mention(start, end, choice, _denied(text, start)) for start, end, choice in sorted(kept)]


def _denied(text: str, start: int) -> bool:
    return NOT.search(text, max(0, start - NEAR), start) is not None


def _spaced(choice: str) -> str:
    return r"\s+".join(map(re.escape, choice.split()))


def _bounded(choice: str) -> re.Pattern[str]:
    """A choice as words of its own. Scripts without spaces between words have no such edge; a letter alone may be a word like any other."""
    if len(choice) == 1 and choice.isalpha() and _has_edge(choice):
        return re.compile(rf"(?<!\w){choice}(?!\w)(?!\s+[a-z])")
    before = r"(?<!\w)(?<!\d[.,])" if _has_edge(choice[0]) else ""
    after = r"(?!\w)(?![.,]\d)" if _has_edge(choice[-1]) else ""
    return re.compile(f"{before}{_spaced(choice)}{after}", re.IGNORECASE)


def _has_edge(char: str) -> bool:
    return char.isalnum() and char < "\u2e80" and not "\u0e00" <= char <= "\u0eff"
