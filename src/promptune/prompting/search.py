"""Which texts share the most telling words with a question: BM25, the same order every time, in any script."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Sequence
from functools import cache

# Scripts without spaces between words: every character is a token. (Hangul has spaces.)
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"


@cache
def _token() -> re.Pattern[str]:
    """Letters, digits and the marks upon them: for Python's own \\w a vowel sign ends a word."""
    marks = "".join(chr(code) for code in range(0x300, min(sys.maxunicode, 0x20000)) if unicodedata.category(chr(code))[0] == "M")
    return re.compile(rf"[{UNSPACED}]|(?:(?![{UNSPACED}_])[\w{re.escape(marks)}])+")


def tokens(text: str) -> list[str]:
    return _token().findall(unicodedata.normalize("NFKC", text).casefold())


TELLING, FAINT = 4, 0.25  # words told at most; those that count for less than this share of the best tell nothing


class Index:
    """Built once for a set of texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        import bm25s  # only a strategy that searches pays for it

        self._size = len(texts)
        found = [tokens(text) for text in texts]
        self._held = [frozenset(one) for one in found]
        self._known = frozenset().union(*self._held)
        self._bm25 = bm25s.BM25()
        if self._known:  # it cannot count nothing at all
            self._bm25.index(found, show_progress=False)

    def ranked(self, query: str) -> list[int]:
        """The texts' places, best first; those that match equally stay in their order."""
        import numpy

        known = [token for token in tokens(query) if token in self._known]
        if not known:
            return list(range(self._size))
        return [int(place) for place in numpy.argsort(-self._bm25.get_scores(known), kind="stable")]

    def telling(self, query: str, places: Sequence[int]) -> list[list[str]]:
        """For each of some texts the words that brought it its rank, the weightiest first. A word is weighed once for all of them."""
        asked = [token for token in dict.fromkeys(tokens(query)) if any(token in self._held[place] for place in places)]
        weights = {token: self._bm25.get_scores([token])[list(places)] for token in asked}
        return [_weightiest({token: float(weights[token][i]) for token in asked if token in self._held[place]}) for i, place in enumerate(places)]


def _weightiest(weights: dict[str, float]) -> list[str]:
    """Equals stay in their order."""
    least = FAINT * max(weights.values(), default=0.0)
    return sorted((token for token in weights if weights[token] >= least), key=lambda token: -weights[token])[:TELLING]
