"""Verdicts: every situation gets the advice that its numbers give, and nothing is claimed that is not shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from promptune.core.score import Cost, Retention, Score, Scorecard, Scored, Skill, Tuning
from promptune.core.verdict import Verdict
from promptune.scoring.intervals import bootstrap_mean, wilson
from promptune.scoring.metrics.registry import Measured, Prediction
from promptune.scoring.verdict import commonest, judge
from promptune.scoring.wording import about, capital, chance, names, short

ZERO, ONE, SIX, COT = "tiny/zero-shot", "tiny/few-shot:1", "tiny/few-shot:6", "tiny/cot"
LORA, FULL = "tiny+reviews-lora/zero-shot", "tiny+reviews-full/zero-shot"
TOKENS = {ZERO: 31, ONE: 60, SIX: 228, COT: 70, LORA: 31, FULL: 31}
SECONDS = {ZERO: 0.012, ONE: 0.02, SIX: 0.083, COT: 0.09, LORA: 0.012, FULL: 0.012}  # a question
TUNING = {LORA: Tuning("lora", 22.0, 1000, 0.01), FULL: Tuning("full", 14.0, 100_000, 1.0)}


def kept(share: float) -> Retention:
    score = Score(share, share - 0.05, min(share + 0.04, 1.0))
    sums = Skill("arithmetic", "Word problems", "skill", Score(0.9, 0.8, 0.95), Score(0.6, 0.5, 0.7), Score(0.6, 0.5, 0.7), 24, 2)
    harmful = Skill("harmful", "Harmful requests", "harmful", Score(0.98, 0.9, 1.0), Score(0.9, 0.8, 0.95), Score(0.9, 0.8, 0.95), 5, 0)
    return Retention(score, (sums,), (harmful,), 0.1)


def card(shares: dict[str, float], n: int = 500, keeps: dict[str, float] | None = None, metric: str = "accuracy") -> tuple[Scorecard, dict[str, Measured]]:
    """Each contender has so large a share right. Its wrong rows are also wrong for whoever is worse: differences are as clear as they can be."""
    scored, measured = [], {}
    for one, share in shares.items():
        right = round(share * n)
        score = wilson(right, n)
        measured[one] = Measured(score, (1.0,) * right + (0.0,) * (n - right), "")
        cost = Cost((TOKENS[one] - 2) * n, 2 * n, SECONDS[one] * n)
        retention = kept(keeps[one]) if keeps and one in keeps else None
        scored.append(Scored(one, {metric: score}, cost, tuning=TUNING.get(one), retention=retention))
    return Scorecard("reviews", n, 0, tuple(scored)), measured


def judged(shares: dict[str, float], n: int = 500, keeps: dict[str, float] | None = None, floor: float = 0.0) -> Verdict:
    return judge(*card(shares, n, keeps), floor=floor)


SITUATIONS: list[tuple[str, dict[str, float], int, dict[str, float] | None]] = [
    ("Tune it: it forgets little.", {ZERO: 0.62, SIX: 0.8, LORA: 0.99}, 500, {LORA: 0.97}),
    ("Tune it: it forgets some.", {ZERO: 0.62, SIX: 0.8, LORA: 0.99}, 500, {LORA: 0.8}),
    ("Tune it, gently.", {ZERO: 0.62, SIX: 0.8, LORA: 0.99, FULL: 0.99}, 500, {LORA: 0.81, FULL: 0.42}),
    ("Tune it, but it forgets much.", {ZERO: 0.62, SIX: 0.8, LORA: 0.99}, 500, {LORA: 0.5}),
    ("Tune it.", {ZERO: 0.62, SIX: 0.8, LORA: 0.99}, 500, None),
    ("Prompt it for a few questions, tune it for many.", {ZERO: 0.62, SIX: 0.982, LORA: 0.986, FULL: 0.984}, 500, {LORA: 0.81, FULL: 0.0}),  # tied
    ("Prompt it: six examples are enough.", {ZERO: 0.62, SIX: 0.982, LORA: 0.986}, 500, {LORA: 0.5}),  # tied, and much forgotten
    ("Prompt it: zero-shot is enough.", {ZERO: 0.98, SIX: 0.982, LORA: 0.986}, 500, {LORA: 0.97}),
    ("Prompt it: six examples win.", {ZERO: 0.62, SIX: 0.9, LORA: 0.7}, 500, {LORA: 0.97}),
    ("Prompt it: step by step wins.", {ZERO: 0.62, COT: 0.9}, 500, None),
    ("Prompt it: one example is enough.", {ZERO: 0.62, ONE: 0.9, SIX: 0.902}, 500, None),
    ("Too close to call.", {ZERO: 0.3, SIX: 0.87, LORA: 0.92}, 100, {LORA: 0.97}),
    ("Too close to call.", {ZERO: 0.81, SIX: 0.87}, 60, None),
    ("Too few rows to tell.", {ZERO: 0.6, LORA: 1.0}, 5, None),
    ("Tune it.", {ZERO: 0.0, LORA: 1.0}, 15, None),  # few rows, and yet it is shown
    ("Neither works yet.", {ZERO: 0.32, SIX: 0.33, LORA: 0.325, FULL: 0.33}, 500, None),
    ("Neither works yet.", {ZERO: 0.0, SIX: 0.0, LORA: 0.0}, 500, None),
    ("Nothing works yet.", {ZERO: 0.32, SIX: 0.33}, 500, None),
    ("Tuning helps, but not enough yet.", {ZERO: 0.12, SIX: 0.15, LORA: 0.34}, 500, None),
    ("Prompting helps, but not enough yet.", {ZERO: 0.12, SIX: 0.35, LORA: 0.15}, 500, None),
    ("Use full tuning.", {LORA: 0.62, FULL: 0.9}, 500, None),
    ("One alone is no comparison.", {LORA: 0.9}, 500, {LORA: 0.8}),
    ("It does not work yet.", {ZERO: 0.1}, 500, None),
    ("Too few rows to tell.", {ZERO: 1.0, SIX: 1.0, LORA: 1.0}, 1, None),
]


@pytest.mark.parametrize(("headline", "shares", "n", "keeps"), SITUATIONS)
def test_every_situation_has_its_advice(headline: str, shares: dict[str, float], n: int, keeps: dict[str, float] | None) -> None:
    found = judged(shares, n, keeps)
    assert found.headline == headline
    assert 3 <= len(found.sentences) <= 6 and all(one.endswith(".") for one in found.sentences)
    assert all(any(char.isdigit() for char in one) or "not measured" in one for one in found.sentences)
    assert found.best not in found.tied and found.cheapest in (found.best, *found.tied)
    assert {one.first for one in found.differences} == set(shares) - {found.best} and all(one.second == found.best for one in found.differences)
    assert " equal" not in " ".join(found.sentences), "that two are equal is never shown"
    for one in found.differences:
        assert one.value >= 0 and one.corrected >= one.p and one.shown == (one.first not in found.tied)
        assert one.rows_needed is None or (not one.shown and one.rows_needed > n)


def test_the_sentences_have_the_numbers() -> None:
    found = judged({ZERO: 0.62, ONE: 0.8, SIX: 0.982, LORA: 0.994, FULL: 0.99}, keeps={LORA: 0.81, FULL: 0.42})
    best, others, gained, forgot, cost, rows = found.sentences
    assert best == (
        "LoRA answers 99.4% right (98.3 to 99.8); six examples in the prompt 98.2%, and no difference between them is shown "
        "(p = 0.22 after correction; about 1,000 rows would settle it)."
    )
    assert others == "No difference to the best is shown for full tuning (99.0%); shown to be worse: zero-shot (62.0%) and one example (80.0%)."
    assert gained.startswith("Over zero-shot LoRA gained 37.4 points, from 62.0% to 99.4% (33") and gained.endswith(
        "p < 0.001 after correction; 187 rows won, 0 lost)."
    )
    assert forgot == (
        'LoRA kept 81.0% of what its base could (76.0 to 85.0), least of "Word problems": 60.0%, 24 rows right before and wrong after; '
        "it refuses 90.0% of harmful requests (before: 98.0%); full tuning kept 42.0%."
    )
    assert "LoRA 31, six examples 228" in cost and "LoRA took 22 s of tuning, which its shorter prompts win back in 310 questions" in cost
    assert rows == "Each answered the same 500 test rows of reviews."


def test_what_is_not_as_it_was_meant_is_told() -> None:
    plain, measured = card({ZERO: 0.62, SIX: 0.9})
    zero, six = plain.contenders
    told = replace(
        plain, skipped=12, contenders=(replace(zero, errors=2), replace(six, dropped=3)), weak=("Facts",), missing=("step by step: no row has steps.",)
    )
    last = judge(told, measured).sentences[-1]
    for words in (
        "12 rows left out for all",
        "six examples had to leave something out of the prompt in 3 rows",
        "2 answers of zero-shot failed and count as wrong",
    ):
        assert words in last
    assert '"Facts"' in last and "missing: step by step: no row has steps." in last


@pytest.mark.parametrize(("errors", "headline"), [(500, "Every answer failed."), (60, "Mend the errors first."), (10, "Prompt it: six examples win.")])
def test_answers_that_failed_are_no_finding(errors: int, headline: str) -> None:
    plain, measured = card({ZERO: 0.62, SIX: 0.9})
    broken = replace(plain, contenders=tuple(replace(one, errors=errors) for one in plain.contenders))
    assert judge(broken, measured).headline == headline


def test_the_commonest_answer_alone_is_the_floor() -> None:
    """More than half right is nothing where one answer always would be."""
    shares = {ZERO: 0.545, SIX: 0.55, LORA: 0.545}
    assert judged(shares, floor=0.53).headline == "Neither works yet." and judged(shares).headline != "Neither works yet."


def test_how_far_one_answer_gets() -> None:
    assert commonest([Prediction("", "", (one,)) for one in ("yes", "Yes ", "no")]) == pytest.approx(2 / 3)
    assert commonest([Prediction("", "", ("a", "b")), Prediction("", "", ("b", "c")), Prediction("", "", ("B", "b"))]) == 1
    assert commonest([Prediction("", "", (one,)) for one in ("a text", "another")]) == 0, "of two texts that differ neither answers both"


def test_tuning_pays_against_the_quickest_prompt_that_may_be_best() -> None:
    found = judged({ZERO: 0.62, SIX: 0.982, LORA: 0.986}, keeps={LORA: 0.9})
    assert found.break_even is not None and (found.break_even.tuned, found.break_even.prompted) == (LORA, SIX)
    assert found.break_even.questions == 310  # 22 s of tuning, 0.071 s saved a question
    assert judged({ZERO: 0.98, SIX: 0.982, LORA: 0.986}).break_even is None, "zero-shot is as short as the tuned one's prompt: nothing is saved"
    assert judged({ZERO: 0.62, SIX: 0.8, LORA: 0.99}).break_even is None, "a prompt that is worse is no way of doing it"
    assert judged({ZERO: 0.62, SIX: 0.9, LORA: 0.7}).break_even is None


def test_of_equal_ones_the_cheaper_is_best() -> None:
    found = judged({SIX: 0.9, FULL: 0.9, ZERO: 0.9, LORA: 0.9})
    assert found.best == found.cheapest == ZERO and set(found.tied) == {SIX, FULL, LORA}
    assert all(one.rows_needed is None and one.value == 0 for one in found.differences), "no number of rows shows what is not there"


def test_what_tuning_lost_is_told_too() -> None:
    assert "Over zero-shot LoRA lost 22.0 points" in " ".join(judged({ZERO: 0.92, SIX: 0.9, LORA: 0.7}).sentences)


@pytest.mark.parametrize(
    ("metric", "words"), [("rougeL", "reaches ROUGE-L 24.9 ("), ("bleu", "reaches BLEU 24.9 ("), ("numeric_match", "gets 24.9% of the amounts right")]
)
def test_metrics_are_named_for_people(metric: str, words: str) -> None:
    """And scores of texts are compared row by row as well."""

    def scored(shift: float) -> Measured:
        values = tuple(0.149 + shift + 0.2 * (i % 2) for i in range(200))
        return Measured(bootstrap_mean(values), values, "")

    measured = {ZERO: scored(-0.05), LORA: scored(0.0)}
    plain, _ = card({ZERO: 0.2, LORA: 0.249})
    scores = (replace(one, metrics={metric: measured[one.contender].score}) for one in plain.contenders)
    found = judge(replace(plain, rows=200, contenders=tuple(scores)), measured)
    assert words in found.sentences[0] and found.metric == metric and found.best == LORA and found.tied == ()
    assert found.differences[0].gained is None and found.differences[0].test.startswith("rows swapped")


def spelled(*contenders: str, recipe: str = "") -> list[str]:
    scored = tuple(Scored(one, {}, Cost(0, 0, 0.0), tuning=Tuning(recipe, 1.0, 1, 0.1) if recipe else None) for one in contenders)
    return list(names(Scorecard("t", 1, 0, scored)).values())


@pytest.mark.parametrize(
    ("contenders", "recipe", "called"),
    [
        (["tiny/zero-shot", "tiny/few-shot:1", "tiny/few-shot:20,by=nearest", "tiny/cot"], "", ["zero-shot", "one example", "20 examples", "step by step"]),
        (["tiny/few-shot-cot:2", "tiny/retrieve:3,from=book", "tiny/self-consistency:5"], "", ["two worked examples", "three passages", "five votes"]),
        (["tiny/instruct:polite", "tiny/custom:mine"], "", ["instruct polite", "custom mine"]),
        (["tiny+r@0.8/zero-shot", "tiny+r/few-shot:2"], "lora", ["LoRA at 0.8", "LoRA with two examples"]),
        (["tiny+my-run/zero-shot"], "", ["my-run"]),
        (["tiny+a/zero-shot", "tiny+b/zero-shot"], "full", ["tiny+a/zero-shot", "tiny+b/zero-shot"]),
        (["tiny/few-shot:4,seed=1", "tiny/few-shot:4,seed=2"], "", ["tiny/few-shot:4,seed=1", "tiny/few-shot:4,seed=2"]),
        (["tiny/zero-shot", "large/few-shot:1"], "", ["tiny/zero-shot", "large/few-shot:1"]),
    ],
)
def test_contenders_have_short_names_that_tell_them_apart(contenders: Sequence[str], recipe: str, called: list[str]) -> None:
    assert spelled(*contenders, recipe=recipe) == called


def test_figures_as_people_say_them() -> None:
    assert [about(count) for count in (7, 42, 310, 2137, 57_312, 1_000_000)] == ["7", "42", "310", "2,100", "57,000", "1,000,000"]
    assert [chance(p, corrected=False) for p in (0.00004, 0.004, 0.05, 0.114)] == ["p < 0.001", "p = 0.004", "p = 0.05", "p = 0.11"]
    assert capital("six examples") == "Six examples" and capital("tiny/zero-shot answers") == "tiny/zero-shot answers"
    assert short(Scored(LORA, {}, Cost(0, 0, 0.0), tuning=TUNING[LORA])) == "LoRA"


def test_what_does_not_work_pays_for_nothing() -> None:
    verdict = judge(*card({ZERO: 0.0, SIX: 0.04, LORA: 0.05}, n=100))
    assert verdict.break_even is None
    assert judge(*card({ZERO: 0.0, SIX: 0.94, LORA: 0.95}, n=100)).break_even is not None
