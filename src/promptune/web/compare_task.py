"""The line above the panes: the task that questions are asked in, and its examples to try."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import gradio as gr

from promptune.core.task import SPLITS
from promptune.errors import UserError
from promptune.lab import About, Lab
from promptune.web import present, present_asked
from promptune.web.asking import memo
from promptune.web.compare_form import Asked, Changes, Chip, CompareForm, Held
from promptune.web.guard import Visitor
from promptune.web.handlers import words

CHAT = "Just chat"
EXAMPLES = (
    "The cafeteria had 23 apples. If they used 20 to make lunch and bought 6 more, how many apples do they have?",
    "Rosa packs 3 boxes with 4 shells in each and 2 bags with 6 shells in each. How many shells are there?",
    "Tell me a story.",
)
INVITE = "One question, three answers side by side. Try one:"
INVITE_TASK = "One click asks all three:"
CHIP = 64  # characters of a question on its button


def tasks(lab: Lab, owner: str) -> list[tuple[str, str]]:
    found = lab.tasks.list(owner)
    titles = [task.title for task in found]
    return [(CHAT, ""), *((task.title if titles.count(task.title) == 1 else f"{task.title} ({task.slug})", task.slug) for task in found)]


def choose(lab: Lab, form: CompareForm, visitor: Visitor, task: str, asked: Asked) -> Changes:
    """Another task: its examples at hand, and no row of the old one remembered."""
    chips = offer(lab, visitor, task)
    return {**_buttons(form, task, chips), form.try_: gr.Button(visible=bool(task)), form.picked: None, form.note: "", form.memo: memo(task, asked)}


def offer(lab: Lab, visitor: Visitor, task: str) -> tuple[Chip, ...]:
    if not task:
        return tuple(map(Chip, EXAMPLES))
    return tuple(Chip(one.text, one.split, one.row) for one in lab.tasks.chips(visitor.owner, task))


def _buttons(form: CompareForm, task: str, chips: tuple[Chip, ...]) -> Changes:
    changes: Changes = {form.offered: chips, form.start: gr.Row(visible=bool(chips)), form.invite: present_asked.invite(INVITE_TASK if task else INVITE)}
    for i, button in enumerate(form.chips):
        text = " ".join(chips[i].text.split()) if i < len(chips) else ""
        changes[button] = gr.Button(present.clip(text, CHIP), visible=i < len(chips))
    return changes


def try_example(lab: Lab, form: CompareForm, visitor: Visitor, task: str, asked: Asked, typed: str, picked: Chip | None, held: Held) -> Changes:
    """Another row's question into the box, to be looked at, changed and sent."""
    try:
        row = lab.tasks.pick(visitor.owner, task, (picked.row or 0) if picked else 0)
        chip = Chip(row.text, row.split, row.row)
        note = _note(lab, visitor, task, chip)
    except Exception as error:
        return {form.oops: present.fault(words(error))}
    own = typed and not (picked and typed == picked.text)
    return {
        form.box: chip.text,
        form.picked: chip,
        form.held: Held(typed, picked or None) if own else held,
        form.note: note,
        form.oops: "",
        form.memo: memo(task, asked, chip),
    }


def _note(lab: Lab, visitor: Visitor, task: str, chip: Chip) -> str:
    known = lab.tasks.question(visitor.owner, chip.text, About(task, chip.split, chip.row)).completion or ""
    return present_asked.picked(chip.split or "", chip.row or 0, known)


def press(i: int, form: CompareForm, visitor: Visitor, offered: tuple[Chip, ...], typed: str, picked: Chip | None, held: Held) -> Changes:
    """A chip's question into the box; what the page does next is press Send."""
    chip = offered[i]
    own = typed and not (picked and typed == picked.text)
    return {form.box: chip.text, form.picked: chip if chip.row else None, form.held: Held(typed, picked or None) if own else held}


def listed(lab: Lab, form: CompareForm, visitor: Visitor, chosen: str, asked: Asked) -> Changes:
    """The tasks there are now; where the chosen one is gone, just chat is left. What is there is not chosen again: something newer may be by now."""
    there = tasks(lab, visitor.owner)
    if chosen in {slug for _, slug in there}:
        return {form.task: gr.Dropdown(choices=there)}
    return {form.task: gr.Dropdown(choices=there, value="")} | choose(lab, form, visitor, "", asked)


def remembered(lab: Lab, form: CompareForm, visitor: Visitor, kept: dict[str, Any], asked: Asked) -> tuple[Asked, Changes]:
    """After a reload: the task that was chosen, and the row the shown question came from, as the browser kept them."""
    there = {slug for _, slug in tasks(lab, visitor.owner)}
    task = kept.get("task") if kept.get("task") in there else ""
    inside = kept.get("in")
    if asked.question and kept.get("question") == asked.question and inside and inside in there:
        place = _row(kept.get("split"), kept.get("row"))
        asked = replace(asked, about=About(str(inside), place.split, place.row) if place else About(str(inside)))
    changes: Changes = {form.task: gr.Dropdown(choices=tasks(lab, visitor.owner), value=task)}
    changes |= choose(lab, form, visitor, str(task or ""), asked)
    with suppress(UserError):  # the row may be gone, with its task or without
        if task and (box := _row(kept.get("picked_split"), kept.get("picked_row"))):
            chip = replace(box, text=lab.tasks.typed(visitor.owner, About(str(task), box.split, box.row)))
            changes |= {form.picked: chip, form.note: _note(lab, visitor, str(task), chip)}
    return asked, changes


def _row(split: Any, row: Any) -> Chip | None:
    """Where a row stands, if what the browser kept says so."""
    found = next((one for one in SPLITS if one == split), None)
    return Chip("", found, row) if found and isinstance(row, int) else None
