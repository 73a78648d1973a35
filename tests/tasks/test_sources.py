"""What a person points at: files that say which split they are, folders, a YAML with its tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptune.core.task import Split
from promptune.errors import UserError
from promptune.tasks.definition import TaskFile
from promptune.tasks.sources import gather, split_of
from promptune.tasks.tables.table import Table


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train.csv", "train"),
        ("reviews_dev.jsonl", "validation"),
        ("Test-00.parquet", "test"),
        ("val.tsv", "validation"),
        ("contest.csv", None),
        ("train_test.csv", None),
        ("reviews.csv", None),
    ],
)
def test_a_files_name_says_its_split(name: str, split: Split | None) -> None:
    assert split_of(Path(name)) == split


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


def test_a_folder_of_splits(tmp_path: Path) -> None:
    found = gather([write(tmp_path, train="a,b\n1,2\n", dev="a,b\n3,4\n")], TaskFile())
    assert isinstance(found.tables, dict)
    assert {split: [row.values for row in table.rows] for split, table in found.tables.items()} == {
        "train": [{"a": "1", "b": "2"}],
        "validation": [{"a": "3", "b": "4"}],
    }


def test_one_split_in_several_files_is_numbered_through(tmp_path: Path) -> None:
    """A number must name one row: the second file's rows come behind the first's, bad ones too."""
    write(tmp_path, **{"train-00": "a,b\n1,2\n3\n", "train-01": "a,b\n5,6\n7\n"})
    tables = gather([tmp_path], TaskFile()).tables
    assert isinstance(tables, dict)
    assert [row.number for row in tables["train"].rows] == [1, 3] and [bad.row for bad in tables["train"].bad] == [2, 4]


def test_a_hub_table_that_nobody_split_is_one_table(tmp_path: Path) -> None:
    write(tmp_path, **{"rows-00": "a,b\n1,2\n", "rows-01": "a,b\n3,4\n"})
    table = gather([tmp_path], TaskFile()).tables
    assert isinstance(table, Table) and [row.values["a"] for row in table.rows] == ["1", "3"] and [row.number for row in table.rows] == [1, 2]


def test_files_that_do_not_say_their_split_are_named(tmp_path: Path) -> None:
    write(tmp_path, train="a,b\n1,2\n", more="a,b\n1,2\n")
    with pytest.raises(UserError, match=r"more\.csv"):
        gather([tmp_path], TaskFile())
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no table"):
        gather([tmp_path / "empty"], TaskFile())


def test_a_yaml_names_its_tables_and_what_a_person_says_stands_over_it(tmp_path: Path) -> None:
    write(tmp_path, reviews="text,label\ngood,1\n")
    (tmp_path / "mine.yaml").write_text("rows: reviews.csv\ntitle: Mine\ninput: text\n")
    found = gather([tmp_path / "mine.yaml"], TaskFile(title="Yours"))
    assert (found.form.title, found.form.input) == ("Yours", "text")


@pytest.mark.parametrize("name", ["../secret.csv", "/etc/passwd"])
def test_a_yaml_reads_only_what_lies_beside_it(tmp_path: Path, name: str) -> None:
    """A YAML may come from a stranger: it must not carry another folder's files into a task."""
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "task.yaml").write_text(f"rows: {name}\n")
    with pytest.raises(UserError, match="leads out"):
        gather([tmp_path / "inner"], TaskFile())


def test_a_link_beside_it_leads_nowhere_either(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "rows.csv").symlink_to(tmp_path / "secret.csv")
    (tmp_path / "inner" / "task.yaml").write_text("rows: rows.csv\n")
    with pytest.raises(UserError, match="leads out"):
        gather([tmp_path / "inner"], TaskFile())
