"""HTML of a duel: the invitation, how it gets on, and the line above its verdict. Pure, and through present.esc like everything."""

from __future__ import annotations

import time
from collections.abc import Sequence

from promptune.core.contender import Contender
from promptune.core.job import Job, JobState, left
from promptune.web.estimate import rounded
from promptune.web.present import date, esc, fault, plural
from promptune.web.present_kept import seconds_whole, state

ASK = "Prompt it or tune it?"
WHAT = "Tries every way on the same rows, then says which to take."
KINDS = {"duel": "Duel", "score": "Scorecard", "tune": "Run"}
SIGNS = {JobState.DONE: ("✓", "done"), JobState.RUNNING: ("●", "now"), JobState.QUEUED: ("○", "wait"), JobState.CANCELLED: ("–", "wait")}
RECIPES = {"lora": "LoRA", "full": "full tuning"}


# ---- the card above the panes ----


def invite() -> str:
    return f'<h2>{ASK}</h2><p class="soft small">{WHAT}</p>'


def how_long(expected: float | None, last: float | None) -> str:
    """`expected` before it was ever measured here, `last` as it was."""
    if last is not None:
        return f'<span class="soft small" title="It took {esc(seconds_whole(last))} last time.">{esc(rounded(last))} on this machine</span>'
    return (
        f'<span class="soft small" title="An estimate: none was run here yet.">{esc(rounded(expected))} on this machine</span>' if expected is not None else ""
    )


def measuring(done: int, total: int) -> str:
    return f'<span class="soft small" role="status">Measuring the rows: {done:,} of {total:,} …</span>'


def going(job: Job, now: float) -> str:
    """A duel that runs or waits, in a line and a bar."""
    what = f"Duel on {job.spec['title']}"
    figures = [state(job), job.note, about_left(job, now)]
    line = " · ".join(filter(None, figures))
    return f'<div class="line"><h2 dir="auto">{esc(what)}</h2><span class="soft small" role="status">{esc(line)}</span></div>{bar(job)}'


# ---- an opened scorecard ----


def head(job: Job, rows: int | None) -> str:
    """What it is, in a line above its verdict."""
    took = job.ended - job.started if job.ended and job.started else None
    counted = plural(rows, "test row") if rows else ""
    parts = [
        KINDS.get(job.kind, job.kind),
        job.label,
        counted,
        seconds_whole(took) if took is not None and job.state is JobState.DONE else "",
        date(job.created),
    ]
    return f'<p class="soft small" dir="auto">{esc(" · ".join(filter(None, parts)))}</p>'


def progress(job: Job, steps: Sequence[Job], before: int, now: float) -> str:
    """How far it is, and each of its steps; nothing once all went well. `before`: how many jobs wait or run before it."""
    if job.state is JobState.DONE:
        return ""
    elapsed = (job.ended or now) - job.started if job.started else None
    figures = [f"{seconds_whole(elapsed)} so far" if elapsed is not None and job.state.active else "", about_left(job, now)]
    figures += [f"{plural(before, 'job')} before it" if before else "", "" if steps else job.note]
    mood = "" if job.state.active or job.state is JobState.CANCELLED else "bad"
    told = esc(" · ".join(filter(None, figures)))
    pill = f'<div class="line"><span class="pill {mood}" role="status">{esc(state(job))}</span><span class="soft small">{told}</span></div>'
    why = fault(job.cause) if job.cause and mood else f'<p class="soft small">{esc(job.cause[:1].upper() + job.cause[1:])}</p>' if job.cause else ""
    kept = "" if job.state.active else '<p class="soft small">What was finished is kept, and shown below.</p>'
    return f"{pill}{bar(job)}{listed(job, steps)}{why}{kept}"


def listed(job: Job, steps: Sequence[Job]) -> str:
    """The steps in their order; the verdict is the parent's own."""
    if not steps:
        return ""
    lines = [_step(step, *step_words(step)) for step in steps]
    over = all(step.state is JobState.DONE for step in steps)
    own = JobState.RUNNING if over and job.state is JobState.RUNNING else JobState.DONE if job.state is JobState.DONE else JobState.QUEUED
    sign, kind = SIGNS[own]
    lines.append(f'<li class="{kind}"{_current(kind)}><span class="sign" aria-hidden="true">{sign}</span><span>The verdict</span></li>')
    return f'<ol class="steps">{"".join(lines)}</ol>'


def step_words(step: Job) -> tuple[str, str]:
    """What is tried, and with whom."""
    if step.kind == "tune":
        recipe = str(step.spec["recipe"]["name"])
        return f"Tune with {RECIPES.get(recipe, recipe)}", str(step.spec["run"])
    return "Prompt", ", ".join(how(str(one["spelling"])) for one in step.spec["contenders"])


def how(spelling: str) -> str:
    """A contender without its model: few-shot 6."""
    return str(Contender.parse(spelling)).partition("/")[2].replace(":", " ")


def _step(step: Job, what: str, who: str) -> str:
    sign, kind = SIGNS.get(step.state, ("✗", "bad"))
    took = step.ended - step.started if step.ended and step.started else None
    word = {"now": step.note or "starting", "done": seconds_whole(took) if took is not None else "done"}.get(
        kind, "waiting" if step.state.active else state(step)
    )
    share = f" · {100 * step.done // step.total}%" if kind == "now" and step.total else ""
    return (
        f'<li class="{kind}"{_current(kind)}><span class="sign" aria-hidden="true">{sign}</span><span dir="auto"><b>{esc(what)}</b> '
        f'<span class="soft">{esc(who)}</span></span><span class="soft small">{esc(word)}{share}</span></li>'
    )


def _current(kind: str) -> str:
    return ' aria-current="step"' if kind == "now" else ""


def bar(job: Job) -> str:
    share = 100 * job.done / job.total if job.total else 0
    return (
        f'<div class="bar tall" role="progressbar" aria-label="Progress" aria-valuemin="0" aria-valuemax="{job.total}" aria-valuenow="{job.done}">'
        f'<i style="width:{share:.2f}%;background:var(--accent)"></i></div>'
    )


def about_left(job: Job, now: float) -> str:
    rest = left(job, now)
    return f"about {seconds_whole(rest)} left" if rest is not None else ""


def row(job: Job) -> str:
    """Two lines of a list."""
    label = " ".join(job.label.split()).removesuffix(f": {ASK[:1].lower()}{ASK[1:]}")  # that it is a duel stands below
    return f"{label}\n{' · '.join([KINDS.get(job.kind, job.kind), time.strftime('%-d %b, %H:%M', time.localtime(job.created)), state(job)])}"
