"""The command that makes the bundled model: what it refuses before it works for an hour."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

from promptune.core.score import Score
from promptune.tiny import train
from promptune.tiny.claims.claim import Cell, Claim, at_least
from promptune.tiny.lean import LeanLlama, Shape
from promptune.tiny.training import Trained


@pytest.mark.parametrize("seeds", ["", "x", "11,", "11,,12", "-1", "1.5", "11,11", "9" * 30])
def test_seeds_are_a_list_of_different_numbers(seeds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        train.main([f"--seeds={seeds}"])
    assert ended.value.code == 2 and "no list of different numbers such as 11,12" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["thesis.txt", "config.json/deeper", ".git"])
def test_a_folder_of_something_else_is_never_replaced(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Shipping deletes what was there: a home folder by mistake, too."""
    target = tmp_path / "mine"
    (target / name).parent.mkdir(parents=True)
    (target / name).write_text("years of work")
    assert train.main(["--to", str(target), "--work", str(tmp_path / "work")]) == 2
    assert "is no model, and would be deleted" in capsys.readouterr().err
    assert (target / name).read_text() == "years of work" and not (tmp_path / "work").exists()


def test_a_folder_that_cannot_be_made_is_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train.tokenizer, "learn", lambda: pytest.fail("it begins to work"))
    (tmp_path / "file").write_text("mine")
    assert train.main(["--work", str(tmp_path / "file"), "--to", str(tmp_path / "to")]) == 2
    assert capsys.readouterr().err.startswith("promptune: ")


def claim(value: float) -> list[Claim]:
    return [Claim("examples", "Examples help.", "accuracy", (Cell("few-shot:8", Score(value, value, value), 200, at_least(0.95)),))]


def test_the_card_tells_of_every_seed_that_was_tried(words: PreTrainedTokenizerFast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A seed that missed in an earlier run was tried as well, and a model that missed is never shipped."""
    monkeypatch.setattr(train.tokenizer, "learn", lambda: words)
    monkeypatch.setattr(train, "train", lambda *_: Trained(LeanLlama(Shape()), 60.0))
    command = ["--work", str(tmp_path / "work"), "--to", str(tmp_path / "to")]
    monkeypatch.setattr(train, "_claims", lambda folder: claim(0.9))
    assert train.main(["--seeds", "3", *command]) == 1 and not (tmp_path / "to").exists()
    monkeypatch.setattr(train, "_claims", lambda folder: claim(0.99))
    assert train.main(["--seeds", "5", *command]) == 0
    assert "Seed 5; seeds tried until one passed every claim: 3, 5." in (tmp_path / "to" / "README.md").read_text()


def test_another_recipe_goes_on_with_nothing_of_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Old weights under a new corpus would make its held-out rows a lie."""
    now = train._recipe(Shape())
    assert train._recipe(Shape()) == now != train._recipe(Shape(width=64))
    monkeypatch.setattr(train, "STAGES", train.STAGES[:1])
    assert train._recipe(Shape()) != now
