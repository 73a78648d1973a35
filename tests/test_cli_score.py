"""The commands about scorecards as a person or a script runs them: real processes, JSON alone on stdout."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from promptune import export_scores
from promptune.core.score import Cost, Score, Scorecard, Scored
from promptune.scoring.metrics import METRICS
from tests.test_cli import Shell

CONTENDERS = ("-c", "tiny/zero-shot", "-c", "tiny/cot?t=1")
CARD = Scorecard(
    "reviews",
    50,
    2,
    (
        Scored("tiny/zero-shot", {"accuracy": Score(0.62, 0.482, 0.741)}, Cost(1234, 56, 7.89)),
        Scored("tiny/few-shot:4|x", {"accuracy": Score(1.0, 0.9289, 1.0)}, Cost(98765, 43, 2.1), dropped=3),
    ),
)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data")


def test_a_scorecard_is_scored_and_scored_again(shell: Shell) -> None:
    done = shell.run("score", "lecture-reviews", *CONTENDERS, "--json")
    assert done.returncode == 0, done.stderr
    card = json.loads(done.stdout)
    assert list(card) == ["rows", "skipped", "contenders", "verdict", "scorecard"] and card["rows"] >= 1
    assert card["verdict"]["best"] in ("tiny/zero-shot", "tiny/cot?t=1") and card["verdict"]["metric"] == "accuracy"
    assert [one["contender"] for one in card["contenders"]] == ["tiny/zero-shot", "tiny/cot?t=1"]
    for one in card["contenders"]:
        assert list(one) == ["contender", "metrics", "cost", "dropped", "errors"]
        assert list(one["metrics"]["accuracy"]) == ["value", "low", "high"] and list(one["cost"]) == ["prompt_tokens", "completion_tokens", "seconds"]
    assert "accuracy: " in done.stderr, "how it was scored is told beside it"

    both = shell.json("rescore", card["scorecard"], "--metrics", "accuracy,rouge1")
    assert [(one["contender"], one["metrics"]["accuracy"]) for one in both["contenders"]] == [
        (one["contender"], one["metrics"]["accuracy"]) for one in card["contenders"]
    ]
    alone = shell.json("rescore", card["scorecard"], "--metrics", "accuracy", "-c", "tiny/zero-shot")
    assert alone == {"metrics": card["contenders"][0]["metrics"]}

    again = shell.json("score", "lecture-reviews", *CONTENDERS)
    assert [one["metrics"] for one in again["contenders"]] == [one["metrics"] for one in card["contenders"]], "the same command, the same scores"


def test_a_table_for_people(shell: Shell) -> None:
    done = shell.run("score", "lecture-reviews", "-c", "tiny/zero-shot", "--limit", "1")
    assert done.returncode == 0, done.stderr
    assert re.search(r"tiny/zero-shot +\d+\.\d \(\d+\.\d to \d+\.\d\) +\d+ +\d+ +\d+\.\d", done.stdout) and "1 test row of lecture-reviews" in done.stdout


def test_a_job_that_fails_says_why_and_prints_no_scorecard(shell: Shell, tmp_path: Path) -> None:
    rows = [{"q": "one", "a": "x"}, {"q": "[oom] two two two", "a": "x"}]
    (tmp_path / "task.yaml").write_text(json.dumps({"name": "heavy", "template": "{{ q }} ||| {{ a }}", "input": "q", "rows": {"test": rows}}))
    shell.json("tasks", "new", str(tmp_path / "task.yaml"))
    done = shell.run("score", "heavy", "-c", "tiny/zero-shot", "--json")
    assert done.returncode == 1 and done.stdout == "" and "out_of_memory" in done.stderr and "Traceback" not in done.stderr
    (job,) = shell.json("jobs")
    assert job["state"] == "out_of_memory"
    later = shell.run("rescore", job["job"], "--metrics", "accuracy")
    assert later.returncode == 2 and f"promptune jobs resume {job['job']}" in later.stderr


def test_a_file_of_another_program(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "theirs.jsonl"
    file.write_text('{"prediction": "a cat sat", "references": ["a cat sat", "x"]}\n{"prediction": "no", "reference": "a dog"}\n', encoding="utf-8")
    assert shell.json("rescore", str(file), "--metrics", "rouge1,exact_match")["metrics"]["exact_match"]["value"] == 0.5
    assert "(file)" in shell.run("rescore", str(file), "--metrics", "rouge1").stdout
    assert not (tmp_path / "data").exists(), "no lab is needed for it"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["score", "reviws", "-c", "tiny/zero-shot"], "no task 'reviws'"),
        (["score", "lecture-reviews", "-c", "tiny/zero-shot", "--limit", "0"], "limit"),
        (["score", "lecture-reviews", "-c", "tiny/zero-shot", "--where", "x=y"], "no column 'x'"),
        (["score", "lecture-reviews", "-c", "tiny/few-shot:99"], "99"),
        (["rescore", "0123456789ab", "--metrics", "bleu"], "no job"),
        (["rescore", "nowhere.jsonl", "--metrics", "bleu"], "no such file"),
        (["rescore", __file__, "--metrics", "rogue1"], "Did you mean 'rouge1'"),
        (["rescore", __file__, "--metrics", "bleu"], "line 1"),
        (["metrics", "rogue1"], "Did you mean 'rouge1'"),
    ],
)
def test_a_mistake_is_one_clear_line_and_no_traceback(shell: Shell, arguments: list[str], words: str) -> None:
    done = shell.run(*arguments)
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr and done.stdout == ""


def test_the_metrics_are_listed(shell: Shell) -> None:
    assert [one["name"] for one in shell.json("metrics")] == METRICS.names() and shell.json("metrics", "bleu")["name"] == "bleu"


# ---- what leaves the house ----


def test_a_table_is_in_columns_of_a_hundred_and_tells_what_was_dropped() -> None:
    lines = export_scores.plain(export_scores.table(CARD)).splitlines()
    assert [line.split("  ")[0].strip() for line in lines] == ["contender", "tiny/zero-shot", "tiny/few-shot:4|x"]
    assert len({len(line) for line in lines}) == 1
    assert "62.0 (48.2 to 74.1)" in lines[1] and "98,765" in lines[2] and lines[0].endswith("dropped") and lines[2].endswith("3") and "errors" not in lines[0]
    assert export_scores.summary(CARD) == "50 test rows of reviews, and 2 skipped because a prompt did not fit"


def test_a_scorecard_as_a_file() -> None:
    rows = [
        {
            "row": 1,
            "split": "test",
            "contender": "tiny/cot",
            "prediction": "=1+1",
            "answer": None,
            "references": ["-x"],
            "correct": False,
            "error": "it failed",
        },
        {"row": 2, "split": "test", "contender": "tiny/cot", "prediction": "a, b\nc", "answer": "a", "references": ["a"], "correct": True, "error": ""},
    ]
    forms = {form: export_scores.scorecard(CARD, "0123456789ab", "My  card", rows, form) for form in ("json", "jsonl", "csv", "md")}
    assert json.loads(forms["json"])["contenders"][0]["metrics"]["accuracy"] == {"value": 0.62, "low": 0.482, "high": 0.741}
    assert [json.loads(line) for line in forms["jsonl"].splitlines()] == rows
    assert "'=1+1" in forms["csv"] and "'-x" in forms["csv"], "a spreadsheet must not run what a model wrote"
    assert "| tiny/few-shot:4\\|x | 100.0 (92.9 to 100.0) |" in forms["md"] and forms["md"].startswith("# My card\n")
    with pytest.raises(Exception, match="Did you mean 'jsonl'"):
        export_scores.scorecard(CARD, "x", "x", rows, "jsnl")


def test_a_scorecard_is_shown_again_as_it_is(shell: Shell) -> None:
    """Also the one of a job that was interrupted and resumed."""
    card = shell.json("score", "lecture-reviews", *CONTENDERS)
    assert shell.json("rescore", card["scorecard"]) == card
