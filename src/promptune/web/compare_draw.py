"""A talk drawn into the panes: of what they show already nothing is sent again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from promptune.core.contender import Contender
from promptune.lab import Lab
from promptune.web import chat as chats
from promptune.web import pane, present, present_asked, present_talk
from promptune.web.chat import COUNTS, Chat
from promptune.web.compare_form import Changes, CompareForm
from promptune.web.drawing import Drawing
from promptune.web.guard import Visitor
from promptune.web.pane import PaneForm, Values


@dataclass
class Painter:
    """For one question, or one look at a talk that is kept."""

    form: CompareForm
    drawing: Drawing = field(default_factory=lambda: Drawing({}))
    prompts: dict[int, tuple[Any, ...]] = field(default_factory=dict)  # shown by now: a long one is slow to mark up
    earlier: dict[int, str] = field(default_factory=dict)  # of every pane the turns before the last one: they stay as they are while that streams

    def paint(self, chat: Chat, waiting: str = "") -> Changes:
        """Panes that are in no turn stay as they are."""
        if (turn := chat.last) is None:
            return {}
        drawing, form = self.drawing, self.form
        drawing.html(form.reference, present_asked.reference(turn.about, turn.panes[0].reference if turn.panes else ""))
        drawing.html(form.foot.say, present_talk.voted(turn))
        for i, view in enumerate(form.views[: len(turn.panes)]):
            if chat.live and i not in self.earlier:
                self.earlier[i] = chats.past(chat, i)
            shown = chats.shown(chat, i, waiting, self.earlier[i] if chat.live else None)
            drawing.html(view.head, shown.head)
            drawing.html(view.talk, shown.log)
            drawing.html(view.result, shown.result)
            there = turn.panes[i]
            if self.prompts.get(i) != (sign := (chat.hidden, there.prompt, there.extras)):
                self.prompts[i] = sign
                drawing.html(view.opened, chats.opened(there, hidden=chat.hidden))
        return drawing.take()


def drawn(form: CompareForm, chat: Chat) -> Changes:
    """All of a talk, in panes that are set to its contenders. What was looked at closer is closed."""
    closed: Changes = {widget: "" for view in form.views for widget in (view.sure, view.next)}
    return closed | Painter(form).paint(chat)


def silent(lab: Lab, form: CompareForm, values: Sequence[Values], first: int = 0, end: int | None = None) -> Changes:
    """Panes from `first` on before their first question: what each would do."""
    changes: Changes = {}
    for i, view in list(enumerate(form.views))[first:end]:
        contender = _parsed(values[i]) if i < len(values) else None
        spelled = str(contender) if contender else ""
        changes[view.head] = present.pane_head(i, spelled or (f"{values[i][0]}/{values[i][1]}" if i < len(values) else ""))
        changes[view.talk] = present.silence(i, spelled, pane.summary(lab, contender)) if contender else ""
        changes |= dict.fromkeys((view.next, view.result, view.opened, view.sure), "")
    return changes


def told(lab: Lab, form: CompareForm, chat: Chat, values: Sequence[Values]) -> Changes:
    """Other settings, beside what they do not change: a pane that answered says what is next, one that did not says what it would do."""
    if chat.hidden:
        return {}
    answered = chat.contenders
    changes = silent(lab, form, values, len(answered), len(values)) if len(values) > len(answered) else {}
    for view, before, wanted in zip(form.views, answered, values, strict=False):
        contender = _parsed(wanted)
        changes[view.next] = present.following(str(contender) if contender and str(contender) != before else "")
    return changes


def fill(lab: Lab, form: CompareForm, visitor: Visitor, values: Sequence[Values | None]) -> Changes:
    """As many panes as there are values, set to them; what is None stays as it is set. A model that is gone stays chosen: asking says so."""
    changes: Changes = {form.count: len(values)}
    label = COUNTS[len(values)]
    changes[form.box] = gr.Textbox(label=f"Question for {label}", placeholder=f"Ask {label} …")
    models, strategies = pane.askable(lab, visitor.owner), [one["name"] for one in lab.strategies()]
    for i, (one, view) in enumerate(zip(form.panes, form.views, strict=True)):
        changes[view.column] = gr.Column(visible=i < len(values))
        if i >= len(values) or (wanted := values[i]) is None:
            continue
        model, strategy, arguments, strength = str(wanted[0]), str(wanted[1]), wanted[2], wanted[-1]
        changes |= dict(zip(one.inputs(), wanted, strict=True))
        changes[one.model] = gr.Dropdown(choices=with_(models, model), value=model)
        changes[one.strategy] = gr.Dropdown(choices=with_([(name, name) for name in strategies], strategy), value=strategy)
        changes[one.arguments] = gr.Textbox(arguments, placeholder=pane.suggested(lab, visitor.owner, strategy) or "none")
        changes[one.strength] = gr.Textbox(strength, visible="+" in model)
        changes[view.about] = pane.about(lab, visitor.owner, strategy)
        contender = _parsed(wanted)
        changes[view.spelled] = present.spelled(str(contender)) if contender else ""
    return changes


def with_(there: list[tuple[str, str]], chosen: str) -> list[tuple[str, str]]:
    return there if chosen in {value for _, value in there} else [*there, (f"{chosen} (not here)", chosen)]


def values_of(spelled: Sequence[str]) -> list[Values | None]:
    """Settings for contenders; None for one that settings cannot say."""
    found: list[Values | None] = []
    for text in spelled:
        try:
            contender = Contender.parse(text)
        except Exception:
            found.append(None)
        else:
            found.append(PaneForm.values(contender) if pane.spellable(contender) else None)
    return found


def _parsed(values: Values) -> Contender | None:
    try:
        return PaneForm.contender(*values)
    except Exception:  # a mistake in the settings is told beside them
        return None
