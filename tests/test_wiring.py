"""The page's whole event table: an event that is added, renamed or made public shows here first."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr
import pytest

from promptune.lab import Lab
from promptune.settings import Settings
from promptune.web import page

SETTINGS = 3 * 5  # three panes, five settings each
SHOWN = 7 + 3 * 4  # what a question changes: box, buttons, line, chips, two memories; head, talk, result and prompt of three panes
JOB = 7
LISTED, OPENED = 3, 6 + 2  # with the other two lists, whose choice ends

# api_name: (inputs, outputs, queued)
EVENTS = {
    "ask": (1 + SETTINGS, SHOWN, True),
    **{f"ask_example_{i}": (1 + SETTINGS, SHOWN, True) for i in (1, 2, 3)},
    **{f"give_back_{i}": (2, 1, False) for i in range(4)},
    "stop": (0, 0, False),
    **{f"describe_{letter}": (1 + 5, 2, False) for letter in "abc"},
    "command": (2 + SETTINGS, 1, False),
    "copy_command": (1, 0, False),
    "list_models": (3, 4, False),
    "restore": (0, 2 + SETTINGS + 3 * 5, False),
    "job_shown": (1, JOB, False),
    "job_watched": (1, JOB, False),
    "job_start": (2 + SETTINGS, 1 + JOB, True),
    "job_sample": (0, 1, False),
    "job_cancel": (1, JOB, False),
    "job_resume": (1, JOB, False),
    "job_open": (1, JOB, False),
    "model_add": (1, 3, True),
    "model_stop": (0, 0, False),
    "model_added": (1, LISTED, False),
    "status_shown": (0, 1, False),
    "status_watched": (0, 1, False),
} | {
    f"{shelf}_{event}": counts
    for shelf in ("comparisons", "jobs", "models")
    for event, counts in {
        "list": (1, LISTED, False),
        "open": (1, OPENED, False),
        "rename": (2, LISTED + OPENED - 1, False),
        "reveal": (0, 0, False),
        "delete": (1, LISTED, False),
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
    asks = [fn for fn in demo.fns.values() if str(fn.api_name).startswith("ask")]
    assert len(asks) == 4
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
