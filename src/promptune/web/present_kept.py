"""HTML of what is kept: a conversation, a model, a job and its result. Pure, and through present.esc like everything."""

from __future__ import annotations

import time
from typing import Any

from promptune.core.job import Job, JobState
from promptune.lab import BatchResult, ModelInfo, Pane, Talk, TalkInfo, Turn
from promptune.web.chat import masked
from promptune.web.present import KEYS, NBSP, answered, clip, date, esc, facts, fault, key, name, notice, plural, prompt_view, result, seconds, size, table
from promptune.web.present_asked import reference
from promptune.web.present_talk import extras, verdict_of

STATES = {
    JobState.QUEUED: "waiting its turn",
    JobState.RUNNING: "running",
    JobState.DONE: "done",
    JobState.CANCELLED: "cancelled",
    JobState.FAILED: "failed",
    JobState.KILLED: "its worker was killed",
    JobState.OUT_OF_MEMORY: "out of memory",
    JobState.DISK_FULL: "the disk is full",
    JobState.TIMEOUT: "out of time",
    JobState.INTERRUPTED: "interrupted: the server that ran it ended",
}


def state(job: Job) -> str:
    return "stopping …" if job.cancelling and job.state.active else STATES[job.state]


def job_card(job: Job, left: float | None = None) -> str:
    """One long piece of work: what, how far, for how long; `left` is in seconds."""
    return f'<h2 dir="auto">{esc(job.label)}</h2>{job_progress(job, left)}'


def job_progress(job: Job, left: float | None = None) -> str:
    share = 100 * job.done / job.total if job.total else 0
    elapsed = (job.ended or time.time()) - job.started if job.started else None
    figures = [f"{job.done} of {plural(job.total, 'answer')}"]
    figures += [seconds_whole(elapsed)] if elapsed is not None else []
    figures += [f"about {seconds_whole(left)} left"] if left is not None and job.state is JobState.RUNNING else []
    figures += [job.note] if job.note and job.state.active else []
    mood = "good" if job.state is JobState.DONE else "" if job.state.active or job.state is JobState.CANCELLED else "bad"
    why = fault(job.cause) if job.cause and mood == "bad" else ""
    return (
        f'<div class="line"><span class="pill {mood}" role="status">{esc(state(job))}</span>'
        f'<span class="soft small">{esc(" · ".join(figures))}</span></div>'
        f'<div class="bar tall" role="progressbar" aria-label="Progress" aria-valuemin="0" aria-valuemax="{job.total}" aria-valuenow="{job.done}">'
        f'<i style="width:{share:.2f}%;background:var(--accent)"></i></div>{why}'
    )


def seconds_whole(value: float) -> str:
    return seconds(value) if value >= 60 else f"{max(0, value):.0f}{NBSP}s"


def batch_table(job: Job, answers: BatchResult) -> str:
    """Questions down, contenders across."""
    cells = {(row["question"], row["contender"]): row for row in answers.answers}
    head = ["", "Question", *(f"{key(i) if i < len(KEYS) else ''}{name(contender)}" for i, contender in enumerate(answers.contenders))]
    rows = [
        [
            f'<span class="soft num">{i + 1}</span>',
            f'<div dir="auto">{esc(question)}</div>',
            *(_cell(cells.get((i, contender))) for contender in answers.contenders),
        ]
        for i, question in enumerate(answers.questions)
    ]
    missing = len(answers.questions) * len(answers.contenders) - len(answers.answers)
    way_out = "The rest is on its way." if job.state.active else "What is here is saved; resume it to get the rest."
    note = "" if answers.complete else f"Not finished: {plural(missing, 'answer')} missing. {way_out}"
    return notice(note) + table(head, rows, "Answers: questions down, contenders across")


def _cell(row: dict[str, Any] | None) -> str:
    if row is None:
        return '<span class="faint">not asked yet</span>'
    if row.get("error"):
        return f'<span class="bad">{esc(row["error"])}</span>'
    text, answer = str(row.get("text") or ""), str(row.get("answer") or "")
    tokens = plural(int(row.get("completion_tokens") or 0), "token")
    about = f'<div class="faint small">{tokens} · {seconds(float(row.get("seconds") or 0))}</div>'
    if answer and answer != text.strip():
        return f'<b dir="auto">{esc(answer)}</b><details><summary>Whole text</summary><div class="cell" dir="auto">{esc(text.lstrip())}</div></details>{about}'
    return f'<div class="cell" dir="auto">{esc(text.lstrip())}</div>{about}'


def talk_view(talk: Talk) -> str:
    """All its turns. Who said what is not told while its last answers wait for a blind vote."""
    return "".join(_turn(at, turn, hidden=talk.hidden) for at, turn in enumerate(talk.turns))


def _turn(at: int, turn: Turn, *, hidden: bool) -> str:
    answers = "".join(_said(i, masked(pane, i) if hidden else pane, hidden=hidden, best=turn.vote == str(i)) for i, pane in enumerate(turn.panes))
    right = reference(turn.about, turn.panes[0].reference) if turn.panes else ""
    waits = "Names are hidden until you vote: open it in Compare."
    verdict = waits if hidden and turn.hidden else "" if hidden or turn.vote.isdecimal() else verdict_of(turn)
    told = f'<p class="small soft">{verdict}</p>' if verdict else ""
    return (
        f'<section class="kept-turn"><div class="turn you wide" dir="auto"><span class="vh">Question {at + 1}: </span>{esc(turn.question)}</div>'
        f"{right}{told}{answers}</section>"
    )


def _said(i: int, pane: Pane, *, hidden: bool, best: bool) -> str:
    """One pane's answer; hidden, its words alone."""
    won = ' <span class="pill">Best</span>' if best else ""
    who = f'<span dir="auto">{name(pane.contender)}</span>{won}' if not hidden else f'<span class="vh">{KEYS[i]}</span>'
    rest = answered(pane) if hidden else f"{result(pane)}{prompt_view(pane.prompt)}{extras(pane.extras)}"
    return f'<section class="kept k{i}"><h3>{key(i)}{who}</h3><div class="turn" dir="auto">{esc(pane.text.lstrip())}</div>{fault(pane.error)}{rest}</section>'


def model_view(model: ModelInfo) -> str:
    about = [
        ("State", "can be used" if model.usable else "cannot be used"),
        ("Name", model.slug),
        ("Kind", {"bundled": "comes with Promptune", "folder": "a folder of yours", "hub": "from the Hugging Face hub"}[model.origin]),
        ("From", model.source if model.origin != "bundled" else ""),
        ("Size", size(model.size) if model.size else ""),
        ("Added", date(model.created) if model.created else ""),
    ]
    return fault(model.why) + notice(model.note) + facts(about)


def job_view(job: Job, answers: BatchResult | None) -> str:
    return f"{job_progress(job)}{batch_table(job, answers) if answers and answers.answers else ''}"


# ---- one row of a list: plain text, two lines, the first one set bold by the style sheet ----


ROW = 42  # characters of a label that fit one line of a list
WHO = 70  # characters of the names of those who answered


def line(label: str) -> str:
    return clip(" ".join(label.split()), ROW)


def model_row(model: ModelInfo) -> str:
    kind = {"bundled": "bundled", "folder": "folder", "hub": "hub"}[model.origin]
    usable = "ready to use" if model.usable else f"cannot be used: {model.why}"
    return f"{line(model.label)}\n{' · '.join(filter(None, [kind, size(model.size) if model.size else '', usable]))}"


def talk_row(info: TalkInfo) -> str:
    who = "names hidden until you vote" if info.hidden else clip(" ".join(", ".join(info.contenders).split()), WHO)
    return f"{line(info.label)}\n{date(info.updated)} · {plural(info.turns, 'question')} · {who} · {size(info.size)}"


def job_row(job: Job, bytes_: int) -> str:
    return f"{line(job.label)}\n{date(job.created)} · {state(job)} · {job.done} of {job.total} · {size(bytes_)}"
