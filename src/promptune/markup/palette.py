"""One look for each contender by its place on the card, the same in tables, pictures and samples: a colour, a marker's shape, and a short label.

The shape and the label tell them apart where colours do not: on paper, and to one man in twelve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from promptune.core.contender import Contender
from promptune.core.decoding import number
from promptune.core.score import Scored
from promptune.errors import UserError
from promptune.markup.escape import esc
from promptune.markup.words import clip
from promptune.scoring.wording import RECIPES

COLOURS = 8  # --c0 … --c7 in tokens.css; the classes k0 … k7 choose one
SHAPES = (  # each about as large as the others, around 0,0 and within 6 units of it
    '<circle r="5.2"/>',
    '<rect x="-4.7" y="-4.7" width="9.4" height="9.4" rx="1.2"/>',
    '<path d="M0-6 6 0 0 6-6 0Z"/>',
    '<path d="M0-5.8 5.8 4.6H-5.8Z"/>',
    '<path d="M0 5.8 5.8-4.6H-5.8Z"/>',
    '<path d="M-2-5.6H2V-2H5.6V2H2V5.6H-2V2H-5.6V-2H-2Z"/>',
    '<path d="M-3-5.2H3L6 0 3 5.2H-3L-6 0Z"/>',
    '<path d="M0-6 1.6-2 6-2 2.6.8 3.8 5 0 2.6-3.8 5-2.6.8-6-2-1.6-2Z"/>',
)
LONGEST = 22  # characters of a label


@dataclass(frozen=True)
class Look:
    index: int  # its place on the card
    spelling: str
    label: str  # short, and no other contender's on this card
    contender: Contender | None  # None where the spelling does not parse: shown, and compared with nothing

    @property
    def tuned(self) -> bool:
        return self.contender is not None and self.contender.run is not None and self.contender.strength > 0  # at 0 it is its base

    @property
    def kind(self) -> str:
        """The class that sets --k to its colour."""
        return f"k{self.index % COLOURS}"

    @property
    def shape(self) -> str:
        """After eight contenders the colours begin again, with other shapes."""
        return SHAPES[(self.index + self.index // COLOURS) % len(SHAPES)]

    @property
    def key(self) -> str:
        """The marker beside its name."""
        return f'<svg class="swatch {self.kind}" viewBox="-7 -7 14 14" aria-hidden="true">{self.shape}</svg>'

    @property
    def name(self) -> str:
        """Marker and label, for running text and narrow columns."""
        return f'<span class="who" title="{esc(self.spelling)}">{self.key}{esc(self.label)}</span>'


def looks(contenders: Sequence[Scored]) -> list[Look]:
    """In the order of the card."""
    parsed = [_parsed(one.contender) for one in contenders]
    several = len({one.model for one in parsed if one}) > 1
    labels = [_label(scored, one, several) if one else scored.contender for scored, one in zip(contenders, parsed, strict=True)]
    labels = [label if labels.count(label) == 1 else scored.contender for scored, label in zip(contenders, labels, strict=True)]
    labels = [label if len(label) <= LONGEST else _numbered(i, label) for i, label in enumerate(labels)]
    return [Look(i, scored.contender, labels[i], parsed[i]) for i, scored in enumerate(contenders)]


def base_of(look: Look, all_: Sequence[Look]) -> Look | None:
    """The untuned model asked zero-shot, decoded alike if such a contender is there: what tuning and prompting are measured against."""
    if look.contender is None:
        return None
    plain = replace(look.contender, run=None, strength=1.0, strategy="zero-shot", args=(), options=())
    by_spelling = {other.spelling: other for other in all_}
    return by_spelling.get(str(plain)) or by_spelling.get(f"{plain.model}/{plain.strategy}")


def _label(scored: Scored, contender: Contender, several: bool) -> str:
    strategy, _, arguments = str(contender).partition("/")[2].partition("?")[0].partition(":")
    how = f"{strategy} {arguments}".strip()
    if contender.run is None:
        return f"{contender.model} {how}" if several else how
    recipe = scored.tuning.recipe if scored.tuning else contender.run
    strength = f" @{number(contender.strength)}" if contender.strength != 1 else ""
    return f"{f'{contender.model} ' if several else ''}{RECIPES.get(recipe, recipe)}{strength}{f', {how}' if strategy != 'zero-shot' else ''}"


def _numbered(index: int, label: str) -> str:
    """What is cut short may no longer differ from the others, so it gets a number."""
    return f"{index + 1} {clip(label, LONGEST - 3)}"


def _parsed(spelling: str) -> Contender | None:
    try:
        return Contender.parse(spelling)
    except UserError:
        return None
