"""The claims: what a figure must reach, how they are told, and that the shipped weights do what their card says."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from promptune.core.job import JobState
from promptune.core.score import Cost, Score, Scorecard, Scored
from promptune.errors import NotFound, UserError
from promptune.jobs.lines import Row
from promptune.lab import Lab
from promptune.models import BUNDLED_FOLDER
from promptune.tiny import card
from promptune.tiny.claims import __main__ as command
from promptune.tiny.claims import chart, report
from promptune.tiny.claims.asking import Asking, refused
from promptune.tiny.claims.claim import Cell, Claim, Reach, at_least, at_most
from promptune.tiny.claims.measured import CLAIMS
from promptune.tiny.lean import Shape
from promptune.tiny.train import STAGES


def cell(value: float, reach: Reach, what: str = "few-shot:8") -> Cell:
    return Cell(what, Score(value, max(0.0, value - 0.1), min(1.0, value + 0.1)), 200, reach, 95.4)


@pytest.mark.parametrize(
    ("reach", "inside", "outside", "words"),
    [(at_least(0.95), 0.95, 0.9499, "≥ 0.95"), (at_most(0.1), 0.1, 0.1001, "≤ 0.1"), (Reach(0.4, 0.7), 0.4, 0.71, "0.4 to 0.7")],
)
def test_a_figure_reaches_its_bound_or_misses_it(reach: Reach, inside: float, outside: float, words: str) -> None:
    """The bound itself is reached; nothing is rounded in our favour."""
    assert cell(inside, reach).reached and not cell(outside, reach).reached and str(reach) == words


def test_a_claim_is_reached_when_all_of_it_is() -> None:
    good, bad = cell(0.99, at_least(0.95)), cell(0.9, at_least(0.95))
    assert Claim("c", "says", "accuracy", (good,)).reached
    assert not Claim("c", "says", "accuracy", (good, bad)).reached
    assert not Claim("c", "says", "accuracy", (good,), "p = 0.5", False).reached


def test_what_is_missed_is_said_everywhere() -> None:
    claim = Claim("c", "Examples help.", "accuracy", (cell(0.9, at_least(0.95)),))
    assert "NO" in report.plain(claim).splitlines()[2] and report.plain(claim).endswith("NOT REACHED")
    assert "**no**" in report.table(claim) and chart.MISSED in chart.svg(claim)


def test_a_chart_is_a_picture_that_stays_inside_its_frame() -> None:
    """Nothing of it is taken from outside, and texts are escaped."""
    claim = Claim("c", "5 < 6 & so on", "accuracy", (cell(0.0, at_most(0.1), "<b>"), cell(1.0, at_least(0.9)), cell(0.5, Reach())))
    root = ElementTree.fromstring(chart.svg(claim))
    width = float(root.attrib["width"])
    for shape in root.iter("{http://www.w3.org/2000/svg}rect"):
        if "x" in shape.attrib:
            assert 0 <= float(shape.attrib["x"]) <= float(shape.attrib["x"]) + float(shape.attrib["width"]) <= width
    assert "href" not in chart.svg(claim) and "<b>" not in chart.svg(claim)


def test_the_page_of_claims_names_its_charts(tmp_path: Path) -> None:
    claims = [Claim("one", "One.", "accuracy", (cell(0.9, at_least(0.8)),)), Claim("two", "Two.", "", (), "9 (right).")]
    report.write(tmp_path, claims)
    page = (tmp_path / "claims.md").read_text(encoding="utf-8")
    assert "pictures/claim-one.svg" in page and (tmp_path / "pictures" / "claim-one.svg").exists()
    assert "9 (right)." in page and "claim-two" not in page


def test_refusing_is_scored_by_the_metric_that_everybody_has() -> None:
    rows: list[Row] = [{"prediction": " No. "}, {"prediction": "Yes."}, {"prediction": "No."}, {"prediction": "no."}]
    assert refused(rows, "No.").value == 0.5


def test_an_unknown_claim_is_a_helpful_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["exampels"]) == 2
    assert "Did you mean 'examples'" in capsys.readouterr().err
    with pytest.raises(NotFound):
        CLAIMS.get("exampels")


def test_a_page_of_some_claims_never_replaces_that_of_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for argv in (["lecture"], ["--limit", "5"]):
        with pytest.raises(SystemExit) as ended:
            command.main([*argv, "--docs", str(tmp_path / "docs")])
        assert ended.value.code == 2 and "leave NAME, --limit and --model out" in capsys.readouterr().err
    assert not (tmp_path / "docs").exists()


def test_a_page_that_cannot_be_written_is_said_before_anything_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine")
    assert command.main(["--docs", str(tmp_path / "file" / "docs")]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("promptune: ") and len(said.err.splitlines()) == 1


class Failing:
    """A lab whose jobs end well, with one answer that failed."""

    def __init__(self) -> None:
        self.scores = self

    def start(self, *_: object, **__: object) -> SimpleNamespace:
        return SimpleNamespace(id="job")

    def wait(self, ids: list[str]) -> None:
        pass

    def job(self, owner: str, id: str) -> SimpleNamespace:
        return SimpleNamespace(state=JobState.DONE)

    def card(self, owner: str, id: str) -> Scorecard:
        zero = {"accuracy": Score(0.0, 0.0, 0.1)}
        return Scorecard("patterns", 200, 0, (Scored("tiny/zero-shot", zero, Cost(0, 0, 0.0), errors=1),))


def test_what_failed_is_never_a_figure() -> None:
    """A failed answer counts as wrong, and "at most 0.1" would be reached by a model that cannot be loaded."""
    asked = Asking(cast("Lab", Failing()), "tiny", None, lambda said: None)
    with pytest.raises(UserError, match="1 answer failed"):
        asked.cells("patterns", {"zero-shot": at_most(0.1)})


def test_the_shipped_model_does_what_its_card_says(capsys: pytest.CaptureFixture[str]) -> None:
    """A few of the claims on few rows, through the real engine: enough to see that weights, tokenizer, template and tables belong together."""
    assert command.main(["examples-reviews", "lecture", "room", "--limit", "40", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [claim["name"] for claim in found] == ["examples-reviews", "lecture", "room"] and all(claim["reached"] for claim in found)
    assert all(one["rows"] == 40 for claim in found for one in claim["cells"])


def test_the_card_belongs_to_this_corpus() -> None:
    """Weights that were trained on another world than the one beside them would make the held-out rows a lie."""
    text = (BUNDLED_FOLDER / "README.md").read_text(encoding="utf-8")
    assert card.fingerprint() in text and f"{sum(stage.steps for stage in STAGES):,} steps" in text


def test_a_card_tells_what_was_tried_and_what_was_found() -> None:
    claims = [Claim("one", "One claim.", "accuracy", (cell(0.9, at_least(0.8)),)), Claim("two", "Two.", "", (), "Told: 9.")]
    text = card.text(card.Made(12, (11, 12), STAGES, 3_000.0, Shape()), claims)
    assert text.startswith("---\nlicense: apache-2.0") and "Seed 12" in text and "11, 12" in text and "50 minutes" in text
    assert "0.900" in text and "Told: 9." in text and "million parameters" in text
