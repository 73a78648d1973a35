"""HTML of a task: what it is, its splits and classes, its examples, its lengths. Pure, and through present.esc like everything."""

from __future__ import annotations

from collections.abc import Sequence

from promptune.core.prompt import SentPrompt
from promptune.core.task import Example, Task
from promptune.lab import Lengths, Overview, TaskInfo
from promptune.web.present import clip, empty, esc, exact, facts, notice, plural, table, token_bar

KINDS = {"choice": "one of its choices", "number": "a number", "text": "free text"}
MOST_CLASSES = 12  # shown; the others are counted
PAIRS = 6  # of rows that are alike, named
NAMED = 10  # rows that do not fit, named
SENTENCE = 96  # characters of a description in the list


def row(task: TaskInfo) -> str:
    """Two lines of a list: its name, and a sentence on it."""
    origin = "comes with Promptune" if task.origin == "built-in" else "yours"
    about = task.description.partition(". ")[0].rstrip(".") or f"Answers with {KINDS[task.answer_type]}, scored by {task.metrics[0]}"
    return f"{clip(' '.join(task.title.split()), 42)}\n{clip(' '.join(about.split()), SENTENCE)} · {origin}"


def about(info: TaskInfo, task: Task) -> str:
    told = facts(
        [
            ("Name", info.slug),
            ("Answer", KINDS[info.answer_type]),
            ("Scored by", ", ".join(info.metrics)),
            ("You type", info.input),
            ("Group", task.group),
            ("Source", task.source),
        ]
    )
    shown = f'<div class="prompt" dir="auto" tabindex="0" role="region" aria-label="Template">{esc(task.template)}</div>'
    template = f"<details><summary>Template</summary>{shown}</details>"
    words = f'<p dir="auto">{esc(info.description)}</p>' if info.description else ""
    return f"{words}{told}{template}"


def rows(glance: Overview) -> str:
    """Rows of each split and, where answers are classes, how many have each: a bar, a count and a share, never a colour alone."""
    there, balance = [split for split, count in glance.rows.items() if count], glance.balance
    if not balance.classes:
        return f"<h3>Rows</h3><p>{', '.join(f'<b>{glance.rows[split]:,}</b> {esc(split)}' for split in there)}</p>"
    shown = balance.classes[:MOST_CLASSES]
    head = ['<span class="lead">Answer</span>', *(f"{esc(split)} <b>{glance.rows[split]:,}</b>" for split in there)]
    leads = [f'<span class="lead" dir="auto">{esc(clip(name, 60))}</span>' for name in shown]
    body = [[lead, *(_share(balance.counts[split], i) for split in there)] for i, lead in enumerate(leads)]
    more = len(balance.classes) - len(shown)
    rest = f'<p class="soft small">and {plural(more, "rarer answer")}</p>' if more > 0 else ""
    return f"<h3>Rows and answers</h3>{table(head, body, 'Rows of each split by their answer')}{rest}"


def _share(counts: Sequence[int], i: int) -> str:
    share = 100 * counts[i] / sum(counts) if sum(counts) else 0
    bar = f'<div class="bar" aria-hidden="true">{f"""<i style="width:{share:.1f}%"></i>""" if counts[i] else ""}</div>'
    return f'<div class="share"><span>{counts[i]:,} <span class="soft">{share:.0f}%</span></span>{bar}</div>'


def warnings(glance: Overview, others: Sequence[str] = ()) -> str:
    """Duplicates, overlaps and whatever else somebody should look at, in sentences."""
    said = [*others, *glance.warnings]
    if not said:
        fine = '<span class="good" aria-hidden="true">✓</span> No row stands twice, and none in two splits.'
        return f'<h3>Duplicates and overlaps</h3><p class="small">{fine}</p>'
    listed = "".join(f'<li dir="auto">{esc(one)}</li>' for one in said)
    pairs = [pair for one in glance.overlaps.between for pair in one.pairs[:3]][:PAIRS]
    alike = ["the same" if pair.exact else f"{pair.similarity:.0%} alike" for pair in pairs]
    named = [f"{one.split} row {one.row} and {one.other_split} row {one.other_row} ({how})" for one, how in zip(pairs, alike, strict=True)]
    shown = f'<p class="soft small">Such as {esc("; ".join(named))}.</p>' if named else ""
    return f'<h3>Worth a look</h3><ul class="small">{listed}</ul>{shown}'


def examples(shown: Sequence[Example], sent: Sequence[SentPrompt], contender: str, note: str = "") -> str:
    """Rows as they are asked: the exact prompt with its parts and tokens, and the right answer. Without `sent` the texts alone."""
    cards = []
    for i, example in enumerate(shown):
        place = f"{example.split} row {example.row}" if example.split and example.row else f"Example {i + 1}"
        tokens = f"{plural(sent[i].tokens, 'token')} of {sent[i].window:,}" if i < len(sent) else ""
        body = f"{token_bar(sent[i])}{exact(sent[i])}" if i < len(sent) else f'<div class="prompt" dir="auto">{esc(example.prompt)}</div>'
        choices = f' <span class="soft">out of {esc(clip(", ".join(example.choices), 120))}</span>' if example.choices else ""
        steps = f'<p class="small soft" dir="auto">Worked steps: {esc(clip(example.rationale, 300))}</p>' if example.rationale else ""
        answer = (
            f'<p class="small" dir="auto"><span class="soft">Right answer</span> <b>{esc(clip(example.completion, 300))}</b>{choices}</p>'
            if example.completion is not None
            else '<p class="small soft">No right answer is known.</p>'
        )
        head = f'<h4>{esc(place[:1].upper() + place[1:])}<span class="soft small">{tokens}</span></h4>'
        cards.append(f'<section class="example-card">{head}{body}{answer}{steps}</section>')
    by = f" as {contender} is asked" if sent else ""
    return f"<h3>{plural(len(shown), 'example')}{esc(by)}</h3>{notice(note)}{''.join(cards)}"


def measuring(done: int, total: int) -> str:
    share, told = 100 * done / total if total else 0, empty(f"Counting: {done:,} of {plural(total, 'row')}")
    bar = f'<div class="bar tall" role="progressbar" aria-label="Rows counted" aria-valuemin="0" aria-valuemax="{total}" aria-valuenow="{done}">'
    return f'{told}{bar}<i style="width:{share:.1f}%;background:var(--accent)"></i></div>'


def lengths(found: Lengths, model: str) -> str:
    """How long the prompts are, and which of them do not fit."""
    most = max((one.rows for one in found.bins), default=1)
    bars = "".join(_bin(one.low, one.high, one.rows, most) for one in found.bins)
    range_ = f"the shortest {found.shortest:,}, the median {found.median:,}, the longest {plural(found.longest, 'token')}"
    told = f"{plural(found.rows, 'prompt')} in tokens of {model}: {range_}."
    window = f"{found.window:,} tokens, with {found.room:,} kept for the answer"
    if found.over:
        rows_ = f"{plural(found.over, 'row')} {'does' if found.over == 1 else 'do'}"
        fits = f'<p class="bad small">{rows_} not fit the window of {window}:</p><p class="small soft">{esc(_longs(found))}</p>'
    else:
        fits = f'<p class="small"><span class="good" aria-hidden="true">✓</span> All fit the window of {window}.</p>'
    return f'<p class="small">{esc(told)}</p>{fits}<ul class="hist" aria-label="Rows by the tokens of their prompt">{bars}</ul>'


def _bin(low: int, high: int, rows_: int, most: int) -> str:
    bar = f'<span class="bar" aria-hidden="true">{f"""<i style="width:{100 * rows_ / most:.1f}%"></i>""" if rows_ else ""}</span>'
    range_ = f"{low:,}" if low == high else f"{low:,}–{high:,}"
    return f'<li><span class="soft">{range_}<span class="vh"> tokens: </span></span>{bar}<span>{rows_:,}<span class="vh"> rows</span></span></li>'


def _longs(found: Lengths) -> str:
    named = [f"{long.split or ''} row {long.row} ({long.tokens:,})".strip() for long in found.longs[:NAMED]]
    return ", ".join(named) + (f" and {found.over - len(named):,} more" if found.over > len(named) else "")
