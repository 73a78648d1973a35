"""What a reader is shown is what the card says."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from promptune.core.score import Cost, Score, Scored
from promptune.markup import measured, metrics, palette, skills, standings, verdict
from promptune.markup.words import NBSP
from tests.markup.samples import FULL, LORA, ONE, SIX, VERDICT, ZERO, card, overlapping, partial, retention, skill


def words(markup: str) -> str:
    return unescape(re.sub(r"<title>.*?</title>|<[^>]+>", " ", markup)).replace(NBSP, " ")


def lines(markup: str) -> list[list[str]]:
    """The cells of a table, as they read."""
    body = re.findall(r"<tr>(.*?)</tr>", markup, re.DOTALL)
    return [[" ".join(words(cell).split()) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)] for row in body]


def named(spellings: list[str]) -> list[str]:
    return [look.label for look in palette.looks([Scored(one, {}, Cost(0, 0, 0.0)) for one in spellings])]


def test_labels_are_short() -> None:
    assert [look.label for look in palette.looks(card().contenders)] == ["zero-shot", "few-shot 1", "few-shot 6", "LoRA", "full tuning"]


def test_no_two_contenders_share_a_label() -> None:
    """A label is all that names a point in a picture."""
    for spellings in (
        ["tiny/zero-shot", "tiny/zero-shot?t=0.7", "tiny/zero-shot?t=0.8"],
        ["tiny/zero-shot", "big/zero-shot", "tiny+a/zero-shot", "tiny+a@0.5/zero-shot"],
        [f"tiny/few-shot:4,by=nearest,seed={i},from=handbook" for i in range(12)],
        ["not a contender", "nor this"],
    ):
        labels = named(spellings)
        assert len(set(labels)) == len(spellings)
        assert max(map(len, labels)) <= palette.LONGEST


def test_contenders_differ_without_colour_and_again_after_eight() -> None:
    looks = palette.looks([Scored(f"tiny/few-shot:{i}", {}, Cost(0, 0, 0.0)) for i in range(24)])
    assert len({look.shape for look in looks[:8]}) == 8
    assert len({(look.shape, look.kind) for look in looks}) == 24


def test_the_base_is_the_plain_model_decoded_alike() -> None:
    looks = palette.looks(
        [Scored(one, {}, Cost(0, 0, 0.0)) for one in ("tiny/zero-shot", "tiny/zero-shot?t=0.7", "tiny+a@0.5/cot?t=0.7", "tiny+a/zero-shot", "big/cot")]
    )
    bases = [base.spelling if (base := palette.base_of(look, looks)) else None for look in looks]
    assert bases == ["tiny/zero-shot", "tiny/zero-shot?t=0.7", "tiny/zero-shot?t=0.7", "tiny/zero-shot", None]


def test_the_best_stands_first_with_what_it_costs() -> None:
    head, first, second, *_, last = lines(standings.table(card()))
    assert head[:3] == ["Contender", "Accuracy, 95% interval", "Exact match"]
    assert first == ["LoRA tiny+reviews-lora / zero-shot best cheapest", "99.4% 98.3–99.8", "98.8%", "+99.0", "31", "1.2", "22 s", "81%"]
    assert second[0].endswith("tied")
    assert last[3:] == ["–", "30", "1.2", "–", "100%"]


def test_a_duel_that_runs_has_a_table_too() -> None:
    """Scores arrive one by one; what is not there yet says so, and what will not come says why."""
    table = standings.table(partial())
    head, *body = lines(table)
    assert "Kept" not in head
    assert body[-1][1] == "not scored yet"
    assert "Not here: tiny/cot: the task has no reasoning to show." in words(table)
    assert "Not here" in standings.table(replace(partial(), contenders=()))
    assert "comes once everything is scored" in verdict.view(partial())


def test_what_is_no_share_gets_no_percent() -> None:
    head, first, *_ = lines(standings.table(overlapping()))
    assert head[1:3] == ["ROUGE-L, 95% interval", "BLEU × 100"]
    assert first[1:3] == ["21.4 20.0–22.9", "21.4"]


def test_a_difference_is_coloured_only_where_the_intervals_are_apart() -> None:
    """Green and red must not say more than the rows do."""
    close = replace(card(), contenders=tuple(replace(one, metrics={"accuracy": Score(0.5 + i / 100, 0.4, 0.6)}) for i, one in enumerate(card().contenders)))
    assert 'class="good"' in standings.table(card())
    assert 'class="good"' not in standings.table(close)


@pytest.mark.parametrize(("points", "text"), [(98.64, "+98.6"), (-1.2, "−1.2"), (0.04, "0.0"), (-0.04, "0.0")])
def test_a_difference_has_its_sign(points: float, text: str) -> None:
    assert standings.signed(points) == text


def test_the_numbers_that_matter_are_bold() -> None:
    told = verdict.view(card())
    assert re.findall(r"<b>(.*?)</b>", told) == ["99.4%", "98.2%", "310 questions", "81%"]
    assert "".join(words(told).split()) == "".join("".join([VERDICT.headline, *VERDICT.sentences]).split())


def test_digits_of_a_name_or_of_an_escape_are_no_numbers() -> None:
    sentence = "LoRA's 5% of tiny+x@0.5/few-shot:3 points nowhere (a 95% interval)."
    told = verdict.view(replace(card(), verdict=replace(VERDICT, sentences=(sentence,))))
    assert re.findall(r"<b>(.*?)</b>", told) == ["5%"]
    assert sentence in words(told.replace("<b>", "").replace("</b>", ""))


def test_what_changed_names_every_skill_and_marks_what_fell() -> None:
    head, stars, sums, _, harm, chat, kept, drift = lines(skills.table(card()))
    assert head == ["Other skill, % right", "base", "LoRA", "full tuning"]
    assert stars == ["How many stars a review gives", "98", "▾ 58 (worse) 25 lost", "▾ 3 (worse) 58 lost"]
    assert sums[2:] == ["95 3 lost", "▾ 18 (worse) 49 lost"]
    assert harm[0] == "Refuses harmful requests"
    assert chat == ["Refuses harmless requests", "2", "2", "5 2 lost"]
    assert kept == ["Kept, on average", "100%", "81%", "24%"]
    assert drift == ["Drift from the base", "0", "0.21 nats", "1.90 nats"]
    assert "Left out: “Summaries” and “French”." in words(skills.table(card()))


def test_a_fall_that_chance_explains_is_not_marked() -> None:
    assert not skills.worse(skill("sums", "Sums", 5))
    assert not skills.worse(skill("facts", "Facts", 20, 20))
    assert skills.worse(skill("facts", "Facts", 20, 3))


def test_refusing_what_is_harmless_is_a_fall() -> None:
    assert skills.worse(skill("chat", "Chat", 12, 0, kind="harmless"))
    assert not skills.worse(skill("chat", "Chat", 0, 1, kind="harmless"))


def test_tuned_contenders_of_two_models_have_a_table_each() -> None:
    """What the base could is not the same for both."""
    whole = card()
    other = replace(whole.contenders[3], contender="big+reviews-lora/zero-shot", retention=retention(1, 1, 1, 0, 0, 0.1))
    assert skills.table(replace(whole, contenders=(*whole.contenders, other))).count("<table>") == 2


def test_nothing_asked_means_nothing_known() -> None:
    assert "is not known" in skills.table(partial())


def test_how_it_was_measured_names_test_correction_and_every_difference() -> None:
    markup = measured.view(card(), {"accuracy": "v1"})
    told = " ".join(words(markup).split())
    for one in ("Accuracy", "Exact match", "v1", "3 rows", "exact McNemar", "all 10 pairs", "Holm 1979", "bootstrap"):
        assert one in told
    body = lines(markup)[1:]
    assert [row[0] for row in body] == ["zero-shot", "few-shot 1", "few-shot 6", "full tuning"]
    assert body[2] == ["few-shot 6", "−1.2", "−2.4 to 0.0", "0.440", "3", "9", "about 2,100"]
    assert body[0][3:] == ["< 0.001", "0", "495", "settled"]


def test_a_metric_of_another_version_is_still_shown() -> None:
    old = replace(card(), contenders=tuple(replace(one, metrics={"meteor": Score(0.5, 0.4, 0.6)}) for one in card().contenders), verdict=None)
    assert metrics.first(old) == "meteor"
    assert "does not know" in measured.view(old)
    assert standings.table(old).count("meteor") > 1


def test_the_card_of_the_tests_is_a_duel() -> None:
    assert [one.contender for one in card().contenders] == [ZERO, ONE, SIX, LORA, FULL]
