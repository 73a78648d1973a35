"""Every public dataset and every awkward file becomes a task through the command line, and each row of it is asked as it should be."""

from __future__ import annotations

import ast
import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from promptune.cli import app
from promptune.lab import Lab
from promptune.settings import Settings
from promptune.store import Store
from promptune.taskroom import TaskRoom
from tests.shared import data

Raw = dict[str, Any]
SPLITS = {"train": "train", "dev": "validation", "test": "test"}


@dataclass(frozen=True)
class Case:
    arguments: Sequence[str]  # of `promptune tasks new FOLDER …`
    expected: Callable[[Raw], tuple[str, str]]  # a raw row's prompt and completion, worked out without our code


def own(template: str, *more: str) -> list[str]:
    return ["--template", template, *more]


PICK = "{{ query }}\nAnswer: ||| {{ choices[gold] }}"
SENTIMENT = "{{ text }}\nSentiment: ||| {{ answer_choices[label] }}"
BAD_GOOD = ["--choices", "negative ||| positive"]


def picked(row: Raw) -> tuple[str, str]:
    return f"{row['query']}\nAnswer:", row["choices"][row["gold"]]


def felt(row: Raw) -> tuple[str, str]:
    return f"{row['text']}\nSentiment:", ("negative", "positive")[row["label"]]


def instructed(row: Raw) -> tuple[str, str]:
    first = row["instances"][0]
    return f"{row['instruction']}\n{first['input']}", first["output"]


CHOSEN = Case([*own(PICK), "--choices", "{{ choices | join('|||') }}", "--input", "query"], picked)
SUMMED = "{{ sQuestion }}\nAnswer: ||| {{ lSolutions[0] }}"
DATASETS: dict[str, Case] = {
    "addsub": Case(own(SUMMED), lambda row: (f"{row['sQuestion']}\nAnswer:", row["lSolutions"][0])),
    "multiarith": Case(own(SUMMED), lambda row: (f"{row['sQuestion']}\nAnswer:", str(row["lSolutions"][0]))),
    "svamp": Case(own("{{ Body }}. {{ Question }} ||| {{ Answer }}"), lambda row: (f"{row['Body']}. {row['Question']}", str(row["Answer"]))),
    "gsm8k": Case(
        own("Q: {{ question }}\nA: ||| {{ answer.split('#### ')[1] }}", "--rationale", "{{ answer.split('\\n####')[0] }}"),
        lambda row: (f"Q: {row['question']}\nA:", row["answer"].split("#### ")[1]),
    ),
    "alpaca_gpt4_demo": Case(
        own("{{ instruction }}\n{{ input }} ||| {{ output }}", "--keep-good"), lambda row: (f"{row['instruction']}\n{row['input']}", row["output"])
    ),
    "amazon_microwave_reviews": Case(
        own("{{ review_headline }}\n{{ review_body }}\nStars: ||| {{ star_rating }}", "--choices", "1 ||| 2 ||| 3 ||| 4 ||| 5"),
        lambda row: (f"{row['review_headline']}\n{row['review_body']}\nStars:", str(row["star_rating"])),
    ),
    "amazon_polarity_small": Case(
        own("{{ title }}: {{ content }} ||| {{ answer_choices[label] }}", *BAD_GOOD),
        lambda row: (f"{row['title']}: {row['content']}", ("negative", "positive")[row["label"]]),
    ),
    "aqua": Case(
        own("{{ question }}\n{{ options | join('\\n') }} ||| {{ correct }}", "--choices", "A ||| B ||| C ||| D ||| E", "--rationale", "{{ rationale }}"),
        lambda row: ("\n".join([row["question"], *row["options"]]), row["correct"]),
    ),
    "arc_challenge": CHOSEN,
    "arc_easy": CHOSEN,
    "boolq": CHOSEN,
    "commonsense_qa": CHOSEN,
    "copa": CHOSEN,
    "openbookqa": CHOSEN,
    "piqa": CHOSEN,
    "coin_flip": Case(own("{{ question }} ||| {{ answer }}"), lambda row: (row["question"], row["answer"])),
    "dialogsum": Case(
        own("{{ dialogue }}\nSummary: ||| {{ summary | default(summary1) }}", "--also", "{{ summary2 | default('') }} ||| {{ summary3 | default('') }}"),
        lambda row: (f"{row['dialogue']}\nSummary:", row.get("summary", row.get("summary1"))),
    ),
    "dolly_hhrlhf": Case(own("{{ prompt }} ||| {{ response }}"), lambda row: (row["prompt"], row["response"])),
    "lambada": Case(own("{{ context }} ||| {{ continuation }}"), lambda row: (row["context"], row["continuation"])),
    "last_letters": Case(own("{{ question }} ||| {{ answer }}"), lambda row: (row["question"], row["answer"])),
    "multi30k": Case(own("Translate to German: {{ en }} ||| {{ de }}"), lambda row: (f"Translate to German: {row['en']}", row["de"])),
    "samsum_small": Case(own("{{ dialogue }}\nSummary: ||| {{ summary }}"), lambda row: (f"{row['dialogue']}\nSummary:", row["summary"])),
    "self_instruct_seed": Case(own("{{ instruction }}\n{{ instances[0].input }} ||| {{ instances[0].output }}", "--input", "instruction"), instructed),
    "self_instruct_user252": Case(own("{{ instruction }}\n{{ instances[0].input }} ||| {{ instances[0].output }}", "--input", "instruction"), instructed),
    "sst2": Case(own(SENTIMENT, *BAD_GOOD), felt),
    "uci_review_sentences": Case(own(SENTIMENT, *BAD_GOOD, "--source", "src_id"), felt),
    "triviaqa": Case(own("{{ context }} ||| {{ answer }}", "--also", "{{ aliases | join('|||') }}"), lambda row: (row["context"], row["answer"])),
    "truthfulqa": Case(own("{{ Question }} ||| {{ Best_Answer }}"), lambda row: (row["Question"], row["Best Answer"])),
    "winogrande": Case(
        own("Which one {{ continuation }}\n{{ context_options | join('\\n') }} ||| {{ context_options[gold] }}", "--input", "continuation"),
        lambda row: ("\n".join([f"Which one {row['continuation']}", *row["context_options"]]), row["context_options"][row["gold"]]),
    ),
    "xstest": Case(own("{{ prompt }}\nSafe? ||| {{ label }}"), lambda row: (f"{row['prompt']}\nSafe?", row["label"])),
    "xstest_completions": Case(
        own("{{ prompt }}\n{{ completion }} ||| {{ final_label }}", "--input", "completion"),
        lambda row: (f"{row['prompt']}\n{row['completion']}", row["final_label"]),
    ),
    "xsum_small": Case(own("{{ document }}\nIn one sentence: ||| {{ summary }}"), lambda row: (f"{row['document']}\nIn one sentence:", row["summary"])),
    "yelp_review_full_small": Case(own("{{ text }}\nStars: ||| {{ completion }}"), lambda row: (f"{row['text']}\nStars:", row["completion"])),
}


def lines(file: Path) -> list[Raw]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]


def new(home: Path, *arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["tasks", "new", *arguments, "--json"], env={"PROMPTUNE_HOME": str(home)}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    made: dict[str, Any] = json.loads(done.stdout)
    return made


@pytest.fixture
def room(settings: Settings) -> TaskRoom:
    return TaskRoom(settings, Store(settings.home))


@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_becomes_a_task(name: str, settings: Settings, room: TaskRoom) -> None:
    folder, case = data(name), DATASETS[name]
    new(settings.home, str(folder), "--as", "task", *case.arguments)
    loaded = room.load("local", "task")
    room.close()
    raw = {SPLITS[file.stem]: lines(file) for file in folder.glob("*.jsonl")}
    assert {split: [row.values for row in rows] for split, rows in loaded.rows.items()} == raw
    for split, rows in raw.items():
        expected = [tuple(text.strip() for text in case.expected(row)) for row in rows]
        assert [(example.prompt, example.completion) for example in loaded.examples[split]] == expected  # type: ignore[index]
        assert [example.row for example in loaded.examples[split]] == list(range(1, len(rows) + 1))  # type: ignore[index]


def pairs(file: Path) -> list[Raw]:
    return [dict(zip(("column1", "column2"), line.split("\t"), strict=True)) for line in file.read_text(encoding="utf-8").split("\n") if line]


def cp1252(file: Path) -> list[Raw]:
    head, *rows = (line.split("\t") for line in file.read_bytes().decode("cp1252").split("\r\n") if line)
    return [dict(zip(head, row, strict=True)) for row in rows]


def quoted(file: Path) -> list[Raw]:
    with file.open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


ODD: dict[str, tuple[Callable[[Path], list[Raw]], list[str], str]] = {
    "amazon_microwave_cp1252_crlf.tsv": (cp1252, own("{{ review_body }} ||| {{ star_rating }}"), "{review_body}"),
    "aqua_jsonlines_named_json.json": (lines, own("{{ question }} ||| {{ correct }}"), "{question}"),
    "dialogsum_python_literals.jsonl": (
        lambda file: [ast.literal_eval(line) for line in file.read_text(encoding="utf-8").split("\n") if line],
        own("{{ dialogue }} ||| {{ summary }}"),
        "{dialogue}",
    ),
    "multi30k_tabbed_en_de.tsv": (pairs, own("{{ column1 }} ||| {{ column2 }}"), "{column1}"),
    "sst2_headerless.tsv": (pairs, own("{{ column1 }} ||| {{ column2 }}"), "{column1}"),
    "svamp_pretty_array.json": (
        lambda file: json.loads(file.read_text(encoding="utf-8")),
        own("{{ Body }} {{ Question }} ||| {{ Answer }}"),
        "{Body} {Question}",
    ),
    "xstest_multiline_quoted.csv": (quoted, own("{{ prompt }}\n{{ completion }} ||| {{ final_label }}", "--input", "prompt"), "{prompt}\n{completion}"),
}


@pytest.mark.parametrize("name", ODD)
def test_an_awkward_file_becomes_a_task(name: str, settings: Settings, room: TaskRoom) -> None:
    """Nothing of it may be lost, merged or changed: encodings, line breaks in values, quotes that are no quotes, literals that are no JSON."""
    read, arguments, prompt = ODD[name]
    file = data("odd_formats") / name
    made = new(settings.home, str(file), "--as", "task", "--split", "0.6,0.2,0.2", *arguments)
    loaded = room.load("local", "task")
    room.close()
    raw = read(file)
    assert made["bad"] == [] and list(made["found"]) == [""]
    found = [row.values for rows in loaded.rows.values() for row in rows]
    assert sorted(map(repr, found)) == sorted(map(repr, raw)) and len(loaded.rows) == 3
    prompts = {example.prompt for examples in loaded.examples.values() for example in examples}
    assert prompts == {prompt.format(**row).strip() for row in raw}


def test_a_task_shown_by_the_command_line(settings: Settings) -> None:
    """The lab's own tasks are there without anything being brought."""
    lab = Lab(settings)
    lab.close()
    done = CliRunner().invoke(app, ["tasks", "lecture-problems", "--json"], env={"PROMPTUNE_HOME": str(settings.home)}, catch_exceptions=False)
    shown = json.loads(done.stdout)
    assert shown["rows"] == {"train": 1, "test": 1} and shown["examples"][0]["rationale"].endswith("5 + 6 = 11.")
