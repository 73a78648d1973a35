"""Pictures show every contender, and no label covers another."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.score import Scorecard
from promptune.markup import charts, curves, plot
from promptune.markup.plot import HEIGHT, WIDTH, Box, Label
from tests.markup.samples import SIX, card, overlapping, partial


def texts(markup: str) -> list[str]:
    return [unescape(one) for one in re.findall(r"<text [^>]*>(.*?)</text>", markup)]


def boxes(markup: str) -> list[tuple[str, Box]]:
    """Where the labels of a picture stand."""
    found = re.findall(r'<text x="([\d.-]+)" y="([\d.-]+)" text-anchor="start">(.*?)</text>', markup)
    return [(words, Box(float(x), float(y) - 10, float(x) + plot.width(words), float(y) + 3)) for x, y, words in found]


def crowded() -> Scorecard:
    """Nine contenders, six of them on nearly the same spot."""
    whole = card()
    more = tuple(replace(whole.contenders[2], contender=f"tiny/few-shot:{i}") for i in (2, 3, 4, 5))
    return replace(whole, contenders=(*whole.contenders, *more))


@pytest.mark.parametrize("on", [card(), partial(), overlapping(), crowded()])
@pytest.mark.parametrize("chart", [charts.quality_cost, charts.learned_kept])
def test_labels_stay_inside_and_off_each_other(on: Scorecard, chart: object) -> None:
    markup = chart(on)  # type: ignore[operator]
    found = boxes(markup)
    for words, box in found:
        assert box.left >= 0, words
        assert box.right <= WIDTH, words
        assert box.top >= -2, words
        assert box.bottom <= HEIGHT, words
    assert [(a[0], b[0]) for a, b in combinations(found, 2) if a[1].overlap(b[1]) > 1] == []


def test_every_contender_is_in_the_picture_by_label_and_in_words() -> None:
    markup = charts.quality_cost(card())
    assert {"zero-shot", "few-shot 1", "few-shot 6", "LoRA", "full tuning", "0%", "100%"} <= set(texts(markup))
    assert f"{SIX}: Accuracy 98.2%, 95% interval 96.6 to 99.1, 228 tokens a question." in unescape(markup)
    assert markup.count('class="whisker') == 5


def test_from_the_base_a_line_goes_to_each_tuned_contender() -> None:
    markup = charts.learned_kept(card())
    assert markup.count('class="way') == 2
    assert set(texts(markup)) >= {"zero-shot", "LoRA", "full tuning"}
    assert "few-shot 6" not in texts(markup)
    assert markup.count('class="whisker') == 4


def test_without_retention_there_is_a_sentence_instead_of_an_empty_picture() -> None:
    markup = charts.learned_kept(partial())
    assert "<svg" not in markup
    assert "is not known" in markup
    assert "Nothing is scored yet." in charts.quality_cost(Scorecard("t", 0, 0))


def test_markers_at_one_place_are_all_seen_at_their_own_height() -> None:
    places = plot.apart([(10.0, 20.0)] * 4 + [(10.0, 21.0)], 8)
    assert [y for _, y in places] == [20, 20, 20, 20, 21]
    assert len({x for x, _ in places}) == 5


@given(st.lists(st.tuples(st.floats(0, WIDTH), st.floats(20, HEIGHT - 60), st.integers(1, 22)), max_size=6))
def test_wherever_points_are_each_gets_its_label_inside(points: list[tuple[float, float, int]]) -> None:
    markup = plot.labels([Label(x, y, "x" * n) for x, y, n in points], charts.INSIDE)
    found = boxes(markup)
    assert len(found) == len(points)
    for _, box in found:
        assert box.left >= 0
        assert box.right <= WIDTH


@pytest.mark.parametrize(("value", "top"), [(0, 1), (0.03, 0.03), (2.57, 3), (31, 40), (230, 250), (1000, 1000), (float("nan"), 1)])
def test_a_scale_ends_at_a_round_number(value: float, top: float) -> None:
    assert plot.top_of_scale(value) == pytest.approx(top)


def run(steps: int, every: int = 50) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    points = [{"step": i, "loss": 3 / i} for i in range(1, steps + 1)]
    return points, [{"step": i, "loss": 3 / i + 0.1, "score": 1 - 1 / i} for i in range(every, steps + 1, every)]


def test_curves_name_their_last_values() -> None:
    found = texts(charts.curves(*run(300)))
    assert {"train 0.01", "validation 0.11", "99.7%", "300 steps"} <= set(found)


def test_a_run_of_nothing_one_step_and_a_million_can_be_drawn() -> None:
    assert "begin with the first step" in charts.curves([], [])
    assert {"train 3.00", "1 step"} <= set(texts(charts.curves(*run(1))))
    assert "Comes with the first check." in charts.curves(*run(1))
    long = charts.curves(*run(20_000))
    assert max(path.count("L") for path in re.findall(r'd="(.*?)"', long)) < curves.MOST
    assert len(long) < 20_000


def test_a_loss_that_ran_away_leaves_a_gap_and_no_broken_picture() -> None:
    markup = charts.curves(
        [{"step": 1, "loss": 2.0}, {"step": 2, "loss": float("nan")}, {"step": 3, "loss": float("inf")}], [{"step": 3, "loss": None, "score": None}]
    )
    assert "train 2.00" in texts(markup)
    assert "nan" not in markup
    assert "inf" not in markup


def test_thinning_keeps_both_ends() -> None:
    line = [(float(i), float(i)) for i in range(1234)]
    thin = curves.thinned(line)
    assert len(thin) == curves.MOST
    assert (thin[0], thin[-1]) == (line[0], line[-1])
