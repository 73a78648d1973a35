"""What leaves the house: answers, comparisons and batches as JSON, Markdown and CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from typing import Any

from promptune.core.job import Job
from promptune.errors import NotFound
from promptune.jobs.batch import BatchResult
from promptune.pane import LETTERS, Pane
from promptune.registry import did_you_mean
from promptune.talk import Talk

VOTES = {"tie": "Voted: a tie.", "bad": "Voted: all bad."}
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs a cell that begins so


def answer(pane: Pane) -> dict[str, Any]:
    """One answer as `promptune ask --json` prints it."""
    values = {
        "contender": pane.contender,
        "text": pane.text,
        "answer": pane.answer.value if pane.answer else None,
        "prompt": [{"kind": part.kind, "text": part.text, "tokens": part.tokens} for part in pane.prompt.parts] if pane.prompt else [],
        "prompt_tokens": pane.prompt.tokens if pane.prompt else 0,
        "completion_tokens": pane.completion_tokens,
        "first_token_seconds": None if pane.first_token_seconds is None else round(pane.first_token_seconds, 4),
        "seconds": round(pane.seconds, 4),
        "finish_reason": pane.finish_reason,
    }
    votes = [{"value": vote.value, "count": vote.count} for vote in pane.votes]
    known = {"reference": pane.reference, "correct": pane.correct} if pane.correct is not None else {}
    left_out = {key: value for key, value in (("dropped", pane.dropped), ("forgotten", pane.forgotten)) if value}
    return values | ({"votes": votes} if votes else {}) | known | left_out | ({"error": pane.error} if pane.error else {})


def talk(one: Talk, form: str) -> str:
    """All turns. While names are hidden they are so here too."""
    hides = [one.hidden for _ in one.turns]
    if form == "json":
        turns = [
            {
                "question": turn.question,
                **({"about": asdict(turn.about)} if turn.about else {}),
                "answers": [_unnamed(i, pane) if hidden else answer(pane) for i, pane in enumerate(turn.panes)],
                "vote": turn.vote,
                "blind": turn.blind,
            }
            for turn, hidden in zip(one.turns, hides, strict=True)
        ]
        return _json({"label": one.label, "created": one.created, "turns": turns})
    _need(form, "json", "md")
    lines = [f"# {_line(one.label)}"]
    for turn, hidden in zip(one.turns, hides, strict=True):
        lines += ["", *_quoted(turn.question)]
        if turn.about:
            lines += ["", f"Task: {turn.about.task}" + (f", {turn.about.split} row {turn.about.row}" if turn.about.row is not None else "")]
        for i, pane in enumerate(turn.panes):
            best = " (voted best)" if turn.vote == str(i) else ""
            lines += ["", f"## {LETTERS[i] if hidden else pane.contender}{best}", "", *_told(pane.text, "" if hidden else pane.error)]
            lines += [] if hidden else ["", _cost(pane)]
        lines += ["", VOTES[turn.vote]] if turn.vote in VOTES else []
    return "\n".join(lines) + "\n"


def _unnamed(i: int, pane: Pane) -> dict[str, Any]:
    return {"contender": LETTERS[i], "text": pane.text}


def batch(job: Job, result: BatchResult, form: str) -> str:
    if form == "json":
        return _json({"label": job.label, "questions": result.questions, "contenders": result.contenders, "answers": result.answers})
    if form == "csv":
        return _csv(result)
    _need(form, "json", "csv", "md")
    lines = [f"# {_line(job.label)}"]
    for i, question in enumerate(result.questions):
        lines += ["", f"## {i + 1}", "", *_quoted(question)]
        for row in (row for row in result.answers if row["question"] == i):
            lines += ["", f"**{row['contender']}**", "", *_told(row["text"], row["error"])]
    return "\n".join(lines) + "\n"


def _csv(result: BatchResult) -> str:
    columns = ("contender", "text", "answer", "prompt_tokens", "completion_tokens", "seconds", "finish_reason", "error")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["question", *columns])
    for row in result.answers:
        writer.writerow([cell(result.questions[row["question"]]), *(cell(row.get(column)) for column in columns)])
    return out.getvalue()


def cell(value: object) -> object:
    """For a CSV: what a spreadsheet would run is made text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _cost(pane: Pane) -> str:
    tokens = pane.prompt.tokens if pane.prompt else 0
    return f"{tokens} prompt tokens · {pane.completion_tokens} answer tokens · {pane.seconds:.2f} s · {pane.finish_reason or 'not finished'}"


def _quoted(text: str) -> list[str]:
    """Only a newline ends a line: other signs that may end one stand in texts as they are."""
    return [f"> {line}" if line else ">" for line in text.split("\n")]


def _told(text: str, error: str) -> list[str]:
    """What came, and why no more did."""
    return [*(_quoted(text) if text or not error else []), *([""] if text and error else []), *(_quoted(error) if error else [])]


def _line(text: str) -> str:
    return " ".join(text.split())


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _need(form: str, *known: str) -> None:
    if form not in known:
        raise NotFound(f"no export form {form!r}.", todo=did_you_mean(form, known))
