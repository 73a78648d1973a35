"""The command that makes the bundled model: what it refuses before it works for an hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptune.tiny import train


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
