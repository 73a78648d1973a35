"""The line above the panes: the task that questions are asked in, and its examples to try."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import gradio as gr

from promptune.core.task import SPLITS
from promptune.errors import UserError
from promptune.lab import About, Lab
from promptune.web import pane, present, present_asked
from promptune.web.asking import memo
from promptune.web.chat import Chat
from promptune.web.compare_draw import fill, told, values_of
from promptune.web.compare_form import Changes, Chip, CompareForm, Held
from promptune.web.guard import Visitor
from promptune.web.handlers import words
from promptune.web.pane import Values

BUNDLED = "tiny"

CHAT = "Just chat"
EXAMPLES = (
    "The cafeteria had 23 apples. If they used 20 to make lunch and bought 6 more, how many apples do they have?",
    "Rosa packs 3 boxes with 4 shells in each and 2 bags with 6 shells in each. How many shells are there?",
    "Tell me a story.",
)
INVITE = "One question, several answers side by side. Try one:"
INVITE_TINY = "tiny, the bundled model, knows a small made-up world: sums, reviews, short stories. Try one:"
INVITE_TASK = "One click asks:"
ALONE = "In a task every question stands alone and begins a new chat."
CHIP = 64  # characters of a question on its button
SHOTS = 4  # examples that a pane shows to begin with, where there are as many


def tasks(lab: Lab, owner: str) -> list[tuple[str, str]]:
    found = lab.tasks.list(owner)
    titles = [task.title for task in found]
    return [(CHAT, ""), *((task.title if titles.count(task.title) == 1 else f"{task.title} ({task.slug})", task.slug) for task in found)]


def choose(lab: Lab, form: CompareForm, visitor: Visitor, task: str, chat: Chat, count: int, *settings: Any) -> Changes:
    """Another task: its examples at hand, and no row of the old one remembered. Panes that nobody has set suit it."""
    values = pane.apart(settings, count)
    suited = _suited(lab, visitor, task, chat, settings, count)
    filled = fill(lab, form, visitor, suited) if suited else {}
    return turn_to(lab, form, visitor, task, chat) | filled | told(lab, form, chat, suited or values)


def turn_to(lab: Lab, form: CompareForm, visitor: Visitor, task: str, chat: Chat) -> Changes:
    chips = offer(lab, visitor, task)
    return {
        **_buttons(lab, form, task, chips, begun=bool(chat.turns)),
        form.try_: gr.Button(visible=bool(task)),
        form.picked: None,
        form.note: edited(chat),
        form.memo: memo(task, chat.talk, editing=chat.editing),
    }


def edited(chat: Chat) -> str:
    """That an earlier question is in the box: it is said as long as it is so."""
    if chat.editing is None:
        return ""
    stays = chat.turns[chat.editing].about is not None
    return present.editing(chat.editing, stays=stays, behind=len(chat.turns) - chat.editing - 1)


def starts(lab: Lab, visitor: Visitor, task: str) -> list[str]:
    """The contenders of a page that nobody has set; in a task one of them is shown examples, if there are any."""
    default = lab.settings.default_model
    shots = min(SHOTS, len(lab.tasks.load(visitor.owner, task).examples.get("train", ()))) if task else 0
    ways = ("zero-shot", f"few-shot:{shots}", "cot") if shots else ("zero-shot", "cot", "zero-shot?t=0.7&seed=1")
    return [f"{default}/{way}" for way in ways]


def untouched(lab: Lab, spelled: list[str]) -> bool:
    default = lab.settings.default_model
    tasks = [[f"{default}/zero-shot", f"{default}/few-shot:{shots}", f"{default}/cot"] for shots in range(1, SHOTS + 1)]
    return sorted(spelled) in map(sorted, [[f"{default}/zero-shot", f"{default}/cot", f"{default}/zero-shot?t=0.7&seed=1"], *tasks])  # a blind chat shuffles


def _suited(lab: Lab, visitor: Visitor, task: str, chat: Chat, settings: tuple[Any, ...], count: int) -> list[Values]:
    """None, where they are to stay as they are."""
    try:
        spelled = [str(one) for one in pane.contenders(settings, count)]
    except UserError:  # somebody is about to set them
        return []
    if chat.hidden or not untouched(lab, spelled) or sorted(spelled) == sorted(wanted := starts(lab, visitor, task)):
        return []
    return [value for value in values_of(wanted) if value]


def offer(lab: Lab, visitor: Visitor, task: str) -> tuple[Chip, ...]:
    if not task:
        return tuple(map(Chip, EXAMPLES))
    return tuple(Chip(one.text, one.split, one.row) for one in lab.tasks.chips(visitor.owner, task))


def invite(lab: Lab, task: str, chips: tuple[Chip, ...]) -> str:
    if task:
        return f"{ALONE} {INVITE_TASK}" if chips else ALONE
    return INVITE_TINY if lab.settings.default_model == BUNDLED else INVITE


def _buttons(lab: Lab, form: CompareForm, task: str, chips: tuple[Chip, ...], *, begun: bool) -> Changes:
    """A chat that has begun needs no first question; a task's own examples stay at hand."""
    invited = present_asked.invite(invite(lab, task, chips))
    changes: Changes = {form.offered: chips, form.start: gr.Row(visible=bool(task) or not begun), form.invite: invited}
    for i, button in enumerate(form.chips):
        text = " ".join(chips[i].text.split()) if i < len(chips) else ""
        changes[button] = gr.Button(present.clip(text, CHIP), visible=i < len(chips))
    return changes


def try_example(lab: Lab, form: CompareForm, visitor: Visitor, task: str, chat: Chat, typed: str, picked: Chip | None, held: Held) -> Changes:
    """Another row's question into the box, to be looked at, changed and sent."""
    try:
        row = lab.tasks.pick(visitor.owner, task, (picked.row or 0) if picked else 0)
        chip = Chip(row.text, row.split, row.row)
        known = note(lab, visitor, task, chip)
    except Exception as error:
        return {form.oops: present.fault(words(error))}
    own = typed and not (picked and typed == picked.text)
    return {
        form.box: chip.text,
        form.picked: chip,
        form.held: Held(typed, picked or None) if own else held,
        form.note: known,
        form.oops: "",
        form.memo: memo(task, chat.talk, chip),
    }


def note(lab: Lab, visitor: Visitor, task: str, chip: Chip) -> str:
    known = lab.tasks.question(visitor.owner, chip.text, About(task, chip.split, chip.row)).completion or ""
    return present_asked.picked(chip.split or "", chip.row or 0, known)


def press(i: int, form: CompareForm, visitor: Visitor, offered: tuple[Chip, ...], typed: str, picked: Chip | None, held: Held) -> Changes:
    """A chip's question into the box; what the page does next is press Send."""
    chip = offered[i]
    own = typed and not (picked and typed == picked.text)
    return {form.box: chip.text, form.picked: chip if chip.row else None, form.held: Held(typed, picked or None) if own else held}


def listed(lab: Lab, form: CompareForm, visitor: Visitor, chosen: str, chat: Chat) -> Changes:
    """The tasks there are now; where the chosen one is gone, just chat is left. What is there is not chosen again: something newer may be by now."""
    there = tasks(lab, visitor.owner)
    if chosen in {slug for _, slug in there}:
        return {form.task: gr.Dropdown(choices=there)}
    return {form.task: gr.Dropdown(choices=there, value="")} | turn_to(lab, form, visitor, "", chat)


def put(lab: Lab, form: CompareForm, visitor: Visitor, task: str, chat: Chat) -> Changes:
    """A task is chosen, if it is there, by a talk, a link or a memory."""
    found = known(lab, visitor, task)
    return {form.task: gr.Dropdown(choices=tasks(lab, visitor.owner), value=found)} | turn_to(lab, form, visitor, found, chat)


def about_row(task: str, place: Chip) -> About:
    return About(task, place.split, place.row)


def known(lab: Lab, visitor: Visitor, task: str) -> str:
    return task if task in {slug for _, slug in tasks(lab, visitor.owner)} else ""


def remembered(lab: Lab, form: CompareForm, visitor: Visitor, kept: dict[str, Any], chat: Chat) -> Changes:
    """After a reload: the task that was chosen, and the row in the box, as the browser kept them; else the task of the talk."""
    wanted = kept.get("task") if "task" in kept else chat.last.about.task if chat.last and chat.last.about else ""
    task = known(lab, visitor, str(wanted or ""))
    changes = put(lab, form, visitor, task, chat)
    with suppress(UserError):  # the row may be gone, with its task or without
        if task and (box := row(kept.get("picked_split"), kept.get("picked_row"))):
            chip = replace(box, text=lab.tasks.typed(visitor.owner, About(task, box.split, box.row)))
            changes |= {form.picked: chip, form.note: note(lab, visitor, task, chip)}
    return changes


def row(split: Any, row: Any) -> Chip | None:
    """Where a row stands, if what the browser kept says so."""
    found = next((one for one in SPLITS if one == split), None)
    return Chip("", found, row) if found and isinstance(row, int) else None
