"""Whatever a person, a file or a model wrote is shown as that text and nothing else; figures say what they mean."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.arena import Leaderboard, Standing
from promptune.core.job import Job, JobState
from promptune.core.prompt import SentPart, SentPrompt
from promptune.core.strategy import Answer, Extra, Vote
from promptune.core.task import Example, Task
from promptune.engines.protocol import Chance
from promptune.lab import About, BatchResult, DeviceStatus, ModelInfo, Overview, Pane, Talk, TalkInfo, TaskInfo, Turn
from promptune.tasks.describe import lengths
from promptune.tasks.overview import overview
from promptune.tasks.tables.table import BadRow, Found
from promptune.web import present, present_asked, present_kept, present_new, present_talk, present_tasks

EVIL = """<img src=x onerror=alert(1)> {{7*7}} ${1+1} <script>alert(2)</script> "quoted' & javascript:alert(3)"""
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def prompt(text: str = EVIL) -> SentPrompt:
    parts = (SentPart("template", "<|user|>", 0, 1), SentPart("question", text, 1, 9), SentPart("cue", text, 9, 10))
    return SentPrompt("".join(part.text for part in parts), tuple(range(10)), parts, 512)


def pane(text: str = EVIL) -> Pane:
    return Pane(
        text,
        text,
        "done",
        text,
        Answer(text, text),
        prompt(text),
        completion_tokens=40,
        first_token_seconds=0.031,
        seconds=0.1,
        finish_reason="stop",
        error=text,
    )


def job(text: str = EVIL, state: JobState = JobState.FAILED) -> Job:
    return Job("0" * 12, "local", "batch", text, state, text, {}, 5, 10, text, 1e9, 1e9, 1e9 + 75, False)


def asked(text: str = EVIL, vote: str = "0", *, blind: bool = False) -> Turn:
    return Turn("0" * 12, text, About(text), (voted(text), replace(voted(text), extras=shots(text))), vote, blind)


def shots(text: str = EVIL) -> tuple[Extra, ...]:
    return Extra("example", text, text, text, text), Extra("passage", text, text, "", text)


def talk(*turns: Turn) -> Talk:
    return Talk("0" * 12, EVIL, 1e9, turns)


def listed(text: str = EVIL) -> TalkInfo:
    return TalkInfo("0" * 12, text, 1e9, 1e9, 2, (text, text), 1234, False)


def board(text: str = EVIL) -> Leaderboard:
    return Leaderboard((Standing(text, 3, 2, 1, 0, 0, 1100.0, 1000.0, 1200.0),), 3, 1)


def model(text: str = EVIL) -> ModelInfo:
    return ModelInfo(text, text, "hub", text, text, False, text, 1, 1e9, text)


def result(text: str = EVIL) -> BatchResult:
    row = {"question": 0, "contender": text, "text": text + "x", "answer": text, "completion_tokens": 3, "seconds": 0.5, "error": ""}
    return BatchResult([text, text], [text], [row, row | {"question": 1, "error": text}], False)


def voted(text: str = EVIL) -> Pane:
    return replace(pane(text), answer=Answer(text, text, (Vote(text, 5), Vote("11", 3))), samples=8, sampled=8, reference=text, correct=False)


def example(text: str = EVIL, row: int = 1) -> Example:
    return Example(text, text, (text, "other"), "choice", rationale=text, source=text, split="train", row=row)


def glance(text: str = EVIL) -> Overview:
    """Two rows that are the same, and one of another class."""
    other = replace(example(text, 3), prompt="quite another question", completion="other", source=None)
    return overview({"train": [example(text), example(text, 2), other], "test": [replace(example(text), split="test")]})


def task(text: str = EVIL) -> tuple[TaskInfo, Task]:
    return TaskInfo(text, text, text, "own", "choice", (text,), text), Task(text, text, text, text, group=text, source=text)


def of_tasks(text: str) -> list[str]:
    info, whole = task(text)
    return [
        present_asked.invite(text),
        present_asked.reference(About(text, "test", 1), text),
        present_asked.reference(About(text), ""),
        present_asked.picked("test", 1, text),
        present_new.step(1, text, text, open_=False),
        present_new.drop_zone(text, text, text),
        present_new.found(text, {text: (Found("csv", 10, text, separator="x", notes=(text,)), 1)}, (text,)),
        present_new.first_rows([text, "b"], [{text: text, "b": [text]}, {}], 2),
        present_new.bad_rows([(text, BadRow(1, text, text, 2))]),
        present_new.columns({text: text, "b": text}),
        present_new.saved(text, text),
        present_tasks.about(info, whole),
        present_tasks.rows(glance(text)),
        present_tasks.warnings(glance(text), [text]),
        present_tasks.examples([example(text)], [prompt(text)], text, text),
        present_tasks.examples([example(text)], [], text),
        present_tasks.lengths(lengths([5, 900], [example(text), example(text, 2)], 512, 64), text),
    ]


def of_talks(text: str) -> list[str]:
    return [
        present_talk.confidence([Chance(text, 0.4, ((text + "x", 0.3),)), Chance(text, 1.0)]),
        present_talk.extras(shots(text)),
        present_talk.leaderboard(board(text)),
        *(present_talk.voted(asked(text, vote, blind=True)) for vote in ("", "0", "1", "tie", "bad")),
        present_talk.export_menu(text),
        present_talk.copied(too_long=True),
        present_kept.talk_view(talk(asked(text), asked(text, "tie"), asked(text, "bad"))),
        present_kept.talk_view(talk(asked(text), asked(text, "", blind=True))),
    ]


def everything(text: str) -> list[str]:
    """Every HTML of the page with this text in every place that takes one."""
    shown = pane(text)
    states = [replace(shown, state=state) for state in ("waiting", "streaming", "done", "cancelled", "failed")]
    return [
        present.esc(text),
        present.name(text),
        present.notice(text),
        present.fault(text),
        present.empty(text),
        present.chip(text, DeviceStatus("warming", text, text, 1, 2)),
        present.pane_head(0, text),
        present.pane_head(0, text, kinds="can-vote won", best=True),
        present.following(text),
        present.sheet_head(0, text),
        *(present.turn(0, 1, text, one, text, edit=True) for one in states),
        *(present.log(0, text, present.turn(0, 1, text, one, text)) for one in states),
        present.answered(voted(text)),
        present.silence(0, text, text),
        present.result(shown),
        present.prompt_view(prompt(text)),
        present.spelled(text),
        present.fetching(text, 1, 2),
        present.fetching(text, 0, 0),
        present.facts([(text, text)]),
        present.download_links([(text, text)]),
        present_kept.job_card(job(text)),
        present_kept.job_view(job(text), result(text)),
        present_kept.batch_table(job(), result(text)),
        present_kept.model_view(model(text)),
        present.result(voted(text)),
        present.result(replace(shown, cause="OVERFLOW", state="failed", answer=None)),
        present.strategy(text, text, text, [text]),
        *of_tasks(text),
        *of_talks(text),
    ]


def test_nothing_that_was_written_becomes_markup() -> None:
    """gr.HTML does not sanitise: this is the only wall, so it is tested at every place text can enter."""
    for markup in everything(EVIL):
        assert "<img" not in markup
        assert "<script" not in markup
        assert not re.search(r"""=\s*["'][^"']*"quoted""", markup)


@given(ANY)
def test_a_text_adds_no_tag_wherever_it_stands(text: str) -> None:
    """The tags and attributes of a page never depend on what was typed."""

    def shape(markup: str) -> list[str]:
        return re.findall(r"<[a-z/][^>]*>", re.sub(r'"[^"]*"', '""', markup))

    for plain, typed in zip(everything("word"), everything(f"word{text}"), strict=True):
        assert set(shape(typed)) <= set(shape(plain)) | {
            '<span class="">',
            "</span>",
            "<b>",
            "</b>",
            "<details>",
            "</details>",
            "<summary>",
            "</summary>",
            '<div class="">',
            "</div>",
            '<details class="">',  # a long right answer is folded
            '<div class="" dir="" tabindex="" role="" aria-label="">',
            "<ul>",
            '<li dir="">',
        }


@given(ANY)
def test_escaped_text_reads_as_it_was(text: str) -> None:
    """Exact by default: what a model wrote is shown to the character."""
    assert unescape(present.esc(text)) == text


def test_half_a_surrogate_pair_cannot_break_the_page() -> None:
    """JSON can carry one, UTF-8 cannot: the page would never arrive."""
    assert present.esc("a\ud800b") == "a?b"


def test_the_exact_prompt_is_all_there() -> None:
    """The opened prompt is what was sent, character for character, special tokens included."""
    body = re.search(r'<div class="prompt"[^>]*>(.*?)</div>', present.prompt_view(prompt()), re.DOTALL)
    assert body is not None
    assert unescape(re.sub(r"<[^>]+>", "", body[1])) == prompt().text


def test_the_token_bar_adds_up() -> None:
    """Parts' tokens are exact, so their widths add up to the prompt's share of the window."""
    widths = [float(width) for width in re.findall(r"width:([0-9.]+)%", present.token_bar(prompt()))]
    assert sum(widths) == pytest.approx(100 * 10 / 512, abs=0.05)


def test_a_pane_says_what_it_cost() -> None:
    line = re.sub(r"<[^>]+>", "", present.result(pane("tiny/cot"))).replace(present.NBSP, " ")
    assert "10 tokens · 2% of 512 · first token 0.03 s · 400 tok/s · by tiny/cot" in line
    assert "cut off after 40 tokens" in present.result(replace(pane(), finish_reason="length"))


def test_a_failed_pane_says_what_happened_and_a_stopped_one_that_it_was() -> None:
    failed = Pane("tiny/cot", "", "failed", "half", error="The device process ended. Ask again.")
    assert "half" in present.turn(0, 0, "q", failed)
    assert "Ask again." in present.turn(0, 0, "q", failed)
    assert "Stopped" in present.turn(0, 0, "q", replace(failed, state="cancelled", error=""))
    assert "after 120 seconds" in present.turn(0, 0, "q", replace(failed, state="cancelled", error="Stopped after 120 seconds."))


def test_a_pane_names_what_answered_beside_what_is_next() -> None:
    """An answer that is relabelled with other settings is a wrong result."""
    assert "tiny / cot" in words(present.pane_head(0, "tiny/cot"))
    assert words(present.following("tiny/zero-shot")) == "Next: tiny / zero-shot"
    assert present.following("") == ""


@pytest.mark.parametrize(("value", "text"), [(0.031, "0.03 s"), (12.4, "12 s"), (75, "1 min 15 s"), (3900, "1 h 5 min")])
def test_seconds_are_read_at_a_glance(value: float, text: str) -> None:
    assert present.seconds(value).replace(present.NBSP, " ") == text


@pytest.mark.parametrize(("value", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1234, "1.2 kB"), (152_000_000, "152 MB"), (2.5e12, "2.5 TB")])
def test_sizes_have_units(value: float, text: str) -> None:
    assert present.size(int(value)).replace(present.NBSP, " ") == text


@pytest.mark.parametrize("state", list(JobState))
def test_every_state_of_a_job_has_words(state: JobState) -> None:
    """A bare enum name on the page would be jargon."""
    assert present_kept.state(job(state=state)) != ""
    assert "_" not in present_kept.state(job(state=state))


def test_a_row_of_a_list_has_two_lines_whatever_its_label() -> None:
    """The first line is the label: a line break inside it would put the date where the size belongs."""
    for row in (
        present_kept.talk_row(listed("a\nb\nc")),
        present_kept.job_row(job("a\nb"), 10),
        present_kept.model_row(model("ok")),
        present_tasks.row(task("a\nb")[0]),
    ):
        assert row.count("\n") == 1


def words(markup: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", markup)).replace(present.NBSP, " ")


def test_right_and_wrong_are_told_by_a_word() -> None:
    """Green and red are nothing to a screen reader, or to one man in twelve."""
    assert "right" in words(present.result(replace(pane("x"), correct=True)))
    assert "wrong" in words(present.result(replace(pane("x"), correct=False)))
    unknown = words(present.result(pane("x")))
    assert "right" not in unknown
    assert "wrong" not in unknown


def test_votes_are_shown_most_first() -> None:
    assert "Votes: 9 ×5, 11 ×3" in words(present.result(voted("9")))
    assert "3 of 8 samples" in words(present.result(replace(pane("9"), samples=8, sampled=3)))


def test_what_does_not_fit_is_named_part_by_part() -> None:
    """The person chooses what goes: they must see what takes the room."""
    shown = words(present.result(replace(pane("9"), cause="OVERFLOW", answer=None, prompt=replace(prompt("9"), window=8))))
    assert all(part in shown for part in ("template 1", "question 8", "cue 1", "125% of 8"))
    assert "4 examples left out to fit" in words(present.result(replace(pane("tiny/few-shot:8"), dropped=4)))
    assert "1 passage left out to fit" in words(present.result(replace(pane("tiny/retrieve:3,from=x"), dropped=1)))


def test_a_changed_question_has_no_reference_and_says_so() -> None:
    """A right answer beside another question would be a wrong result."""
    assert "Right answer 9" in words(present_asked.reference(About("t", "test", 3), "9"))
    assert "was changed" in present_asked.reference(About("t", "test", 3), "")
    assert "of your own" in present_asked.reference(About("t"), "")
    assert present_asked.reference(None, "") == ""


def test_classes_are_told_without_colour() -> None:
    """Each has its name, its count and its share in every split."""
    shown = words(present_tasks.rows(glance("yes")))
    assert all(piece in shown for piece in ("yes", "other", "train 3", "test 1", "2 67%", "1 33%", "0 0%"))


def test_rows_that_do_not_fit_are_named() -> None:
    shown = words(present_tasks.lengths(lengths([5, 900], [example("a"), example("b", 2)], 512, 64), "tiny"))
    assert "1 row does not fit" in shown
    assert "train row 2 (900)" in shown


def test_a_bad_row_is_told_by_number_and_column() -> None:
    shown = words(present_new.bad_rows([("train", BadRow(7, "stars", "it is empty", 9))] * 30))
    assert "Train, row 7 (line 9), column stars it is empty" in shown
    assert "and 10 others" in shown


def test_an_absent_value_is_no_empty_one() -> None:
    shown = words(present_new.first_rows(["a", "b"], [{"a": ""}], 1))
    assert "empty" in shown
    assert "not there" in shown


def test_an_unfinished_result_says_so() -> None:
    assert "Not finished" in present_kept.batch_table(job(), result())
    assert "Not finished" not in present_kept.batch_table(job(), replace(result(), complete=True))
