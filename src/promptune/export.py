"""What leaves the house: answers, comparisons and batches as JSON, Markdown and CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from promptune.core.job import Job
from promptune.errors import NotFound
from promptune.jobs.batch import BatchResult
from promptune.pane import Frame, Pane
from promptune.registry import did_you_mean
from promptune.store.comparisons import ComparisonRecord

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
    left_out = {"dropped": pane.dropped} if pane.dropped else {}
    return values | ({"votes": votes} if votes else {}) | known | left_out | ({"error": pane.error} if pane.error else {})


def comparison(record: ComparisonRecord, panes: Frame, form: str) -> str:
    if form == "json":
        return _json({"question": record.question, "created": record.created, "answers": [answer(pane) for pane in panes]})
    _need(form, "json", "md")
    lines = [f"# {_line(record.label)}", "", *_quoted(record.question)]
    for pane in panes:
        lines += ["", f"## {pane.contender}", "", *_quoted(pane.text or pane.error), "", _cost(pane)]
    return "\n".join(lines) + "\n"


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
            lines += ["", f"**{row['contender']}**", "", *_quoted(row["text"] or row["error"])]
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
    return [f"> {line}" if line else ">" for line in text.splitlines() or [""]]


def _line(text: str) -> str:
    return " ".join(text.split())


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _need(form: str, *known: str) -> None:
    if form not in known:
        raise NotFound(f"no export form {form!r}.", todo=did_you_mean(form, known))
