"""The rows behind a score: what is counted is what is shown, the most telling first."""

from __future__ import annotations

import re
from html import unescape

import pytest

from promptune.markup import samples
from tests.markup.samples import LORA, ONE, SIX, ZERO, card, row, rows

CONTENDERS = card().contenders


def asked(markup: str) -> list[str]:
    return re.findall(r'<span class="where">(.*?)</span>', markup)


def words(markup: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def of(place: int, *right: str) -> list[dict[str, object]]:
    """One test row: these contenders are right, the others wrong."""
    return [row(place, one.contender, "yes" if one.contender in right else "no", "yes") for one in CONTENDERS]


FLIP_TO_GOOD, FLIP_TO_BAD, AGREED, NOBODY, DISPUTED = of(0, LORA), of(1, ZERO), of(2, *(one.contender for one in CONTENDERS)), of(3), of(4, ONE, SIX)
MIXED = [*AGREED, *NOBODY, *DISPUTED, *FLIP_TO_GOOD, *FLIP_TO_BAD]


def test_each_filter_counts_what_it_shows() -> None:
    assert samples.counts(MIXED, CONTENDERS) == {"flips": 2, "disagreements": 3, "worst": 1, "all": 5}
    for show, count in samples.counts(rows(), CONTENDERS).items():
        assert len(asked(samples.view(rows(), CONTENDERS, show, most=100))) == count


def test_what_tuning_spoiled_comes_first_then_what_it_mended_then_disputes() -> None:
    assert asked(samples.view(MIXED, CONTENDERS, "all")) == ["test 2", "test 1", "test 5", "test 4", "test 3"]


def test_answers_that_are_the_same_stand_together_right_ones_first() -> None:
    told = words(samples.view(DISPUTED, CONTENDERS, "disagreements"))
    assert told == "test 5 Review: The kettle leaks on the first day. Right answer yes ✓ right yes few-shot 1 few-shot 6 ✗ wrong no zero-shot LoRA full tuning"


def test_the_question_is_only_the_question() -> None:
    """Examples and template are the same for every row."""
    assert samples.question(MIXED[0]).startswith("Review: ")
    assert "Sentiment" not in samples.question(MIXED[0])
    assert "no question" in samples.view([one | {"prompt": []} for one in NOBODY], CONTENDERS, "worst")


def test_what_was_written_around_the_answer_can_be_opened() -> None:
    said = [one | {"prediction": f"Let me think. {one['answer']}"} for one in of(1, ZERO)]
    markup = samples.view(said, CONTENDERS)
    assert markup.count("<details>") == 2
    assert "Let me think. yes" in words(markup)
    assert "<details>" not in samples.view(of(1, ZERO), CONTENDERS)


def test_a_row_that_failed_says_why() -> None:
    failed = [
        one | ({"error": "Out of memory.", "answer": None, "prediction": "", "correct": False} if one["contender"] == LORA else {}) for one in of(1, ZERO)
    ]
    assert "✗ wrong Out of memory. LoRA" in words(samples.view(failed, CONTENDERS))


@pytest.mark.parametrize("show", ["flips", "disagreements", "worst", "all"])
def test_no_rows_is_said_in_words(show: samples.Show) -> None:
    assert samples.view([], CONTENDERS, show).startswith('<p class="soft empty">')


def test_more_than_a_reader_reads_is_counted_not_shown() -> None:
    markup = samples.view(rows(), CONTENDERS, "all", most=10)
    assert len(asked(markup)) == 10
    assert "50 more rows like these" in markup


def test_a_running_duel_shows_who_has_answered() -> None:
    """Rows of those who are not on the card yet are no rows of it."""
    some = CONTENDERS[:2]
    assert samples.counts(MIXED, some) == {"flips": 0, "disagreements": 2, "worst": 2, "all": 5}
