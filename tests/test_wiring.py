"""The page's whole event table: an event that is added, renamed or made public shows here first."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr
import pytest

from promptune.lab import Lab
from promptune.settings import Settings
from promptune.tasks.templates import library
from promptune.tuning.recipes import recipes
from promptune.web import page

PANE, PANES = 7, 6  # settings of a pane
ASKED = 2 + PANES * PANE  # the talk, how many panes, their settings
QUESTION = 3 + ASKED  # the box, the task, the row in the box
VIEW = 8  # what a question changes of a pane: head, what is next, talk, result, prompt, confidence; what stands beside its settings
DRAWN = 6 + PANES * VIEW
SHOWN = DRAWN + 7  # with box, buttons, chips' row, note, memories
FILLED = 2 + PANES * (PANE + 4)  # what other contenders change: how many, the box's label, settings, columns and what stands in them
JUDGED = DRAWN + FILLED - 3 * PANES  # what is next, and what stands beside settings, is of both
TASK = 7 + 10  # what another task changes: its line, ten chips, memories
EVERYTHING = 1 + TASK + SHOWN + FILLED - 3 * PANES - 1 - 4 + 3  # the task; note, chips' row, row in the box and memory are of several; link, wish and hints
HELD = 3  # the box, the row in it, what goes back into it
JOB = 7
DUEL, TUNED, SCORED = 4, 17, 19  # what is shown of a duel that runs, of the runs, of the scorecards
LISTED, OPENED = 3, 6 + 2  # with the other two lists, whose choice ends
READ, FORM = 5, 10  # what is said of a file, and of a task
DATA, FOLDS = 9, 3 + 3 + 3 + 2 + 1  # of New task: its first step; the heads, ways back and bodies of its four
KNOBS = len({knob.name for info in recipes() for knob in info.knobs})
FIELDS = max(len(template.fields) for template in library().values())
TEMPLATE = 2 + FIELDS + 3 + 1 + FORM + 3  # its second step: the choice, its fields, three places for mistakes, the columns, the form, memories

# api_name: (inputs, outputs, queued)
EVENTS = {
    "ask": (2 + QUESTION, SHOWN, True),
    "ask_with_less": (2, SHOWN, True),
    "give_back": (2, HELD, False),
    "stop": (0, 0, False),
    **{f"{name}_remember": (1, 0, False) for name in ("ask", "new_chat", "open_talk", "restore")},
    **{
        f"{name}_{event}": counts
        for name in ("task", "tasks_use", "tasks_saved", "runs_compare")
        for event, counts in {"chosen": (1 + ASKED, TASK + JUDGED - 1, False), "remember": (1, 0, False)}.items()
    },
    "try_example": (2 + HELD, HELD + 3, False),
    "try_remember": (1, 0, False),
    **{f"chip_{i}": (1 + HELD, HELD, False) for i in range(10)},
    **{f"chip_{i}_send": (0, 0, False) for i in range(10)},
    **{
        f"{event}_{letter}": counts
        for letter in "abcdef"
        for event, counts in {
            "describe": (1 + PANE, 2 + VIEW, False),
            "suggest": (2, 1, False),
            "ask_again": (2, SHOWN, True),
            "stop": (0, 0, False),
            "remove": (2 + ASKED, JUDGED + 3, False),
            "best": (1, JUDGED, False),
            "look": (2, 1, True),
        }.items()
    },
    **{f"remove_{letter}_remember": (1, 0, False) for letter in "abcdef"},
    **{f"vote_{vote}": (1, JUDGED, False) for vote in ("tie", "bad")},
    "add_pane": (2 + ASKED, JUDGED + 3, False),
    "new_chat": (2 + ASKED, SHOWN + FILLED - 3 * PANES - 1, True),
    "edit_turn": (5, HELD + 2 + TASK - 1, False),
    "edit_turn_write": (1, 0, False),
    "list_models": (3 + PANES, PANES + 3 + TASK, False),
    "open_talk": (1, EVERYTHING, True),
    "restore": (3, EVERYTHING, False),
    "command": (QUESTION, 2, False),
    "copy_command": (1, 0, False),
    "share": (QUESTION, 2, False),
    "share_copy": (1, 0, False),
    "export": (1, 1, False),
    "export_open": (0, 0, False),
    "foot_task": (1, 3, False),
    "rows_score": (2 + ASKED, 3, True),
    "board_open": (3, 4, False),
    **{f"board_{event}": (3, 1, False) for event in ("which", "voted", "task")},
    "blind_told": (2, 1, False),
    "job_shown": (1, JOB, False),
    "job_start": (3 + PANES * PANE, 1 + JOB, True),
    "job_sample": (0, 1, False),
    "job_cancel": (1, JOB, False),
    "job_resume": (1, JOB, False),
    "job_open": (1, JOB, False),
    "duel_shown": (1, DUEL, False),
    "duel_choices": (2, 2, False),
    "duel_foresee": (2, 1, False),
    "duel_start": (2, 5, True),
    "duel_see": (0, 2, False),
    "tune_choices": (2, 2, False),
    "tune_describe": (1, 1, False),
    "tune_recipe": (1, KNOBS, False),
    "tune_start": (6 + KNOBS, 5, True),
    "tune_arrive": (0, 0, False),
    **{f"runs_{event}": (2, TUNED, False) for event in ("shown", "open", "cancel", "resume", "delete")},
    "runs_rename": (3, TUNED, False),
    "runs_compare": (1, 2 + FILLED, False),
    "runs_score": (1, 6, False),
    "score_choices": (2, 2, False),
    "score_start": (5, 3, True),
    **{f"score_{event}": (3, SCORED, False) for event in ("shown", "open", "show", "cancel", "resume", "delete")},
    "score_rename": (4, SCORED, False),
    "score_command": (1, 1, False),
    "score_copy": (1, 0, False),
    **{f"{tab}_{event}": (1, 0, False) for tab in ("runs", "score") for event in ("here", "reveal", "remember")},
    "arrived": (1, 3, False),
    **{f"left_{tab}": (0, 0, False) for tab in ("compare", "tasks", "library")},
    "tasks_list": (1, LISTED, False),
    "tasks_open": (1, 6, False),
    "tasks_rename": (2, LISTED + 5, False),
    "tasks_reveal": (0, 0, False),
    "tasks_delete": (1, LISTED, False),
    "tasks_models": (1, 1, False),
    "tasks_clear": (0, 2, False),
    "tasks_examples": (1, 1, True),
    "tasks_count": (2, 3, True),
    "tasks_count_stop": (0, 0, False),
    "tasks_new": (0, 2, False),
    **{f"tasks_{name}_arrive": (0, 0, False) for name in ("new", "back", "see")},
    "tasks_fresh": (2, 8 + READ + 3 + FOLDS, False),
    "tasks_back": (0, 2, False),
    "tasks_see": (1, 2 + LISTED, False),
    "tasks_use": (1, 2, False),
    "tasks_saved": (1, 2, False),
    "new_bring": (2 + READ, DATA, True),
    "new_fetch": (2 + READ, DATA, True),
    "new_fetch_stop": (0, 0, False),
    "new_read": (1 + READ, DATA, True),
    "new_template": (4, 1 + FOLDS + TEMPLATE, False),
    "new_choose": (3, TEMPLATE, False),
    "new_fill": (2 + FIELDS, TEMPLATE, False),
    "new_write": (2, TEMPLATE, False),
    "new_look": (3 + 1 + READ + FORM, 4 + FOLDS + 5, True),
    "new_name": (5, 1 + FOLDS + 6, False),
    "new_save": (2 + 1 + READ + FORM, 6, True),
    **{f"new_step_{i}": (0, 0, False) for i in range(6)},
    **{f"new_change_{i}": (1, FOLDS, False) for i in range(3)},
    "talks_look": (1, OPENED, False),
    "talks_search": (2, LISTED, False),
    "talks_compare": (1, 2, False),
    "model_add": (1, 3, True),
    "model_stop": (0, 0, False),
    "model_added": (1, LISTED, False),
    "status_shown": (0, 1, False),
    "watched": (1 + 1 + 2 + 3 + 1, JOB + DUEL + TUNED + SCORED + 2, False),
} | {
    f"{shelf}_{event}": counts
    for shelf in ("talks", "jobs", "models")
    for event, counts in {
        "list": (1 + (shelf == "talks"), LISTED, False),
        "open": (1, OPENED, False),
        "rename": (2 + (shelf == "talks"), LISTED + OPENED - 1, False),
        "reveal": (0, 0, False),
        "delete": (1 + (shelf == "talks"), LISTED, False),
    }.items()
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[gr.Blocks]:
    lab = Lab(Settings(home=tmp_path_factory.mktemp("wiring"), engine="scripted"))
    yield page.build(lab)
    lab.close()


def test_the_event_table(demo: gr.Blocks) -> None:
    """Counts included: a handler whose values moved by one would fill the wrong widgets."""
    found = {str(fn.api_name): (len(fn.inputs), len(fn.outputs), bool(fn.queue)) for fn in demo.fns.values()}
    assert found == EVENTS
    assert len(demo.fns) == len(EVENTS)  # no two under one name


def test_no_event_is_public_or_nameless(demo: gr.Blocks) -> None:
    """Every handler checks its owner all the same; what is not announced is not called by accident either."""
    for fn in demo.fns.values():
        assert fn.api_visibility == "private", fn.api_name
        assert "lambda" not in str(getattr(fn.fn, "__name__", "")), fn.api_name


def test_questions_stream_side_by_side_and_never_twice_from_one_page(demo: gr.Blocks) -> None:
    """One limit for every way to ask; gradio's own default would let one visitor block all others."""
    asks = [fn for fn in demo.fns.values() if str(fn.api_name).startswith("ask") and fn.queue]
    assert len(asks) == 2 + PANES
    for fn in asks:
        assert (fn.concurrency_id, fn.concurrency_limit, fn.trigger_mode) == ("ask", 32, "once")


def test_what_a_person_chooses_reaches_a_handler(demo: gr.Blocks) -> None:
    """A control that is no event's input or trigger, and that head.js does not serve, is a dead button."""
    served = {"more", "ask-first", "sure-no"}
    used = {id(widget) for fn in demo.fns.values() for widget in fn.inputs}
    used |= {target for fn in demo.fns.values() for target, _ in fn.targets}
    for block in demo.blocks.values():
        if isinstance(block, gr.Button | gr.Textbox | gr.Dropdown | gr.Radio) and not served & set(block.elem_classes or []):
            assert id(block) in used or block._id in used, (type(block).__name__, getattr(block, "label", None) or getattr(block, "value", None))
