"""The tabs Score and Tune without a browser: their handlers on a Lab with the scripted engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from promptune.core.job import JobState
from promptune.errors import UserError
from promptune.lab import Lab, TaskFile
from promptune.settings import Settings
from promptune.web import duel, score, score_form, tune
from promptune.web.guard import LOCAL, Visitor

ME, OTHER = Visitor(LOCAL), Visitor("somebody else")
MOODS = {
    "name": "moods",
    "template": "{{ text }} Mood: ||| {{ label }}",
    "answer_choices": "good ||| bad",
    "rows": {split: [{"text": f"{split} text {i}", "label": ("good", "bad")[i % 2]} for i in range(8)] for split in ("train", "validation", "test")},
}


@dataclass(frozen=True)
class Tabs:
    lab: Lab
    task: str
    card: duel.DuelCard
    wish: tune.TuneForm
    new: score_form.NewScore
    form: score.ScoreForm
    open: gr.Textbox
    tabs: gr.Tabs


@pytest.fixture
def tabs(settings: Settings, tmp_path: Path) -> Iterator[Tabs]:
    lab = Lab(settings)
    (tmp_path / "task.yaml").write_text(json.dumps(MOODS), encoding="utf-8")
    task = lab.tasks.keep(LOCAL, lab.tasks.draft([tmp_path / "task.yaml"], TaskFile())).slug
    with gr.Blocks(), gr.Tabs() as nav, gr.Tab():
        yield Tabs(lab, task, duel.build(lab), tune.build(lab), score_form.build(lab), score.build(), gr.Textbox(), nav)
    lab.close()


def started(tabs: Tabs) -> str:
    changes = score_form.start(tabs.lab, tabs.new, tabs.open, ME, tabs.task, ["tiny/zero-shot", "tiny/few-shot:2"], "4", "fail", False)
    return str(changes[tabs.open])


def look(tabs: Tabs, shown: Any, open_: str = "", visitor: Visitor = ME) -> Any:
    return score.look(tabs.lab, tabs.form, visitor, shown, open_, "flips")


def test_a_scorecard_from_its_wish_to_its_samples(tabs: Tabs) -> None:
    id, form = started(tabs), tabs.form
    waiting = look(tabs, {})
    assert waiting[form.open] == id and waiting[form.rows]["value"] == id  # nobody chose: what is under way is open
    assert "waiting its turn" in waiting[form.progress] and waiting[form.card] == ""
    tabs.lab.wait([id])
    done = look(tabs, waiting[form.drawn], id)
    assert done[form.progress] == "" and "Standings" in done[form.card] and "sample" in done[form.samples]
    assert f"download/scores/{id}.csv" in done[form.links]
    assert set(look(tabs, done[form.drawn], id)) == {form.drawn}  # nothing happened since: nothing is sent


def test_everything_wrong_with_a_wish_is_said_in_place(tabs: Tabs) -> None:
    changes = score_form.start(tabs.lab, tabs.new, tabs.open, ME, tabs.task, ["tiny/zero-shot", "tyni/cot"], "none", "fail", False)
    assert "tyni" in changes[tabs.new.oops] and "at least one" in changes[tabs.new.oops] and tabs.open not in changes
    assert tabs.lab.jobs(LOCAL) == []


def test_nobody_sees_or_touches_what_is_anothers(tabs: Tabs) -> None:
    """An id that was guessed or replayed is worth nothing."""
    id, form = started(tabs), tabs.form
    seen = look(tabs, {}, id, OTHER)
    assert seen[form.open] == "" and "No scorecards yet" in seen[form.empty] and form.card not in seen
    for handler in (score.cancel, score.resume, score.delete):
        with pytest.raises(UserError):
            handler(tabs.lab, form, OTHER, {}, id, "flips")
    with pytest.raises(UserError):
        score.rename(tabs.lab, form, OTHER, {}, id, "flips", "mine")
    assert tabs.lab.job(LOCAL, id).state is JobState.QUEUED


def test_a_cancelled_one_can_be_resumed_and_deleted(tabs: Tabs) -> None:
    id, form = started(tabs), tabs.form
    cancelled = score.cancel(tabs.lab, form, ME, {}, id, "flips")
    assert "cancelled" in cancelled[form.progress]
    score.resume(tabs.lab, form, ME, cancelled[form.drawn], id, "flips")
    assert tabs.lab.job(LOCAL, id).state is JobState.QUEUED
    score.cancel(tabs.lab, form, ME, {}, id, "flips")
    gone = score.delete(tabs.lab, form, ME, {}, id, "flips")
    assert gone[form.open] == "" and tabs.lab.jobs(LOCAL) == []


def test_a_duel_that_cannot_be_is_told_on_its_card(tabs: Tabs) -> None:
    """And no job is made; the button can be pressed again."""
    *_, last = duel.start(tabs.lab, tabs.card, tabs.tabs, tabs.open, ME, tabs.task, "tiny")
    assert "PROMPTUNE_ENGINE=local" in last[tabs.card.oops] and tabs.open not in last and tabs.lab.jobs(LOCAL) == []


def test_all_that_is_wrong_with_a_run_is_told_at_once(tabs: Tabs) -> None:
    values = ["nan" if knob == "rate" else "0" if knob == "epochs" else "" for knob in tabs.wish.knobs]
    *_, last = tune.start(tabs.lab, tabs.wish, tabs.open, ME, "nothing", "tiny", "lora", "fail", "0", "Bad Name", *values)
    for words in ("rate", "epochs", "name", "task", "limit"):
        assert words in last[tabs.wish.oops].lower()
    assert tabs.wish.name not in last  # what was typed stays


def test_a_recipe_has_only_the_fields_it_knows(tabs: Tabs) -> None:
    changes = tune.choose_recipe(tabs.lab, tabs.wish, ME, "full")
    assert changes[tabs.wish.knobs["rank"]].visible is False and changes[tabs.wish.knobs["rate"]].visible is True
