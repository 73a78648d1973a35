"""Every piece of HTML on the page, as pure functions. A value enters markup through `esc` and no other way.

gr.HTML does not sanitise, and compiles `{{…}}` in its *template*; these strings are values of the default template, where
`${…}` and `{{…}}` are plain text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from promptune.core.prompt import SentPrompt
from promptune.lab import DeviceStatus, Pane
from promptune.markup.escape import esc as esc
from promptune.markup.shapes import empty as empty
from promptune.markup.shapes import facts as facts
from promptune.markup.shapes import mark as mark
from promptune.markup.shapes import name as name
from promptune.markup.shapes import notice as notice
from promptune.markup.shapes import table as table
from promptune.markup.words import NBSP as NBSP
from promptune.markup.words import clip as clip
from promptune.markup.words import date as date
from promptune.markup.words import plural as plural
from promptune.markup.words import seconds as seconds
from promptune.markup.words import size as size
from promptune.pane import LETTERS

KEYS = LETTERS
KINDS = ("template", "instruction", "context", "examples", "question", "cue")
LONGEST = 120  # characters of an answer that are shown under its text
REPEATED = 40  # characters of an answer worth repeating where it is the whole text
VOTED, MOST_VOTES = 40, 6  # characters of an answer that was voted for, and how many of them are shown
ARGUMENTS = {"k": "how many", "n": "how many", "by": "or random, nearest", "seed": "which draw", "from": "which text", "name": "which prompt"}
OVERFLOW = "OVERFLOW"  # the cause of a pane whose prompt does not fit its window


# ---- small shapes ----


def key(i: int) -> str:
    return f'<span class="key k{i}" aria-hidden="true">{KEYS[i]}</span>'


def fault(text: str) -> str:
    return f'<p class="fault" role="alert" dir="auto">{esc(text[:1].upper() + text[1:])}</p>' if text else ""


def chip(model: str, status: DeviceStatus) -> str:
    """Whether the model can answer, and while it warms how far that is."""
    words = {"ready": "ready", "restarting": "restarting", "failed": "failed", "stopped": "asleep"}.get(status.state) or f"{status.detail or status.state} …"
    mood = {"ready": "good", "failed": "bad"}.get(status.state, "busy")
    memory = f"{status.memory_mb:,}{NBSP}MB of memory · " if status.memory_mb else ""
    process = f"process {status.pid}" if status.pid else ""
    line = " · ".join(filter(None, [model, status.device, words]))
    about = esc(status.detail or memory + process)
    return f'<span class="chip" role="status" title="{about}"><span class="dot {mood}" aria-hidden="true"></span>{esc(line)}</span>'


def fetching(source: str, done: int, total: int) -> str:
    """How far a download is, in bytes; the total may not be known yet."""
    if not total:
        return empty(f"Looking for {source} …")
    bar = f'<div class="bar" role="progressbar" aria-label="Download" aria-valuemin="0" aria-valuemax="{total}" aria-valuenow="{done}">'
    return f'{empty(f"Fetching {source}: {size(done)} of {size(total)}")}{bar}<i style="width:{100 * done / total:.1f}%;background:var(--accent)"></i></div>'


# ---- a pane ----


def pane_head(i: int, contender: str, *, kinds: str = "", best: bool = False) -> str:
    """What answered; nobody, where that is not to be known yet. `kinds` are classes by which the style sheet shows what can be done with the pane."""
    won = ' <span class="pill">Best</span>' if best else ""
    who = f'<span dir="auto">{name(contender)}</span>' if contender else '<span class="soft how">name hidden</span>'
    return f'<h2 class="{esc(kinds)}">{key(i)}<span class="vh">{KEYS[i]}: </span>{who}{won}</h2>'


def following(contender: str) -> str:
    """What will answer the next question, where that is something else than what answered."""
    return f'<p class="soft small next">Next: {name(contender)}</p>' if contender else ""


def sheet_head(i: int, sheet: str) -> str:
    close = f'<button type="button" class="btn close" popovertarget="{esc(sheet)}" popovertargetaction="hide">Close</button>'
    return f'<div class="line"><h2>{key(i)}What answers in {KEYS[i]}</h2>{close}</div>'


def turn(i: int, at: int, question: str, pane: Pane, waiting: str = "", *, edit: bool = False) -> str:
    """A question and the text that came (tokens often begin with a space: not the first one); `waiting` says what a pane without text waits for."""
    live = pane.state in ("waiting", "streaming")
    said = (
        f'<div class="turn{" live" if live else ""}" dir="auto"><span class="vh">{KEYS[i]}: </span>{esc(pane.text.lstrip())}</div>' if pane.text or live else ""
    )
    why = pane.held or waiting
    said += f'<p class="soft small">{esc(why)}</p>' if live and why and not pane.text else ""
    if pane.state == "failed":
        said += fault(pane.error)
    elif pane.state == "cancelled":
        said += f'<p class="soft small">{esc(pane.error or ("Stopped." if pane.text else "Stopped before the first word."))}</p>'
    elif pane.state == "done" and not pane.text.strip():
        said += '<p class="soft small">The model ended at once, without a word.</p>'
    you = f'<div class="turn you" dir="auto"><span class="vh">You: </span>{esc(question)}</div>'
    again = (
        f'<button type="button" class="edit-turn" data-turn="{at}"{"" if i == 0 else " tabindex=-1"}>Edit<span class="vh"> question {at + 1}</span></button>'
    )
    return f"{you}{again if edit else ''}{said}"


def editing(at: int, *, stays: bool, behind: int = 0) -> str:
    """Under the box, while an earlier question is in it. `behind`: how many were asked after it."""
    gone = f"its answers and {'the question' if behind == 1 else f'the {behind} questions'} after it are replaced." if behind else "its answers are replaced."
    follows = "it is asked anew, and the old answers stay in the Library." if stays else gone
    return f'<p class="soft small editing" role="status">Editing question {at + 1}: {follows} Esc gives it up.</p>'


def silence(i: int, contender: str, summary: str) -> str:
    """A pane before the first question: what this way of asking does."""
    return log(i, f"Conversation with {contender}", empty(summary))


def log(i: int, label: str, body: str) -> str:
    return f'<div class="scroll k{i}" tabindex="0" role="log" aria-live="off" aria-label="{esc(label)}"><div>{body}</div></div>'


def result(pane: Pane) -> str:
    """Under the text: the answer read from it, and what it cost."""
    if pane.prompt is None:
        return ""
    kind = "can-drop" if can_drop(pane) else ""  # app.css shows the pane's button by it
    counts = f'<div class="{kind}">{legend(pane.prompt)}</div>' if pane.cause == OVERFLOW else ""
    return f"{_answer(pane)}{_votes(pane)}{token_bar(pane.prompt)}{counts}{_cost(pane, pane.prompt)}"


def can_drop(pane: Pane) -> bool:
    """Whether its prompt did not fit, and would with fewer examples or passages."""
    return pane.cause == OVERFLOW and (bool(pane.extras) or (pane.prompt is not None and any(part.kind == "examples" for part in pane.prompt.parts)))


def answered(pane: Pane) -> str:
    """The answer alone, without how it was read: that would tell who read it."""
    return _answer(replace(pane, answer=replace(pane.answer, how="", votes=()))) if pane.answer else ""


def _answer(pane: Pane) -> str:
    if pane.answer is None or not pane.text.strip():
        return ""
    if pane.answer.value == pane.text.strip() and len(pane.answer.value) > REPEATED:
        return f'<div class="small ans">Answer read: the whole text{mark(pane.correct)}</div>'
    value, how = esc(clip(pane.answer.value, LONGEST)), esc(pane.answer.how)
    about, read = (f' title="Read as: {how}"', f'<span class="vh"> (read as: {how})</span>') if how else ("", "")
    return f'<div class="small ans" dir="auto"{about}>Answer read: <b>{value}</b>{mark(pane.correct)}{read}</div>'


def _votes(pane: Pane) -> str:
    """What the samples said, most first."""
    if pane.samples > 1 and not pane.votes:
        return f'<div class="small soft ans">{pane.sampled} of {pane.samples} samples</div>'
    told = ", ".join(f"<b>{esc(clip(vote.value, VOTED))}</b> ×{vote.count}" for vote in pane.votes[:MOST_VOTES])
    more = f" and {plural(len(pane.votes) - MOST_VOTES, 'other answer')}" if len(pane.votes) > MOST_VOTES else ""
    return f'<div class="small ans" dir="auto"><span class="soft">Votes:</span> {told}{more}</div>' if told else ""


def _share(prompt: SentPrompt) -> str:
    share = 100 * prompt.tokens / prompt.window
    return f"{'<1' if 0 < share < 0.5 else f'{share:.0f}'}% of {prompt.window:,}"


def _counts(prompt: SentPrompt) -> dict[str, int]:
    """Tokens by kind of part; a kind that the prompt has none of is left out."""
    counts = {kind: sum(part.tokens for part in prompt.parts if part.kind == kind) for kind in KINDS}
    return {kind: count for kind, count in counts.items() if count}


def token_bar(prompt: SentPrompt) -> str:
    counts = _counts(prompt)
    whole = max(prompt.window, prompt.tokens)  # a prompt that does not fit fills the bar with its own parts
    cells = "".join(
        f'<i style="width:{100 * count / whole:.2f}%;background:var(--p-{kind})" title="{kind} {plural(count, "token")}"></i>' for kind, count in counts.items()
    )
    told = ", ".join(f"{kind} {count}" for kind, count in counts.items())
    return f'<div class="bar" role="img" aria-label="Prompt: {plural(prompt.tokens, "token")}, {esc(_share(prompt))} ({told})">{cells}</div>'


def _cost(pane: Pane, prompt: SentPrompt) -> str:
    written = plural(pane.completion_tokens, "token")
    reasons = {"length": f"cut off after {written}", "cancelled": f"stopped after {written}"}
    figures = [
        f'<span title="tokens of the prompt, and their share of the model\'s window">{plural(prompt.tokens, "token")} · {esc(_share(prompt))}</span>',
        f"first token {seconds(pane.first_token_seconds)}" if pane.first_token_seconds is not None else "",
        f"{pane.completion_tokens / pane.seconds:,.0f}{NBSP}tok/s" if pane.completion_tokens and pane.seconds else "",
        reasons.get(pane.finish_reason or "", ""),
        f"<b>{plural(pane.dropped, 'passage' if '/retrieve' in pane.contender else 'example')} left out to fit</b>" if pane.dropped else "",
        f"<b>{plural(pane.forgotten, 'earlier question')} left out to fit</b>" if pane.forgotten else "",
    ]
    weights = f'<span title="the weights that answered">by {esc(pane.weights)}</span>' if pane.weights else ""
    return f'<div class="small soft met">{" · ".join(filter(None, [*figures, weights]))}</div>'


def prompt_view(prompt: SentPrompt | None) -> str:
    """The exact prompt, to be opened."""
    return f"<details><summary>Prompt</summary>{exact(prompt)}</details>" if prompt else ""


def exact(prompt: SentPrompt) -> str:
    """The exact prompt, part by part; what the chat template added is boxed, special tokens in plain sight."""
    body = "".join(
        f'<span class="sp" title="template">{esc(part.text)}</span>'
        if part.kind == "template"
        else f'<mark style="--m:var(--p-{part.kind})" title="{part.kind} · {plural(part.tokens, "token")}">{esc(part.text)}</mark>'
        for part in prompt.parts
    )
    return f'<div class="prompt" dir="auto" tabindex="0" role="region" aria-label="The exact prompt">{body}</div>{legend(prompt)}'


def legend(prompt: SentPrompt) -> str:
    counts = "".join(f'<span style="--m:var(--p-{kind})"><i></i>{kind} {count:,}</span>' for kind, count in _counts(prompt).items())
    return f'<div class="legend">{counts}</div>'


def spelled(contender: str) -> str:
    return f'<p class="small soft">Spelled <code class="spelled">{esc(contender)}</code></p>'


def _argument(piece: str) -> str:
    help_ = ARGUMENTS.get(piece.partition("=")[0], "")
    return f"<code>{esc(piece)}</code>{f' ({help_})' if help_ else ''}"


def strategy(summary: str, takes: str, kind: str = "", saved: Sequence[str] = ()) -> str:
    """Under a pane's choice of strategy; `kind` is what it can be given by name, and `saved` what there is of it."""
    told = f"Arguments: {', '.join(map(_argument, takes.split(',')))}." if takes else "" if kind else "It takes no arguments."
    names = ", ".join(f"<code>{esc(name)}</code>" for name in saved) or f"none yet, add one with <code>promptune {esc(kind)} add FILE</code>"
    return f'<p class="small">{esc(summary)}</p><p class="small soft">{told}{f" Saved {esc(kind)}: {names}." if kind else ""}</p>'


def download_links(links: Sequence[tuple[str, str]]) -> str:
    """Links to our own owner-checked route: (label, path below it)."""
    anchors = " ".join(f'<a class="btn link" href="download/{esc(path)}" download>{esc(label)}</a>' for label, path in links)
    return f'<div class="line small download"><span class="soft">Download</span> {anchors}</div>' if links else ""
