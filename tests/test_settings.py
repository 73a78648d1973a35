"""Settings: one documented file, the environment over it, and every mistake told at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from promptune.errors import Problems
from promptune.settings import FILE, Settings


def problems(environ: dict[str, str], file: Path | None = None) -> dict[str, str]:
    with pytest.raises(Problems) as caught:
        Settings.load(environ, file)
    return {problem.field: problem.what for problem in caught.value.problems} | {"where": caught.value.where}


def test_the_shipped_file_names_every_setting_and_its_default() -> None:
    """It is the documentation: a setting that is missing or different there would be documented wrong."""
    assert list(yaml.safe_load(FILE.read_text())) == list(Settings.model_fields)
    assert Settings.load({}, FILE) == Settings()


def test_without_a_file_the_defaults_hold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An installed package has no configs folder beside it."""
    monkeypatch.setattr("promptune.settings.FILE", tmp_path / "absent.yaml")
    assert Settings.load({}) == Settings()


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("port: 8001\nhost: 0.0.0.0\n")
    settings = Settings.load({"PROMPTUNE_SETTINGS": str(file), "PROMPTUNE_PORT": "8002", "PROMPTUNE_OFFLINE": "1", "HOME": "/"})
    assert (settings.port, settings.host, settings.offline) == (8002, "0.0.0.0", True)


def test_an_empty_variable_counts_as_unset() -> None:
    """Compose files and CI set a variable they have no value for to the empty text."""
    assert Settings.load({"PROMPTUNE_PORT": "", "PROMPTUNE_SETTINGS": ""}) == Settings.load({})


def test_a_file_of_comments_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "empty.yaml"
    file.write_text("# port: 8000\n")
    assert Settings.load({}, file) == Settings()


def test_a_relative_home_starts_at_the_current_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Worker processes start elsewhere: the path is fixed when the settings are read."""
    monkeypatch.chdir(tmp_path)
    assert Settings().home == tmp_path / "promptune-data"
    assert Settings.load({"PROMPTUNE_HOME": "here/data"}).home == tmp_path / "here/data"
    assert Settings.load({"PROMPTUNE_HOME": "~/data"}).home == Path.home() / "data"


def test_an_unknown_key_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    """A misspelt setting that is silently ignored looks like one that does not work."""
    file = tmp_path / "mine.yaml"
    file.write_text("prot: 8000\n")
    assert "Did you mean 'port'?" in problems({}, file)["prot"]
    assert "Did you mean 'engine'?" in problems({"PROMPTUNE_ENGIN": "local"})["PROMPTUNE_ENGIN"]


def test_all_problems_are_told_at_once_each_with_its_source(tmp_path: Path) -> None:
    """A value that a variable overrides is still wrong in the file, and would surprise on the day the variable goes."""
    file = tmp_path / "mine.yaml"
    file.write_text("port: many\noffline: 7\ndevice: tpu\n")
    told = problems({"PROMPTUNE_PORT": "8000", "PROMPTUNE_MAX_TOKENS": "0"}, file)
    assert told == {
        "port": "should be a whole number, not 'many'",
        "offline": "should be true or false, not 7",
        "device": "should be 'auto', 'cpu' or 'cuda', not 'tpu'",
        "PROMPTUNE_MAX_TOKENS": "should be greater than or equal to 1, not '0'",
        "where": f"{file} and environment",
    }


def test_the_message_names_only_the_source_that_is_wrong() -> None:
    assert problems({"PROMPTUNE_PORT": "70000"})["where"] == "environment"


@pytest.mark.parametrize(
    ("content", "field", "what"),
    [
        (b"a: [1\nb: 2\n", "line 2", "not YAML"),
        (b"- port\n", "file", "port: 7860"),
        (b"host: \xff\n", "file", "UTF-8"),
        (b"host: \x00\n", "file", "not YAML"),
        (b"home:\n", "home", "should be a folder"),
        (b"home: ~nobody-of-this-name/x\n", "home", "does not exist"),
        (b"default_model: My Model\n", "default_model", "should be a name such as tiny"),
        (b"answer_seconds: .nan\n", "answer_seconds", "should be"),
        (b"answer_seconds: 0\n", "answer_seconds", "should be greater than 0"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, content: bytes, field: str, what: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_bytes(content)
    assert what in problems({}, file)[field]


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    """Falling back to the defaults would start a different app than the one asked for."""
    told = problems({"PROMPTUNE_SETTINGS": str(tmp_path / "absent.yaml")})
    assert told == {"file": "cannot be read (No such file or directory)", "where": str(tmp_path / "absent.yaml")}


def test_settings_do_not_change_under_way() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1
