"""The text of tokens that become more, without decoding all of them each time."""

from __future__ import annotations

from collections.abc import Callable

STEP = 16  # tokens: how often the place moves where decoding begins
TORN = "�"  # how a decoder shows bytes that do not make a character yet


class GrowingText:
    """Always what decoding all the ids gives.

    A token's text can depend on its neighbours: the first one loses its space, a character needs all its bytes. So decoding begins some
    tokens before the new ones; what those tokens give alone is in front of what they give with the new ones, and only what is behind it
    is new. Where it is not in front (bytes that after all make no character), all ids are decoded.
    """

    def __init__(self, decode: Callable[[list[int]], str]) -> None:
        self._decode = decode
        self._text = ""  # of the first `_known` ids
        self._alone = ""  # what ids `_start` to `_known` give alone
        self._start = self._known = 0

    def of(self, ids: list[int]) -> str:
        """ids: those of the last time, and perhaps new ones behind them."""
        tail = self._decode(ids[self._start :])
        text = self._text + tail[len(self._alone) :] if tail.startswith(self._alone) else self._decode(ids)
        if len(ids) - self._known >= STEP and not text.endswith(TORN) and (alone := self._decode(ids[self._known :])):
            self._text, self._alone, self._start, self._known = text, alone, self._known, len(ids)
        return text
