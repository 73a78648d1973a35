"""One pane of Compare: its settings, which spell a contender, and what it shows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import gradio as gr

from promptune.core.contender import NUMBER, Contender
from promptune.core.decoding import Decoding, number
from promptune.errors import Problem, Problems, UserError
from promptune.lab import Lab
from promptune.web import present
from promptune.web.present import KEYS

KNOB: dict[str, Any] = {"interactive": True, "max_lines": 1}
CHOICE: dict[str, Any] = {"interactive": True, "filterable": False}
HTML: dict[str, Any] = {"js_on_load": None, "apply_default_css": False}
SUGGESTED = {"few-shot": "2", "few-shot-cot": "1", "self-consistency": "5"}
SAVED = {"instruct": "prompts", "custom": "prompts", "retrieve": "passages"}  # what a strategy may be given by name
Values = tuple[Any, ...]  # a pane's settings in the order of PaneForm's fields


@dataclass(frozen=True)
class PaneForm:
    model: gr.Dropdown  # with its run, if any: tiny+reviews-lora
    strategy: gr.Dropdown
    arguments: gr.Textbox  # of the strategy, as a contender spells them
    temperature: gr.Textbox  # the decoding as text, exactly as a contender spells it; empty leaves it to the strategy
    max_tokens: gr.Textbox
    seed: gr.Textbox
    strength: gr.Textbox  # of a run's weights

    def inputs(self) -> list[Any]:
        return [getattr(self, field.name) for field in fields(self)]

    @staticmethod
    def contender(model: str | None, strategy: str | None, arguments: str, temperature: str, max_tokens: str, seed: str, strength: str) -> Contender:
        given = zip(("t", "max", "seed"), (temperature, max_tokens, seed), strict=True)
        decoding = Decoding.parse("&".join(f"{key}={text.strip()}" for key, text in given if text.strip()))
        base, _, run = (model or "").partition("+")
        plain = Contender(base, strategy or "", run or None, _strength(strength) if run else 1.0, decoding=decoding)
        if not (wanted := "".join(arguments.split())):
            return plain
        if "?" in wanted:
            raise UserError("the strategy's arguments hold a '?'.", todo="Write them as in 4,by=nearest.")
        told = Contender.parse(f"{base}/{plain.strategy}:{wanted}")
        return replace(plain, args=told.args, options=told.options)

    @staticmethod
    def values(contender: Contender) -> Values:
        """The inverse of `contender`, for a contender it can spell."""
        asked, how = contender.decoding, str(replace(contender, decoding=Decoding()))
        arguments = how.partition("/")[2].partition(":")[2]
        numbers = ("" if value is None else number(value) for value in (asked.t, asked.max, asked.seed))
        strength = number(contender.strength) if contender.strength != 1 else ""
        return (weights(contender.model, contender.run), contender.strategy, arguments, *numbers, strength)


@dataclass(frozen=True)
class PaneView:
    """What a pane shows. Which of its buttons are seen the head's classes say: compare.css."""

    column: gr.Column
    head: gr.HTML  # what answered; before the first question, what will
    next: gr.HTML  # what will answer, where it is something else by now
    stop: gr.Button
    again: gr.Button
    about: gr.HTML  # what the chosen strategy does, and its arguments
    spelled: gr.HTML
    remove: gr.Button
    talk: gr.HTML
    result: gr.HTML
    drop: gr.Button
    opened: gr.HTML  # the exact prompt, and what was chosen for it
    look: gr.Button
    best: gr.Button
    sure: gr.HTML  # the confidence, where it was asked for

    def drawn(self) -> list[gr.HTML]:
        """What a question changes."""
        return [self.head, self.next, self.talk, self.result, self.opened, self.sure, *self.settings()]

    def settings(self) -> list[gr.HTML]:
        """What stands beside the settings; blank while nobody may know who sits where."""
        return [self.about, self.spelled]


def weights(model: str, run: str | None) -> str:
    """A value of the choice of models."""
    return f"{model}+{run}" if run else model


def _strength(text: str) -> float:
    """From 0 to 1; that it is in there the contender sees to."""
    if not text.strip():
        return 1.0
    if not NUMBER.fullmatch(text.strip()):
        raise UserError(f"the strength {text.strip()!r} is not a number.", todo="Write a number from 0 to 1, such as 0.5.")
    return float(text)


def apart(values: Sequence[Any], count: int) -> list[Values]:
    """The first panes' settings, pane by pane."""
    step = len(fields(PaneForm))
    return [tuple(values[i * step : (i + 1) * step]) for i in range(count)]


def contenders(values: Sequence[Any], count: int) -> list[Contender]:
    """Those of the first panes; everything wrong with them at once."""
    found, problems = [], []
    for letter, settings in zip(KEYS, apart(values, count), strict=False):
        try:
            found.append(PaneForm.contender(*settings))
        except UserError as error:
            problems.append(Problem(f"pane {letter}", str(error)))
    if problems:
        raise Problems(problems)
    return found


def spellable(contender: Contender) -> bool:
    """Whether a pane's settings say all of it."""
    return PaneForm.contender(*PaneForm.values(contender)) == contender


def summary(lab: Lab, contender: Contender) -> str:
    return _strategy(lab, contender.strategy)["summary"]


def about(lab: Lab, owner: str, strategy: str) -> str:
    """What the strategy does, what it takes, and what is saved that it could take."""
    known, kind = _strategy(lab, strategy), SAVED.get(strategy, "")
    return present.strategy(known["summary"], known["form"].partition(":")[2], kind, _saved(lab, owner, kind))


def suggested(lab: Lab, owner: str, strategy: str) -> str:
    """The arguments to begin with."""
    first = next(iter(_saved(lab, owner, SAVED.get(strategy, ""))), "")
    return ({"retrieve": f"3,from={first}", "custom": first}.get(strategy, "") if first else "") or SUGGESTED.get(strategy, "")


def hints(lab: Lab, owner: str) -> str:
    """What is suggested for every strategy, for the browser."""
    return json.dumps({one["name"]: suggested(lab, owner, one["name"]) for one in lab.strategies()})


def _saved(lab: Lab, owner: str, kind: str) -> list[str]:
    found = {"prompts": lab.saved.prompts, "passages": lab.saved.passages}.get(kind)
    return [one.slug for one in found(owner)] if found else []


def _strategy(lab: Lab, name: str) -> dict[str, str]:
    return next((one for one in lab.strategies() if one["name"] == name), {"name": name, "summary": "", "form": name})


def usable(lab: Lab, owner: str) -> list[tuple[str, str]]:
    return [(f"{model.label} ({model.slug})" if model.label != model.slug else model.slug, model.slug) for model in lab.models(owner) if model.usable]


def askable(lab: Lab, owner: str) -> list[tuple[str, str]]:
    """The models, then the runs that have weights."""
    runs = [run for run in lab.runs.list(owner) if run.usable]
    labels = [f"{run.model} + {run.slug}" for run in runs]
    return [*usable(lab, owner), *((label, weights(run.model, run.slug)) for label, run in zip(labels, runs, strict=True))]


def build(lab: Lab, owner: str, i: int, contender: Contender, *, visible: bool) -> tuple[PaneForm, PaneView]:
    start, letter = PaneForm.values(contender), KEYS[i]
    with gr.Column(elem_classes=["pane", f"k{i}"], min_width=270, visible=visible) as column:
        with gr.Row(elem_classes="phead"):
            head = gr.HTML(present.pane_head(i, str(contender)), js_on_load=None)
            stop = gr.Button(f"Stop {letter}", elem_classes=["icon", "stop-one"])
            again = gr.Button(f"Ask {letter} again", elem_classes=["icon", "again-one"])
            gr.Button(f"Settings of {letter}", elem_classes=["icon", "more"])
            following = gr.HTML("", elem_classes="following", **HTML)
        with gr.Column(elem_classes="pop", elem_id=f"settings-{i}"):
            gr.HTML(present.sheet_head(i, f"settings-{i}"), js_on_load=None)
            model = gr.Dropdown(askable(lab, owner), value=start[0], label="Model", **CHOICE)
            strategy = gr.Dropdown([s["name"] for s in lab.strategies()], value=start[1], label="Strategy", **CHOICE)
            about_ = gr.HTML(about(lab, owner, contender.strategy), **HTML)
            form = PaneForm(
                model=model,
                strategy=strategy,
                arguments=gr.Textbox(start[2], label="Arguments of the strategy", placeholder=suggested(lab, owner, contender.strategy) or "none", **KNOB),
                temperature=gr.Textbox(start[3], label="Temperature", info="0 always takes the likeliest word; more varies.", placeholder="0", **KNOB),
                max_tokens=gr.Textbox(
                    start[4], label="Longest answer", info="In tokens: words or pieces of words.", placeholder=str(lab.settings.max_tokens), **KNOB
                ),
                seed=gr.Textbox(start[5], label="Seed", info="The same seed gives the same answer again.", placeholder="a new one each time", **KNOB),
                strength=gr.Textbox(
                    start[6],
                    label="Strength of the run",
                    info="0 is the model before tuning, 1 as it was tuned.",
                    placeholder="1",
                    visible=contender.run is not None,
                    **KNOB,
                ),
            )
            spelled = gr.HTML(present.spelled(str(contender)), js_on_load=None)
            remove = gr.Button(f"Remove {letter}", elem_classes=["btn", "remove-one"])
        talk = gr.HTML(present.silence(i, str(contender), summary(lab, contender)), elem_classes="talk", **HTML)
        result = gr.HTML("", elem_classes="result", **HTML)
        drop = gr.Button("Leave out what does not fit", elem_classes=["btn", "drop-it"])
        with gr.Row(elem_classes="deeds"):
            opened = gr.HTML("", elem_classes="opened", **HTML)
            look = gr.Button("Confidence", elem_classes=["lnk", "look-one"])
            best = gr.Button("This one was best", elem_classes=["btn", "best-one"])
        sure = gr.HTML("", elem_classes="sure-one", **HTML)
    return form, PaneView(column, head, following, stop, again, about_, spelled, remove, talk, result, drop, opened, look, best, sure)
