"""A page that looks again and again is sent only what it does not show yet."""

from __future__ import annotations

import gradio as gr

from promptune.web.drawing import Drawing

ROWS = [("A", "a"), ("B", "b")]


def test_the_same_is_not_sent_again() -> None:
    with gr.Blocks():
        text, button, memory = gr.HTML(), gr.Button(), gr.State({})
    first = Drawing({})
    first.html(text, "x")
    first.button(button, visible=True)
    assert set(first.sent(memory)) == {text, button, memory}
    second = Drawing(first.shown)
    second.html(text, "x")
    second.button(button, visible=False)
    assert set(second.sent(memory)) == {button, memory}


def test_a_list_that_grew_leaves_the_choice_to_whoever_makes_it() -> None:
    """Somebody may have chosen another row while this answer was on its way."""
    with gr.Blocks():
        rows = gr.Radio()
    first = Drawing({})
    first.choice(rows, 1, lambda: ROWS[:1], "a", "")
    assert first.changes[rows]["value"] == "a"
    second = Drawing(first.shown)
    second.choice(rows, 2, lambda: ROWS, "a", "a")
    assert second.changes[rows]["choices"] == ROWS and "value" not in second.changes[rows]
    third = Drawing(second.shown)
    third.choice(rows, 2, lambda: ROWS, "b", "b")
    assert third.changes[rows]["value"] == "b"
