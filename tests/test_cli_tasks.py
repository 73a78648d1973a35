"""Tasks on the command line: what is found is shown, what is wrong is one clear error, and what is kept can be carried and asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from promptune.cli import app
from promptune.errors import UserError


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("PROMPTUNE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PROMPTUNE_ENGINE", "scripted")
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> Result:
        done = CliRunner().invoke(app, arguments)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return command


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = [f"review {i},{'positive' if i % 2 else 'negative'},{i // 4}" for i in range(60)]
    file = tmp_path / "reviews.csv"
    file.write_text("\n".join(["text;label;shop", *rows]).replace(",", ";"))
    return file


def test_what_was_found_is_shown_and_nothing_is_kept_until_it_is_meant(run: Any, table: Path) -> None:
    shown = json.loads(run("tasks", "new", str(table), "--look", "--json").stdout)
    assert shown["found"][""]["separator"] == ";" and shown["found"][""]["encoding"] == "UTF-8" and shown["used"]
    assert shown["rows"] == {"train": 48, "validation": 6, "test": 6} and shown["answer_type"] == "choice" and len(shown["examples"]) == 3
    assert "name" not in shown and not [task for task in json.loads(run("tasks", "--json").stdout) if task["origin"] == "own"]
    plain = run("tasks", "new", str(table), "--look").stdout
    assert "separated by semicolon" in plain and "48 train, 6 validation, 6 test" in plain and "→ negative" in plain


def test_a_task_is_made_shown_checked_carried_and_removed(run: Any, table: Path, tmp_path: Path) -> None:
    made = json.loads(run("tasks", "new", str(table), "--as", "shops", "--title", "Shops", "--source", "shop", "--split", "0.5,0.25,0.25", "--json").stdout)
    assert made["name"] == "shops"
    shown = json.loads(run("tasks", "shops", "--json").stdout)
    assert sum(shown["rows"].values()) == 60 and shown["title"] == "Shops"
    checked = json.loads(run("tasks", "check", "shops", "--json").stdout)
    assert checked["lengths"]["rows"] == 60 and checked["overview"]["overlaps"]["cut_sources"] == 0
    assert "prompts" in run("tasks", "check", "shops").stdout.lower()
    run("tasks", "export", "shops", str(tmp_path / "shops.zip"))
    assert json.loads(run("tasks", "new", str(tmp_path / "shops.zip"), "--as", "again", "--json").stdout)["rows"] == shown["rows"]
    run("tasks", "remove", "shops")
    assert [task["name"] for task in json.loads(run("tasks", "--json").stdout) if task["origin"] == "own"] == ["again"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--template", "{{ txt }} ||| {{ label }}"], r"'txt'.*text"),
        (["--use", "sentimen"], "Did you mean"),
        (["--map", "text"], "FIELD=COLUMN"),
        (["--split", "0.5,0.5"], "three numbers"),
        (["--split", "0.5,0.5,0.5"], "add up to 1"),
        (["--answer", "maybe"], "answer_type"),
        (["--group", "shops"], "no column 'shops'"),
        (["--metric", "rogue1", "--template", "{{ text }} ||| {{ label }}"], "rogue1"),
        (["--template", "{{ text }"], "template"),
        (["--encoding", "utf-99"], "utf-99"),
    ],
)
def test_a_mistake_is_named_with_the_way_out(run: Any, table: Path, arguments: Sequence[str], says: str) -> None:
    with pytest.raises(UserError, match=says):
        run("tasks", "new", str(table), *arguments)
    assert not [task for task in json.loads(run("tasks", "--json").stdout) if task["origin"] == "own"]


def test_a_promptsource_template_by_its_name(run: Any, table: Path, tmp_path: Path) -> None:
    (tmp_path / "ps.yaml").write_text(
        "dataset: x\ntemplates:\n  a: !Template\n    answer_choices: negative ||| positive\n    jinja: 'Q {{text}} ||| {{label}}'\n"
        "    metadata: !TemplateMetadata\n      metrics: [Accuracy]\n    name: one\n    reference: ''\n  b: !Template\n    jinja: '{{text}}'\n    name: two\n"
    )
    made = json.loads(run("tasks", "new", str(table), "--promptsource", str(tmp_path / "ps.yaml"), "--named", "one", "--json").stdout)
    assert made["examples"][0]["prompt"].startswith("Q review") and made["metrics"] == ["accuracy"]
    with pytest.raises(UserError, match="one, two"):
        run("tasks", "new", str(table), "--promptsource", str(tmp_path / "ps.yaml"))


def test_the_library_of_templates_is_listed(run: Any) -> None:
    names = {one["name"] for one in json.loads(run("templates", "--json").stdout)}
    assert {"review-rating", "review-for-rating", "review-headline"} <= names
    assert "{{" in run("templates", "review-headline").stdout


def test_prompts_and_passages_are_saved_and_asked_with(run: Any, tmp_path: Path) -> None:
    (tmp_path / "pirate.yaml").write_text("role: You are a pirate.\nconstraints: One line.\n")
    (tmp_path / "handbook.txt").write_text("The shop opens at nine.\n\nPets are welcome.\n")
    run("prompts", "add", "pirate.yaml")
    run("passages", "add", "handbook.txt", "--as", "handbook")
    asked = json.loads(run("ask", "When does the shop open?", "-c", "tiny/custom:pirate", "-c", "tiny/retrieve:1,from=handbook", "--json").stdout)
    custom, retrieve = ("".join(part["text"] for part in answer["prompt"]) for answer in asked["answers"])
    assert "You are a pirate." in custom and "One line." in custom
    assert "The shop opens at nine." in retrieve and "Pets" not in retrieve
    assert json.loads(run("prompts", "--json").stdout)[0]["name"] == "pirate" and "handbook" in run("passages").stdout
    with pytest.raises(UserError, match="handbook"):
        run("ask", "When?", "-c", "tiny/retrieve:1,from=handbok")
    (tmp_path / "bad.yaml").write_text("rol: x\n")
    with pytest.raises(UserError, match="Did you mean 'role'"):
        run("prompts", "add", "bad.yaml")
    run("prompts", "remove", "pirate")
    run("passages", "remove", "handbook")
    assert json.loads(run("prompts", "--json").stdout) == json.loads(run("passages", "--json").stdout) == []


def test_a_question_is_asked_as_a_task_asks_it(run: Any) -> None:
    [answer] = json.loads(run("ask", "--task", "lecture-problems", "--row", "1", "--json").stdout)["answers"]
    assert "cafeteria" in answer["prompt"][1]["text"] and answer["reference"] == "9" and answer["correct"] is False
    [answer] = json.loads(run("ask", "How many?", "--task", "lecture-problems", "--json").stdout)["answers"]
    assert "Q: How many?\nA:" in answer["prompt"][1]["text"] and "reference" not in answer
    for wrong in (["--row", "1"], ["--task", "lecture-problems", "--row", "9"], ["--task", "lecture-problems", "--row", "x"], ["--task", "nothing"]):
        with pytest.raises(UserError):
            run("ask", *([] if "--row" in wrong and "--task" in wrong else ["Hi"]), *wrong)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--template", "{{ text }}", "--use", "classify"], "--template and --use each say"),
        (["--template", "{{ text }}", "--map", "text=label"], "--map fills"),
        (["--named", "x"], "--named needs --promptsource"),
        (["--config", "x"], "--config is for datasets of the hub"),
        (["--template", "@nowhere.txt"], "no file 'nowhere.txt'"),
        (["--template", "@"], "no file ''"),
    ],
)
def test_nothing_that_was_said_is_passed_over(run: Any, table: Path, options: list[str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        run("tasks", "new", str(table), "--look", *options)


@pytest.mark.parametrize("name", ["data/reviws.csv", "data/task.yaml", "data/task.ZIP"])
def test_a_mistyped_file_is_not_looked_for_on_the_hub(run: Any, name: str) -> None:
    with pytest.raises(UserError, match=r"(?i)no such file"):
        run("tasks", "new", name)


def test_an_empty_name_is_not_this_folder(run: Any) -> None:
    with pytest.raises(UserError, match="a name is empty"):
        run("tasks", "new", "")


def test_what_can_be_done_next_is_true(run: Any, table: Path) -> None:
    assert "promptune score scored " in run("tasks", "new", str(table), "--as", "scored").stderr
    for name, options in {"trained": ["--split", "1,0,0"], "open": ["--template", "{{ text }}"]}.items():
        made = run("tasks", "new", str(table), "--as", name, *options)
        assert f"promptune ask 'Hello' --task {name}" in made.stderr and "None" not in made.stdout
        assert run("ask", "Hello", "--task", name).exit_code == 0


def test_passages_are_shown(run: Any, tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text("Cats purr.\n\nDogs bark.")
    run("passages", "add", "book.txt", "--as", "book")
    assert json.loads(run("passages", "book", "--json").stdout) == {"name": "book", "passages": ["Cats purr.", "Dogs bark."]}
    with pytest.raises(UserError, match="no passages 'bok'"):
        run("passages", "bok")


def test_what_does_not_fit_is_told_part_by_part_and_left_out_where_one_says_so(run: Any, tmp_path: Path) -> None:
    """The scripted engine counts words and has a window of its own."""
    rows = [{"q": f"question {i} " + "word " * 400, "a": f"answer {i}"} for i in range(40)]
    (tmp_path / "long.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run("tasks", "new", "long.jsonl", "--template", "{{ q }} ||| {{ a }}", "--as", "long")
    asked = ("ask", "--task", "long", "--row", "1", "-c", "tiny/few-shot:30", "--json")
    [refused] = json.loads(run(*asked).stdout)["answers"]
    assert "examples" in refused["error"] and "the window is" in refused["error"] and refused["text"] == ""
    [answer] = json.loads(run(*asked, "--drop").stdout)["answers"]
    assert "error" not in answer and 0 < answer["dropped"] < 30 and answer["prompt_tokens"] < refused["prompt_tokens"]
