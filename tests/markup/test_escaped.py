"""A report is opened by people who did not make it: whatever a model, a file or a person wrote is shown as that text, and the page loads nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptune.core.score import Retention, Scorecard, Skill, Tuning
from promptune.core.verdict import Verdict
from promptune.markup import charts, measured, palette, report, samples, skills, standings, styles, verdict
from tests.markup.samples import VERDICT, card, overlapping, partial, rows

EVIL = [
    "<script>alert(1)</script>",
    """"onmouseover="alert(1)" ' </title></style><img src=x onerror=alert(2)>""",
    "\u202eevil\u2066 \u200f",  # text that turns the rest around
    "half \ud800 a pair",
    '</svg><a href="https://example.org">x</a> url(https://example.org)',
    "&#x27;100%&amp; <b>5 questions</b>",
    "",
]
# fmt: off
OURS = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "section", "article", "div",
    "span", "h1", "h2", "p", "b", "i", "ul", "li", "dl", "dt", "dd", "pre", "code",
    "table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary", "figure", "figcaption", "svg", "g", "path", "circle", "rect", "text",
}
ATTRIBUTES = {
    "lang", "charset", "name", "content", "http-equiv", "class", "dir", "title", "role", "aria-label", "aria-hidden", "tabindex", "scope", "open",
    "viewbox", "d", "r", "x", "y", "width", "height", "rx", "transform", "text-anchor",
}
# fmt: on
VOID = {"meta", "path", "circle", "rect"}  # those of svg close themselves where they are drawn


class Parsed(HTMLParser):
    """Tags as a browser sees them; every one is closed by its own."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(markup)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def hostile(text: str) -> Scorecard:
    """The sample card with this text in every field that holds one, the contenders' spellings of half of them too."""
    whole = card()
    spelled = {one.contender: f"{one.contender}{text}" for i, one in enumerate(whole.contenders) if i % 2}
    contenders = tuple(
        replace(
            one,
            contender=spelled.get(one.contender, one.contender),
            metrics=one.metrics | {text: one.metrics["accuracy"]},
            tuning=one.tuning and Tuning(text, 1.0, 1, 0.5),
            retention=one.retention and _retention(one.retention, text),
        )
        for one in whole.contenders
    )
    differences = tuple(replace(one, first=spelled.get(one.first, one.first), second=text, test=text) for one in VERDICT.differences)
    differences = (replace(differences[0], first=text), *differences[1:])  # somebody who is not on the card
    told = Verdict("accuracy", text, (text, f"{text} 4%", text), spelled.get(VERDICT.best, VERDICT.best), (text,), text, differences)
    return Scorecard(text, whole.rows, 1, contenders, told, (text, text), (text,))


def _retention(one: Retention, text: str) -> Retention:
    def changed(skill: Skill) -> Skill:
        return replace(skill, probe=f"{skill.probe}{text}", title=text)

    return replace(one, skills=tuple(map(changed, one.skills)), refusals=tuple(map(changed, one.refusals)))


def hostile_rows(text: str, on: Scorecard) -> list[dict[str, Any]]:
    there = {one.contender.removesuffix(text): one.contender for one in on.contenders}
    changed = {"prediction": f"{text}.", "answer": text, "references": [text], "split": text, "how": text, "error": ""}
    made = [row | changed | {"contender": there[row["contender"]], "prompt": [{"kind": "question", "text": text, "tokens": 1}]} for row in rows(6)]
    return [row | {"error": text if row["place"] == 5 else ""} for row in made]


def page(text: str) -> str:
    on = hostile(text)
    return report.page(on, hostile_rows(text, on), text, [(text, text)], text, {"accuracy": text}, [text])


@pytest.mark.parametrize("text", EVIL)
def test_no_tag_of_a_report_is_somebody_elses(text: str) -> None:
    parsed = Parsed(page(text))
    assert parsed.tags <= OURS
    assert parsed.attributes <= ATTRIBUTES


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=40))
def test_whatever_is_written_adds_no_tag(text: str) -> None:
    parsed = Parsed(page(text))
    assert parsed.tags <= OURS
    assert parsed.attributes <= ATTRIBUTES


@pytest.mark.parametrize("text", EVIL)
def test_every_piece_alone_is_as_safe_as_the_report(text: str) -> None:
    """The page shows them one by one."""
    on = hostile(text)
    pieces = [verdict.view(on), standings.table(on), charts.quality_cost(on), charts.learned_kept(on), skills.table(on), measured.view(on)]
    pieces += [samples.view(hostile_rows(text, on), on.contenders, show) for show in samples.TITLES]
    pieces += [look.name for look in palette.looks(on.contenders)]
    for piece in pieces:
        parsed = Parsed(piece)
        assert parsed.tags <= OURS
        assert parsed.attributes <= ATTRIBUTES


def test_what_was_written_is_shown_to_the_character() -> None:
    text = """<b>"5%" & 'more'</b>"""
    assert text in "".join(Parsed(page(text)).text)


def test_a_report_can_be_sent_and_opened_offline() -> None:
    """Nothing is loaded and nothing is run: no address, no script, one file."""
    markup = report.page(card(), rows(), "Duel", [("Task", "reviews")], "promptune duel reviews")
    assert not re.search(r"""src\s*=|href\s*=|url\(|@import|<script|<link|javascript:|https?:""", markup)
    assert markup.encode("utf-8")


@pytest.mark.parametrize("on", [card(), partial(), overlapping(), Scorecard("t", 0, 0)])
def test_a_report_of_whatever_there_is_parses(on: Scorecard) -> None:
    """A cancelled duel shows what it has, be it nothing."""
    parsed = Parsed(report.page(on, [], "Duel", []))
    assert parsed.tags <= OURS


def test_every_colour_is_one_of_the_tokens_in_both_schemes() -> None:
    """A name that only one scheme defines would be invisible in the other."""
    sheet = styles.report()
    light, dark = (set(re.findall(r"(--[\w-]+):", block)) for block in re.findall(r":root \{ ([^}]*--[^}]*)\}", sheet)[:2])
    assert dark <= light
    assert light - dark == {"--r", "--gap"}
    assert set(re.findall(r"var\((--[\w-]+)\)", sheet)) <= light | {"--k", "--m"}
    assert {f"--c{i}" for i in range(palette.COLOURS)} <= dark
