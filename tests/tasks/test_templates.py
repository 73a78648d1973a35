"""The library of templates: each shipped one renders what it says, and tables that nobody said anything about find theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from promptune.core.task import Example, Row, Task
from promptune.errors import Problems, UserError
from promptune.sandbox import Sandbox
from promptune.tasks import templates
from promptune.tasks.render import Rendered, Renderer, check
from promptune.tasks.templates import Filled, best_guess, library, prompt_columns, read
from tests.shared import data

SANDBOX = Sandbox()
RENDERER = Renderer(SANDBOX)

# For each template a row as a table might have it, and the end of the prompt, the completion and whatever else is to be seen.
SHIPPED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "classify": ({"text": "Nice.", "label": "good"}, {"prompt": "Classify the text.\n\nText: Nice.\nLabel:", "completion": "good"}),
    "classify-index": (
        {"text": "Nice.", "label": "1"},
        {"prompt": "Classify the text as one of: no, yes.\n\nText: Nice.\nLabel:", "completion": "yes", "choices": ("no", "yes")},
    ),
    "sentiment": (
        {"sentence": "Nice.", "label": 1},
        {"prompt": "Is the sentiment of this text negative or positive?\n\nText: Nice.\nSentiment:", "completion": "positive", "answer_type": "choice"},
    ),
    "review-rating": (
        {"Review Body": "Broke at once.", "stars": 1.0},
        {
            "prompt": "Read the review and choose the rating its writer gives: 1, 2, 3, 4, 5 (1 is the lowest, 5 the highest).\n\n"
            "Review: Broke at once.\nRating:",
            "completion": "1",
            "choices": ("1", "2", "3", "4", "5"),
        },
    ),
    "review-for-rating": (
        {"rating": 5, "product_title": "Kettle", "review": "Boils fast."},
        {"prompt": "Write a review of Kettle that gives 5 out of 5 stars.\n\nReview:", "completion": "Boils fast."},
    ),
    "review-headline": (
        {"review": "Boils fast.", "headline": "A fine kettle"},
        {"prompt": "Give this review a short headline.\n\nReview: Boils fast.\nHeadline:", "completion": "A fine kettle"},
    ),
    "multiple-choice": (
        {"query": "2+2? ", "choices": ["3", "4 ||| 5"], "gold": 1},
        {"prompt": "2+2?\nChoices:\n- 3\n- 4 ||| 5\nAnswer:", "completion": "4 ||| 5", "choices": ("3", "4 ||| 5")},
    ),
    "multiple-choice-lettered": (
        {"query": "2+2?", "choices": ["3", "4"], "gold": 1},
        {"prompt": "2+2?\nA. 3\nB. 4\nAnswer:", "completion": "B", "choices": ("A", "B")},
    ),
    "multiple-choice-letters": (
        {"question": "2+2?", "options": ["A)3", "B)4"], "correct": "B", "rationale": "Count."},
        {"prompt": "2+2?\nA)3\nB)4\nAnswer:", "completion": "B", "choices": ("A", "B"), "rationale": "Count."},
    ),
    "choices-in-question": (
        {"query": "Is it so?", "choices": ["no", "yes"], "gold": 0},
        {"prompt": "Is it so?\nAnswer:", "completion": "no", "choices": ("no", "yes")},
    ),
    "which-sentence": (
        {"context_options": ["Ann, as Ann", "Ann, as Bo"], "continuation": "ran.", "gold": 0},
        {"prompt": "Which of these sentences makes more sense?\n- Ann, as Ann ran.\n- Ann, as Bo ran.\nAnswer:", "completion": "Ann, as Ann ran."},
    ),
    "yes-no": (
        {"passage": "Cats purr.", "question": "Do cats purr?", "answer": True},
        {"prompt": "Passage: Cats purr.\nQuestion: Do cats purr?\nAnswer yes or no.\nAnswer:", "completion": "yes", "choices": ("no", "yes")},
    ),
    "question-answer": (
        {"question": "Who?", "answer": "Bo", "aliases": ["Bo", "Bob"]},
        {"prompt": "Question: Who?\nAnswer:", "completion": "Bo", "also": ("Bob",)},
    ),
    "passage-question": (
        {"context": "Bo ran.", "question": "Who?", "answers": {"text": ["Bo", "Bob"]}},
        {"prompt": "Passage: Bo ran.\nQuestion: Who?\nAnswer:", "completion": "Bo", "also": ("Bob",)},
    ),
    "word-problem": (
        {"Body": "Two and two.", "Question": "How many?", "Answer": 4.0, "Rationale": "2+2"},
        {"prompt": "Question: Two and two. How many?\nAnswer:", "completion": "4", "rationale": "2+2", "answer_type": "number"},
    ),
    "gsm8k": (
        {"question": "How many?", "answer": "3*400 is <<3*400=1200>>1200.\nSo 1200.\n#### 1,200"},
        {"prompt": "Question: How many?\nAnswer:", "completion": "1,200", "rationale": "3*400 is 1200.\nSo 1200."},
    ),
    "summarise": (
        {"article": "Long.", "highlights": "Short."},
        {"prompt": "Summarise this text in a sentence or two.\n\nLong.\n\nSummary:", "completion": "Short."},
    ),
    "summarise-dialogue": (
        {"dialogue": "A: Hi.", "summary1": "One.", "summary2": "Two.", "summary3": "Three."},
        {"prompt": "Summarise this dialogue in a sentence or two.\n\nA: Hi.\n\nSummary:", "completion": "One.", "also": ("Two.", "Three.")},
    ),
    "instruction": (
        {"instruction": "Add.", "input": "1 2", "output": "3"},
        {"prompt": "Add.\n\nInput: 1 2\n\nResponse:", "completion": "3"},
    ),
    "prompt-completion": ({"prompt": "Once upon a", "completion": "time"}, {"prompt": "Once upon a", "completion": "time"}),
    "translate": (
        {"en": "Yes", "fr": "Oui"},
        {"prompt": "Translate from English to French.\n\nEnglish: Yes\nFrench:", "completion": "Oui"},
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    SANDBOX.close()


def task(filled: Filled) -> Task:
    return Task("t", "T", **{**asdict(filled), "answer_type": filled.answer_type or "text", "metrics": filled.metrics or ("exact_match",)})


def render(filled: Filled, rows: list[dict[str, Any]]) -> Rendered:
    made = task(filled)
    check(made, list(dict.fromkeys(column for row in rows for column in row)))
    return RENDERER.examples(made, [Row(i, row) for i, row in enumerate(rows, 1)])


def test_every_shipped_template_is_exercised_here() -> None:
    assert set(SHIPPED) == set(library()) == {file.stem for file in templates.FOLDER.glob("*.yaml")}
    ranks = [template.guess_rank for template in library().values() if template.guess_rank]
    assert len(ranks) == len(set(ranks))
    families = {template.family for template in library().values()}
    assert families == {"classification", "summarisation", "generation", "translation", "question answering", "word problems"}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_template_renders_what_it_says(name: str) -> None:
    row, expected = SHIPPED[name]
    mapping = library()[name].guess(list(row), [row])
    assert mapping is not None
    filled = library()[name].fill(mapping, list(row))
    (example,) = render(filled, [row]).examples
    assert {key: getattr(example, key) for key in expected} == expected
    assert filled.template.count("|||") == 1 and "<<" not in filled.template


def test_fields_that_nothing_fills_leave_no_trace() -> None:
    row = {"rating": 2, "review": "Meh."}
    filled = library()["review-for-rating"].fill({"rating": "rating", "review": "review"}, list(row))
    assert render(filled, [row]).examples[0].prompt == "Write a review that gives 2 out of 5 stars.\n\nReview:"
    filled = library()["question-answer"].fill({"question": "q", "answer": "a"}, ["q", "a"])
    assert filled.also == "" and filled.input == "q"


def test_an_empty_input_is_left_out() -> None:
    filled = library()["instruction"].fill({"instruction": "instruction", "input": "input", "output": "output"}, ["instruction", "input", "output"])
    rows: list[dict[str, Any]] = [{"instruction": "Sing.", "input": "", "output": "la"}, {"instruction": "Sing.", "output": "la"}]
    assert [example.prompt for example in render(filled, rows).examples] == ["Sing.\n\nResponse:"] * 2
    assert RENDERER.ask(task(filled), {"instruction": "Sing."}).prompt == "Sing.\n\nResponse:"


def test_labels_found_in_the_table_are_named_in_the_prompt() -> None:
    filled = library()["classify"].fill({"text": "t", "label": "l"}, ["t", "l"])
    chosen = Task("t", "T", filled.template, "t", answer_choices="spam ||| ham", answer_type="choice")
    assert RENDERER.ask(chosen, {"t": "x"}).prompt == "Classify the text as one of: spam, ham.\n\nText: x\nLabel:"


def test_any_expression_fills_a_field() -> None:
    row = {"Big Body": "Two.", "qs": ["How many?"], "n": 4}
    filled = library()["word-problem"].fill({"question": "Big_Body ~ ' ' ~ qs[0]", "answer": "n"}, list(row))
    (example,) = render(filled, [row]).examples
    assert (example.prompt, example.completion) == ("Question: Two. How many?\nAnswer:", "4")
    assert filled.input == ""  # two columns: a person must give both
    languages = library()["translate"].fill({"source": "a", "target": "b", "from": "Latin", "to": "Greek"}, ["a", "b"])
    assert render(languages, [{"a": "x", "b": "y"}]).examples[0].prompt == "Translate from Latin to Greek.\n\nLatin: x\nGreek:"


def test_everything_wrong_with_a_filling_is_told_at_once() -> None:
    with pytest.raises(Problems) as caught:
        library()["word-problem"].fill({"question": "Bdoy ~ x", "anwser": "n"}, ["Body", "n"])
    said = str(caught.value)
    assert "template word-problem" in said and "Did you mean 'Body'?" in said
    assert "anwser: is no field of word-problem. Did you mean 'answer'?" in said and "answer: nothing fills it (The number)" in said
    with pytest.raises(Problems, match="more than one expression"):
        library()["word-problem"].fill({"question": "Body }} {{ n", "answer": "n"}, ["Body", "n"])


@pytest.mark.parametrize("text", ["titel: x", "title: x", "- x", "name: other\n"])
def test_a_wrong_library_file_is_named(text: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    good = (templates.FOLDER / "summarise.yaml").read_text()
    file.write_text(good + text if text.startswith(("titel", "name")) else text)
    with pytest.raises(UserError, match=r"mine\.yaml"):
        read(file)


def test_nothing_is_guessed_where_nothing_suits() -> None:
    assert best_guess(["a", "b"], [{"a": "x", "b": "y"}]) is None
    assert best_guess([], []) is None
    assert best_guess(["question", "choices"], [{"question": "x", "choices": ["y"]}]) is None
    guess = best_guess(["text", "label"], [{"text": "x", "label": "2"}, {"text": "y", "label": "7"}])
    assert guess is not None and guess[0].name == "classify"  # no sentiment, no stars


def test_the_columns_of_a_prompt() -> None:
    assert prompt_columns("{{ Best_Answer }}{% if b %}{{ c }}{% endif %} ||| {{ d }}", ["d", "c", "b", "Best Answer"]) == ["Best Answer", "b", "c"]


CHOOSING = ("multiple-choice", {"question": "query", "choices": "choices", "answer": "gold"})
LISTED = ("choices-in-question", {"question": "query", "choices": "choices", "answer": "gold"})
INSTRUCTED = ("instruction", {"instruction": "instruction", "input": "instances[0].input", "output": "instances[0].output"})
SOLVED = ("word-problem", {"question": "sQuestion", "answer": "lSolutions[0]"})
OTHERS = "[summary2, summary3] | select('defined') | join(' ||| ')"
GUESSES: dict[str, tuple[str, dict[str, str]]] = {
    "addsub": SOLVED,
    "alpaca_gpt4_demo": ("instruction", {"instruction": "instruction", "input": "input", "output": "output"}),
    "amazon_microwave_reviews": ("review-rating", {"review": "review_body", "rating": "star_rating"}),
    "amazon_polarity_small": ("sentiment", {"text": "content", "label": "label"}),
    "aqua": ("multiple-choice-letters", {"question": "question", "choices": "options", "answer": "correct", "rationale": "rationale"}),
    "arc_challenge": CHOOSING,
    "arc_easy": CHOOSING,
    "boolq": LISTED,
    "coin_flip": ("yes-no", {"question": "question", "answer": "answer"}),
    "commonsense_qa": LISTED,
    "copa": CHOOSING,
    "dialogsum": ("summarise-dialogue", {"dialogue": "dialogue", "summary": "summary | default(summary1)", "also": OTHERS}),
    "dolly_hhrlhf": ("prompt-completion", {"prompt": "prompt", "completion": "response"}),
    "gsm8k": ("gsm8k", {"question": "question", "solution": "answer"}),
    "lambada": ("prompt-completion", {"prompt": "context", "completion": "continuation"}),
    "last_letters": ("question-answer", {"question": "question", "answer": "answer"}),
    "multi30k": ("translate", {"source": "en", "target": "de"}),
    "multiarith": SOLVED,
    "openbookqa": CHOOSING,
    "piqa": CHOOSING,
    "samsum_small": ("summarise-dialogue", {"dialogue": "dialogue", "summary": "summary"}),
    "self_instruct_seed": INSTRUCTED,
    "self_instruct_user252": INSTRUCTED,
    "sst2": ("sentiment", {"text": "text", "label": "label"}),
    "svamp": ("word-problem", {"question": "Body ~ ' ' ~ Question", "answer": "Answer"}),
    "triviaqa": ("prompt-completion", {"prompt": "context", "completion": "answer", "also": "aliases | join(' ||| ')"}),
    "truthfulqa": ("question-answer", {"question": "Question", "answer": "Best Answer", "also": "Correct_Answers.split('; ') | join(' ||| ')"}),
    "uci_review_sentences": ("sentiment", {"text": "text", "label": "label"}),
    "winogrande": ("which-sentence", {"beginnings": "context_options", "ending": "continuation", "answer": "gold"}),
    "xstest": ("classify", {"text": "prompt", "label": "label"}),
    "xstest_completions": ("classify", {"text": "prompt ~ '\\n\\n' ~ completion", "label": "final_label"}),
    "xsum_small": ("summarise", {"document": "document", "summary": "summary"}),
    "yelp_review_full_small": ("review-rating", {"review": "text", "rating": "label | int + 1"}),
}


@pytest.mark.parametrize("name", GUESSES)
def test_a_dataset_finds_its_template(name: str) -> None:
    """All rows of every split become examples, with no word from anybody."""
    rows: list[dict[str, Any]] = []
    for file in sorted(data(name).glob("*.jsonl"), key=lambda file: ("train", "dev", "test").index(file.stem)):
        with file.open(encoding="utf-8", newline="\n") as lines:
            rows += [json.loads(line) for line in islice(lines, 300)]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    guess = best_guess(columns, rows[:50])
    assert guess is not None and (guess[0].name, guess[1]) == GUESSES[name]
    rendered = render(guess[0].fill(guess[1], columns), rows)
    assert not rendered.bad and len(rendered.examples) == len(rows)
    assert all(whole(example) for example in rendered.examples)


def whole(example: Example) -> bool:
    return bool(example.prompt and example.completion and (not example.choices or example.completion in example.choices))
