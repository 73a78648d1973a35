"""Tasks as the Lab knows them: made, kept, asked, carried elsewhere; an owner's own and those that come with Promptune."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptune import taskroom
from promptune.errors import NotFound, UserError
from promptune.settings import Settings
from promptune.store import Store
from promptune.taskroom import About, TaskRoom
from promptune.tasks.definition import Making, TaskFile

REVIEWS = [("The lamp broke.", "negative"), ("A fine chair.", "positive"), ("I like it.", "positive"), ("Too loud.", "negative")]
OWN = {"template": "{{ text }}\nSentiment: ||| {{ label }}", "metrics": ("accuracy",)}


@pytest.fixture
def room(settings: Settings) -> Iterator[TaskRoom]:
    room = TaskRoom(settings, Store(settings.home))
    yield room
    room.close()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Forty rows of two classes, as a person would bring them."""
    rows = [f'"{i}: {text}",{label}' for i in range(10) for text, label in REVIEWS]
    file = tmp_path / "lamps.csv"
    file.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    return file


def test_a_file_becomes_a_task_that_is_there_after_a_restart(room: TaskRoom, settings: Settings, table: Path) -> None:
    made = room.draft([table], TaskFile(**OWN))
    info = room.keep("ada", made, slug="lamps")
    again = TaskRoom(settings, Store(settings.home))
    data = again.load("ada", "lamps")
    again.close()
    assert (info.answer_type, data.task.input, data.task.title) == ("choice", "text", "lamps")
    assert {split: len(rows) for split, rows in data.rows.items()} == {"train": 32, "validation": 4, "test": 4}
    assert data.examples == made.data.examples and data.rows == made.data.rows
    assert sorted(row.values["text"] for rows in data.rows.values() for row in rows) == sorted(f"{i}: {text}" for i in range(10) for text, _ in REVIEWS)


@pytest.mark.parametrize(
    "wanted", [TaskFile(), TaskFile(use="classify"), TaskFile(**OWN, answer_type="text"), TaskFile(**OWN, answer_choices="negative ||| positive")]
)
def test_what_was_shown_before_it_was_kept_is_what_is_asked_afterwards(room: TaskRoom, table: Path, wanted: TaskFile) -> None:
    """A person looks at three examples and agrees to them: the kept task must not ask otherwise."""
    made = room.draft([table], wanted)
    kept = room.load("ada", room.keep("ada", made).slug)
    assert kept.examples == made.data.examples and kept.task.answer_type == made.task.answer_type


def test_what_comes_with_promptune_is_complete_and_stays_as_it_is(room: TaskRoom) -> None:
    built_in = [task.slug for task in room.list("ada") if task.origin == "built-in"]
    assert {"lecture-reviews", "lecture-problems", "lecture-odd", "reviews", "arithmetic"} <= set(built_in)
    for slug in built_in:
        data = room.load("ada", slug)
        assert data.examples["test"] and data.examples["train"] and room.get("ada", slug).description
        with pytest.raises(UserError, match="comes with Promptune"):
            room.delete("ada", slug)
        with pytest.raises(UserError, match="comes with Promptune"):
            room.rename("ada", slug, "mine")


def test_the_lectures_own_examples_are_one_click_each(room: TaskRoom) -> None:
    texts = [chip.text for slug in ("lecture-reviews", "lecture-problems", "lecture-odd") for chip in room.chips("ada", slug)]
    for words in ("loved this movie", "this chair", "sofa", "Who would use this product?", "tennis balls", "cafeteria", "15, 32, 5, 13, 82, 7, 1"):
        assert any(words in text for text in texts)
    [apples] = [chip for chip in room.chips("ada", "lecture-problems") if chip.split == "test"]
    example = room.question("ada", apples.text, About("lecture-problems", apples.split, apples.row))
    assert example.completion == "9" and example.prompt == f"Q: {apples.text}\nA:"


def test_a_rows_answer_counts_only_for_the_rows_own_question(room: TaskRoom) -> None:
    """Else a person who changed the question would be told right or wrong by the answer to another one."""
    about = About("lecture-reviews", "test", 1)
    assert room.question("ada", room.typed("ada", about), about).completion == "Negative"
    changed = room.question("ada", "Best lamp ever.", about)
    assert changed.completion is None and "Best lamp ever." in changed.prompt and changed.choices == ("Positive", "Negative")
    assert room.question("ada", "Best lamp ever.", About("lecture-reviews")) == changed


def test_another_columns_value_can_be_given_by_hand_and_must_be(room: TaskRoom, tmp_path: Path) -> None:
    file = tmp_path / "qa.jsonl"
    file.write_text("".join(json.dumps({"passage": f"p{i} is a longer text", "question": f"q{i}", "answer": f"a{i}"}) + "\n" for i in range(20)))
    wanted = TaskFile(template="{{ passage }}\n{{ question }} ||| {{ answer }}", input="question")
    room.keep("ada", room.draft([file], wanted), slug="qa")
    assert room.question("ada", "Why?", About("qa", values={"passage": "Because."})).prompt == "Because.\nWhy?"
    with pytest.raises(UserError, match="passage"):
        room.question("ada", "Why?", About("qa"))


def test_bad_rows_are_told_by_number_and_column_and_kept_out_only_if_a_person_says_so(room: TaskRoom, table: Path) -> None:
    table.write_text(table.read_text() + '\n"no label",\n"too","many","cells"\n')
    made = room.draft([table], TaskFile(**OWN))
    assert [(one.bad.row, one.bad.column) for one in made.bad] == [(42, ""), (41, "label")] or len(made.bad) == 2
    with pytest.raises(UserError, match=r"2 rows cannot be used: .*row 4[12]"):
        room.keep("ada", made)
    assert room.list("ada") == room.list("bob")
    kept = room.keep("ada", made, keep_good=True)
    assert sum(len(rows) for rows in room.load("ada", kept.slug).rows.values()) == 40


def test_an_owner_sees_their_own_tasks_only(room: TaskRoom, table: Path) -> None:
    slug = room.keep("ada", room.draft([table], TaskFile(**OWN)), slug="xq7").slug
    for call in (room.load, room.get, room.delete, room.chips, room.pick, room.size):
        with pytest.raises(NotFound) as foreign:
            call("bob", slug)
        with pytest.raises(NotFound) as missing:
            call("bob", "zz9")
        assert str(foreign.value).replace(slug, "zz9") == str(missing.value)
    assert room.load("ada", slug)


def test_names_are_never_reused_and_never_those_of_the_house(room: TaskRoom, table: Path) -> None:
    made = room.draft([table], TaskFile(**OWN))
    assert room.keep("ada", made).slug == "lamps"
    room.delete("ada", "lamps")
    assert room.keep("ada", made).slug == "lamps-2"
    houses = room.draft([table.rename(table.with_name("reviews.csv"))], TaskFile(**OWN))
    assert room.keep("ada", houses).slug == "reviews-2", "the house has a task of that name"
    with pytest.raises(UserError, match="comes with Promptune"):
        room.keep("ada", made, slug="reviews")
    with pytest.raises(UserError, match="taken"):
        room.keep("ada", made, slug="lamps")


def test_a_task_of_ones_own_outlives_a_new_one_of_the_house(room: TaskRoom, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later version brings more tasks. What a person called by such a name before stays theirs, and can be opened and deleted."""
    with monkeypatch.context() as earlier:
        earlier.setattr(taskroom, "BUILT_IN", tmp_path / "none")
        room.keep("ada", room.draft([table], TaskFile(**OWN)), slug="reviews")
    assert [task.origin for task in room.list("ada") if task.slug == "reviews"] == ["own"]
    assert [task.origin for task in room.list("bob") if task.slug == "reviews"] == ["built-in"]
    assert len(room.load("ada", "reviews").rows["train"]) != len(room.load("bob", "reviews").rows["train"])
    room.delete("ada", "reviews")
    assert room.get("ada", "reviews").origin == "built-in"


def test_a_task_travels_as_a_zip(room: TaskRoom, table: Path, tmp_path: Path) -> None:
    room.keep("ada", room.draft([table], TaskFile(**OWN, title="Lamps ★")), slug="lamps")
    archive = room.export("ada", "lamps", tmp_path / "out" / "lamps.zip")
    kept = room.keep("bob", room.draft([archive], TaskFile()))
    mine, theirs = room.load("ada", "lamps"), room.load("bob", kept.slug)
    assert (theirs.rows, theirs.examples, theirs.task) == (mine.rows, mine.examples, mine.task)
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["lamps.zip"]


def test_deleting_leaves_nothing(room: TaskRoom, table: Path, settings: Settings) -> None:
    slug = room.keep("ada", room.draft([table], TaskFile(**OWN))).slug
    assert room.size("ada", slug) > 1000
    room.delete("ada", slug)
    assert list((settings.home / "tasks").iterdir()) == []


def test_a_changed_file_of_a_kept_task_is_noticed(room: TaskRoom, table: Path, settings: Settings) -> None:
    slug = room.keep("ada", room.draft([table], TaskFile(**OWN))).slug
    [folder] = (settings.home / "tasks").iterdir()
    (folder / "test.jsonl").write_text("{}\n")
    with pytest.raises(UserError, match=r"test\.jsonl"):
        room.load("ada", slug)


@pytest.mark.parametrize("text", ["", "text,label\n", "text,label\none,positive\n", "text,label\na,\nb,\nc,\n"])
def test_too_little_is_said_and_nothing_is_kept(room: TaskRoom, tmp_path: Path, text: str) -> None:
    file = tmp_path / "few.csv"
    file.write_text(text)
    with pytest.raises(UserError) as caught:
        room.keep("ada", room.draft([file], TaskFile(**OWN)), keep_good=True)
    assert caught.value.todo
    assert not any(task.origin == "own" for task in room.list("ada"))


def test_an_export_touches_nothing_but_its_zip(room: TaskRoom, table: Path, tmp_path: Path) -> None:
    room.keep("ada", room.draft([table], TaskFile(**OWN)), slug="lamps")
    mine = tmp_path / "carried"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    for name in ("carried.zip", "plain"):  # one has a folder's name beside it, the other no ending
        archive = room.export("ada", "lamps", tmp_path / name)
        assert room.draft([archive], TaskFile()).task.answer_choices == "negative ||| positive"
    assert (mine / "thesis.txt").read_text() == "years of work"
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(("carried", "plain", "."))) == ["carried", "carried.zip", "plain"]


@pytest.mark.parametrize("name", [".", "folder", "lamps.csv/x.zip", "pipe"])
def test_an_export_that_cannot_be_written_says_so(room: TaskRoom, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    room.keep("ada", room.draft([table], TaskFile(**OWN)), slug="lamps")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="Name a zip file"):
        room.export("ada", "lamps", Path(name))
    assert table.is_file() and (tmp_path / "folder").is_dir() and (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("text,label\na,\nb,x\nc,\nd,x\n", r"needs at least 3 rows, and it has 2\. 2 rows cannot be used: row 1: its completion is empty; row 3"),
        ('{"text": "a", "label": NaN}\n', r"it has no rows\. 1 row cannot be used: row 1 \(line 1\), column 'label'"),
        ("text,label\na,\nb,\n", r"no row can be used\. 2 rows cannot be used: row 1: its completion is empty"),
    ],
)
def test_too_few_rows_tell_what_is_wrong_with_the_others(room: TaskRoom, tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / ("rows.csv" if text.startswith("text") else "rows.jsonl")
    file.write_text(text)
    with pytest.raises(UserError, match=words):
        room.draft([file], TaskFile(template="{{ text }} ||| {{ label }}"))


def test_many_bad_rows_are_counted_and_the_first_ones_told(room: TaskRoom, table: Path) -> None:
    with pytest.raises(UserError, match=r"40 rows cannot be used: row 1: .*; and 35 more\."):
        room.draft([table], TaskFile(template="{{ text }} ||| {{ label }}", answer_choices="good ||| bad"))


def test_an_empty_label_is_a_bad_row_and_hides_no_template(room: TaskRoom, tmp_path: Path) -> None:
    file = tmp_path / "reviews.csv"
    file.write_text("text,label\n" + "".join(f"review {i},{'' if i % 5 == 0 else 'good' if i % 2 else 'bad'}\n" for i in range(40)))
    made = room.draft([file], TaskFile())
    assert made.used == "classify" and [one.bad.row for one in made.bad] == [1, 6, 11, 16, 21, 26, 31, 36]
    assert sum(len(rows) for rows in made.data.rows.values()) == 32


def test_what_fills_the_template_that_was_found_can_be_said(room: TaskRoom, table: Path) -> None:
    made = room.draft([table], TaskFile(fills={"text": "text | upper"}, metrics=("accuracy", "accuracy")))
    assert made.used == "classify" and "THE LAMP BROKE" in made.data.examples["train"][0].prompt and made.task.metrics == ("accuracy",)


def test_no_device_is_read_for_ever(room: TaskRoom) -> None:
    with pytest.raises(UserError, match="a device or a pipe"):
        room.draft([Path("/dev/zero")], TaskFile())
    with pytest.raises(UserError, match="larger than"):
        TaskFile.load(Path("/dev/zero"))


def test_a_column_that_the_task_does_not_have_is_no_value(room: TaskRoom, table: Path) -> None:
    room.keep("ada", room.draft([table], TaskFile(**OWN)), slug="lamps")
    with pytest.raises(UserError, match=r"no column 'lable'\. Did you mean 'label'"):
        room.question("ada", "Nice.", About("lamps", values={"lable": "positive"}))


def test_splits_that_are_there_are_not_made_again(room: TaskRoom, table: Path) -> None:
    files = [table.with_name(f"{split}.csv") for split in ("train", "test")]
    for file in files:
        file.write_bytes(table.read_bytes())
    with pytest.raises(UserError, match="splits already"):
        room.draft(files, TaskFile(splits=Making(train=0.5, validation=0.25, test=0.25)))
