"""What leaves the house of a scorecard that was judged: its verdict as JSON, as text and as a file."""

from __future__ import annotations

import json

from promptune import export_scores
from promptune.core.score import Cost, Retention, Score, Scorecard, Scored, Skill, Tuning
from promptune.core.verdict import BreakEven, Difference, Verdict

ZERO, SIX, LORA = "tiny/zero-shot", "tiny/few-shot:6", "tiny+r/zero-shot"
HALF = Score(0.5, 0.4, 0.6)
SUMS = Skill("arithmetic", "Word problems", "skill", HALF, HALF, HALF, 3, 1)
HARMFUL = Skill("harmful", "Harmful requests", "harmful", HALF, HALF, HALF, 2, 0)
VERDICT = Verdict(
    "accuracy",
    "Tune it, gently.",
    ("LoRA answers 99.4% right.", "It took 22 s."),
    best=LORA,
    tied=(SIX,),
    cheapest=LORA,
    differences=(
        Difference(ZERO, LORA, 0.3, 0.2, 0.4, 0.001, 0.003, "exact McNemar", 9, 1, None),
        Difference(SIX, LORA, 0.0, -0.1, 0.1, 1, 1, "exact McNemar", 1, 1, None),
    ),
    break_even=BreakEven(LORA, SIX, 310),
)
CARD = Scorecard(
    "reviews",
    50,
    0,
    (
        Scored(ZERO, {"accuracy": HALF}, Cost(1, 2, 3.0)),
        Scored(SIX, {"accuracy": HALF}, Cost(1, 2, 3.0), errors=1),
        Scored(LORA, {"accuracy": HALF}, Cost(1, 2, 3.0), tuning=Tuning("lora", 22.0, 10, 0.1), retention=Retention(HALF, (SUMS,), (HARMFUL,), 0.2)),
    ),
    VERDICT,
    weak=("Facts",),
)


def test_a_verdict_as_json() -> None:
    found = json.loads(json.dumps(export_scores.card(CARD, "x")))
    assert list(found) == ["rows", "skipped", "contenders", "verdict", "weak", "scorecard"] and found["weak"] == ["Facts"]
    verdict = found["verdict"]
    assert list(verdict) == ["metric", "headline", "sentences", "best", "tied", "cheapest", "differences", "break_even"]
    assert verdict["tied"] == [SIX] and verdict["break_even"] == {"tuned": LORA, "prompted": SIX, "questions": 310}
    assert verdict["differences"][0]["first"] == ZERO and verdict["differences"][0]["rows_needed"] is None


def test_only_what_was_tuned_says_how_and_what_it_kept() -> None:
    zero, _, lora = export_scores.card(CARD, "x")["contenders"]
    assert list(zero) == ["contender", "metrics", "cost", "dropped", "errors"] and list(lora)[5:] == ["tuning", "retention"]
    assert lora["tuning"]["seconds"] == 22.0
    assert list(lora["retention"]) == ["overall", "skills", "refusals", "drift"] and lora["retention"]["drift"] == 0.2
    skill = lora["retention"]["skills"]["arithmetic"]
    assert list(skill) == ["title", "before", "after", "kept", "lost", "gained"] and skill["kept"] == {"value": 0.5, "low": 0.4, "high": 0.6}
    assert lora["retention"]["refusals"] == {"harmful": export_scores.retention(Retention(None, (HARMFUL,), (), None))["skills"]["harmful"]}


def test_the_table_marks_the_best_and_the_tied() -> None:
    heading, *lines = export_scores.table(CARD)
    assert heading[-2:] == ["errors", "verdict"] and [line[-1] for line in lines] == ["", "tied", "best"]
    assert len({len(line) for line in export_scores.plain([heading, *lines]).splitlines()}) == 1


def test_the_verdict_read_aloud_stands_above_the_table() -> None:
    assert export_scores.told(CARD).splitlines() == ["Tune it, gently.", "", *VERDICT.sentences]
    assert export_scores.told(Scorecard("reviews", 50, 0, CARD.contenders)) == ""
    text = export_scores.scorecard(CARD, "x", "My card", [], "md")
    assert text.startswith("# My card\n\n## Tune it, gently.\n\n- LoRA answers 99.4% right.\n- It took 22 s.\n\n50 test rows of reviews")
