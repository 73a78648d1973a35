"""Which files of a dataset's repository are its data: as the card says, else as names and folders do, and never code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.errors import UserError
from promptune.tasks.hubfiles import choose


def names(paths: list[str], card: str = "", config: str | None = None) -> dict[str, str]:
    return {file.name: file.path for file in choose(paths, card, config).files}


def card(configs: str) -> str:
    return f"---\nlicense: mit\nconfigs:\n{configs}\n---\n# A dataset\n"


NO_CARD = [
    (["train.csv", "test.csv", "README.md", "load.py"], {"train-00.csv": "train.csv", "test-00.csv": "test.csv"}),
    (["data/my-train.jsonl", "data/dev.jsonl"], {"train-00.jsonl": "data/my-train.jsonl", "validation-00.jsonl": "data/dev.jsonl"}),
    (["train/0.parquet", "train/1.parquet", "eval/0.parquet"], {"train-00.parquet": "train/0.parquet", "train-01.parquet": "train/1.parquet"}),
    (["data/train-00000-of-00001-ab12.parquet"], {"rows-00.parquet": "data/train-00000-of-00001-ab12.parquet"}),
    (["reviews.TSV"], {"rows-00.tsv": "reviews.TSV"}),
    (["part-1.csv", "part-2.csv"], {"rows-00.csv": "part-1.csv", "rows-01.csv": "part-2.csv"}),
    (["train.csv", "train.parquet", "test.csv", "test.parquet"], {"train-00.parquet": "train.parquet", "test-00.parquet": "test.parquet"}),
    (["train/a.csv", "held-out/test.csv"], {"train-00.csv": "train/a.csv", "test-00.csv": "held-out/test.csv"}),
    (["test.csv"], {"test-00.csv": "test.csv"}),
]


@pytest.mark.parametrize(("paths", "expected"), NO_CARD)
def test_without_a_card_names_and_folders_say_the_split(paths: list[str], expected: dict[str, str]) -> None:
    """A lone train is what the hub calls a table that nobody split."""
    found = names(paths)
    assert {name: found[name] for name in expected} == expected
    assert set(found.values()) <= {path for path in paths if path.endswith((".csv", ".jsonl", ".parquet", ".TSV"))}


CARDS = [
    ("- config_name: default\n  data_files:\n  - split: train\n    path: a/*\n  - split: test\n    path: [b/one.csv, 'b/t*.csv']", ["train", "test", "test"]),
    ("- config_name: default\n  data_files:\n    train: a/x.csv\n    test: 'b/two.csv'", ["train", "test"]),
    ("- config_name: default\n  data_files: a/x.csv", ["rows"]),
    ("- config_name: default\n  data_files: ['**/x.csv', b/two.csv]", ["rows", "rows"]),
    ("- config_name: default\n  data_dir: c", ["train", "validation"]),
    ("- config_name: default\n  data_files: a", ["rows"]),
    ("- config_name: a\n  data_files: a/*\n- config_name: b\n  default: true\n  data_files: b/*", ["rows", "rows"]),
    ("- config_name: a\n  data_files: a/*\n- config_name: default\n  data_files: b/*", ["rows", "rows"]),
]
REPOSITORY = ["a/x.csv", "b/one.csv", "b/two.csv", "c/train.csv", "c/val.csv", "c/deep/x.py", "README.md"]


@pytest.mark.parametrize(("configs", "expected"), CARDS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_card_is_followed_in_all_its_ways(configs: str, expected: list[str], newline: str) -> None:
    found = choose(REPOSITORY, card(configs).replace("\n", newline), None)
    assert [file.name.split("-")[0] for file in found.files] == expected


def test_of_several_subsets_one_must_be_chosen() -> None:
    said = card("- config_name: en\n  data_files: a/*\n- config_name: 'no'\n  data_files: b/one.csv")
    for paths, text in ((REPOSITORY, said), (["en/train.csv", "no/train.csv"], "")):
        with pytest.raises(UserError, match=r"several subsets: en, no\. Choose one"):
            choose(paths, text, None)
        with pytest.raises(UserError, match=r"no subset 'noo'\. Did you mean 'no'"):
            choose(paths, text, "noo")
        assert len(names(paths, text, "no")) == 1
    with pytest.raises(UserError, match="several subsets: ratings, users"):
        choose(["ratings.csv", "users.csv"], "", None)


def test_what_is_left_out_is_told() -> None:
    said = card(
        "- config_name: default\n  data_files:\n" + "".join(f"  - split: {split}\n    path: {split}.csv\n" for split in ("train_sft", "train_gen", "test"))
    )
    found = choose(["train_sft.csv", "train_gen.csv", "test.csv"], said, None)
    assert [(file.name, file.path) for file in found.files] == [("train-00.csv", "train_sft.csv"), ("test-00.csv", "test.csv")]
    assert found.notes == ("Left out: the splits train_gen.",)
    with pytest.raises(UserError, match="its splits are en, fr, none of them train"):
        choose(["en.csv", "fr.csv"], card("- data_files:\n    en: en.csv\n    fr: fr.csv"), None)
    assert choose(["train.csv", "train.parquet", "test.csv"], "", None).notes == ("train is there in several formats; .parquet was taken.",)


STRANGE = [
    "../train.csv",
    "/train.csv",
    ".hidden/train.csv",
    "a/../../train.csv",
    "C:\\train.csv",
    "train.pkl",
    "train.py",
    "train.csv.gz",
    "dataset_infos.json",
]


@pytest.mark.parametrize("path", STRANGE)
def test_code_hidden_files_and_ways_out_are_never_data(path: str) -> None:
    assert choose([path], card("- data_files: '**'"), None).files == ()


@pytest.mark.parametrize(
    "text", ["---\nconfigs: [\n---\n", "---\nconfigs: 3\n---\n", "---\n- a\n---\n", "no card", "---\nconfigs: " + "[" * 50_000 + "\n---\n"]
)
def test_a_card_that_says_nothing_of_use_is_as_none(text: str) -> None:
    assert names(["train.csv", "test.csv"], text) == names(["train.csv", "test.csv"])


@given(st.lists(st.from_regex(r"(data|train|en)/(train|test|x)-?[0-9]?\.(csv|json|py)", fullmatch=True), unique=True), st.text(max_size=60))
def test_every_name_is_given_once_and_safe(paths: list[str], configs: str) -> None:
    try:
        found = choose(paths, card(configs), None).files
    except UserError:
        return
    assert len({file.name for file in found}) == len({file.path for file in found}) == len(found)
    assert all(file.path in paths and "/" not in file.name and file.name.split("-")[0] in ("train", "validation", "test", "rows") for file in found)
