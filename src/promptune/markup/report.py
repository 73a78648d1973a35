"""A scorecard as one file that stands alone: it loads nothing, runs no script, and can be read offline and printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from promptune.core.score import Scorecard
from promptune.markup import charts, measured, samples, skills, standings, styles, verdict
from promptune.markup.escape import esc
from promptune.markup.shapes import notice

# A browser that finds markup which is not ours all the same has nothing to load and nothing to run.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
MOST = 20  # rows of each kind of sample


def page(
    card: Scorecard,
    rows: Sequence[samples.Row],
    title: str,
    facts: Sequence[tuple[str, str]],
    command: str = "",
    signatures: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
) -> str:
    """`facts` stand in a line under the title, `notes` say what a reader must know of how it went; `command` makes it again."""
    about = "".join(f"<div><dt>{esc(name)}</dt><dd>{esc(value)}</dd></div>" for name, value in facts if value)
    pictures = [charts.quality_cost(card), charts.learned_kept(card), f"<h2>What changed</h2>{skills.table(card)}"]
    parts = [
        f'<header><span class="brand">Promptune</span><h1 dir="auto">{esc(title)}</h1></header>',
        f'<section><dl class="about">{about}</dl>{verdict.view(card)}{"".join(map(notice, notes))}</section>',
        f'<section class="card" aria-label="Standings">{standings.table(card)}</section>',
        f'<section class="trio">{"".join(f"<div class=card>{one}</div>" for one in pictures)}</section>',
        _samples(card, rows),
        f'<section class="card measured"><h2>How it was measured</h2>{measured.view(card, signatures)}</section>',
        f'<section class="card"><h2>Make it again</h2><pre><code>{esc(command)}</code></pre></section>' if command else "",
    ]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{esc(POLICY)}"><title>{esc(title)}</title><style>{styles.report()}</style></head>\n'
        f"<body><main>{chr(10).join(filter(None, parts))}</main></body></html>\n"
    )


def _samples(card: Scorecard, rows: Sequence[samples.Row]) -> str:
    if not rows:
        return ""
    found = samples.counts(rows, card.contenders)
    shown: list[samples.Show] = [show for show in samples.TITLES if show != "all" and found[show]]
    folds = "".join(
        f"<details{' open' if i == 0 else ''}><summary><b>{found[show]:,} {esc(samples.TITLES[show][0].lower())}</b>"
        f' <span class="soft small">{esc(samples.TITLES[show][1])}</span></summary>{samples.view(rows, card.contenders, show, MOST)}</details>'
        for i, show in enumerate(shown or samples.TITLES)
    )
    return f'<section class="card samples"><h2>Samples</h2>{folds}</section>'
