"""Folders that are whole or not there, whatever happened while they were made."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from promptune.errors import DiskFull, UserError
from promptune.store.artefacts import MANIFEST, building, is_complete, remove, size, verify, write_manifest

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def final(tmp_path: Path) -> Path:
    return tmp_path / "models" / "one"


@pytest.fixture
def made(final: Path) -> Path:
    with building(final) as folder:
        (folder / "weights").mkdir()
        (folder / "weights" / "model.safetensors").write_bytes(bytes(range(256)) * 64)
        (folder / "config.json").write_text("{}")
    return final


def fail(final: Path, error: Exception) -> None:
    with building(final) as folder:
        (folder / "half").write_text("x")
        raise error


def test_a_finished_folder_is_complete_and_alone(made: Path) -> None:
    assert is_complete(made)
    verify(made)
    assert [path.name for path in made.parent.iterdir()] == ["one"]
    assert set(json.loads((made / MANIFEST).read_text())["files"]) == {"config.json", "weights/model.safetensors"}
    assert size(made) == sum(path.stat().st_size for path in made.rglob("*") if path.is_file())


def test_nothing_is_seen_before_the_end(final: Path) -> None:
    with building(final) as folder:
        (folder / "config.json").write_text("{}")
        assert not final.exists()
        assert not is_complete(folder)
        assert all(path.name.startswith(".") for path in final.parent.iterdir())


def test_an_error_leaves_nothing(final: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        fail(final, ZeroDivisionError())
    assert list(final.parent.iterdir()) == []


def test_a_crash_before_the_manifest_is_never_listed_and_the_next_try_succeeds(final: Path, start: Start) -> None:
    """kill -9 at half: what is there is hidden and no artefact."""
    script = """if True:
        import os, pathlib, signal, sys
        from promptune.store.artefacts import building
        with building(pathlib.Path(sys.argv[1])) as folder:
            (folder / "config.json").write_text("{}")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    assert start(script, final).wait() == -9
    (left,) = final.parent.iterdir()
    assert left.name.startswith(".building-")
    assert not is_complete(left)
    assert not is_complete(final)
    with building(final) as folder:
        (folder / "config.json").write_text("{}")
    verify(final)


def test_what_a_crash_left_goes_after_a_week_and_not_while_it_may_be_in_use(final: Path) -> None:
    """A model's copy is gigabytes; but another process may be making it this very moment."""
    old, deleted, young = (final.parent / name for name in (".building-1", ".deleting-2", ".building-3"))
    for folder in (old, deleted, young):
        folder.mkdir(parents=True)
        (folder / "model.safetensors").write_text("x")
    for folder in (old, deleted):
        os.utime(folder, (1e9, 1e9))
    with building(final):
        pass
    assert sorted(path.name for path in final.parent.iterdir()) == [".building-3", "one"]


def test_the_half_of_an_older_try_is_replaced_and_what_another_completed_stays(final: Path) -> None:
    final.mkdir(parents=True)
    (final / "half").write_text("x")
    with building(final) as mine, building(final) as theirs:
        (mine / "mine").write_text("x")
        (theirs / "theirs").write_text("x")
    assert sorted(path.name for path in final.iterdir()) == [MANIFEST, "theirs"]
    verify(final)
    assert [path.name for path in final.parent.iterdir()] == ["one"]


def test_one_flipped_bit_is_found_and_its_file_named(made: Path) -> None:
    """safetensors loads such a file without a word, and the model answers nonsense."""
    weights = made / "weights" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[5000] ^= 1
    weights.write_bytes(data)
    with pytest.raises(UserError, match=r"weights/model\.safetensors.*changed"):
        verify(made)


def test_a_file_cut_short_or_gone_is_named(made: Path) -> None:
    os.truncate(made / "weights" / "model.safetensors", 100)
    with pytest.raises(UserError, match=r"weights/model\.safetensors' has 100 bytes and had 16384"):
        verify(made)
    (made / "config.json").unlink()
    with pytest.raises(UserError, match=r"config\.json' is missing"):
        verify(made)


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "weights/../../outside", "", ".", "a\0"])
def test_a_manifest_cannot_name_what_lies_outside(made: Path, name: str) -> None:
    """A folder may come from a stranger: reading along its manifest must not leave it."""
    (made.parent / "outside").write_text("x")
    (made / MANIFEST).write_text(json.dumps({"files": {name: {"size": 1, "sha256": ""}}}))
    with pytest.raises(UserError, match="is missing"):
        verify(made)


@pytest.mark.parametrize("target", ["config.json", "..", "/", "nowhere"])
def test_a_link_is_refused(made: Path, target: str) -> None:
    """It could lead out of the folder, now or later."""
    (made / "weights" / "link").symlink_to(target)
    with pytest.raises(UserError, match=r"weights/link.*link"):
        verify(made)
    with pytest.raises(UserError, match=r"weights/link.*link"):
        write_manifest(made)


def test_a_pipe_is_refused_and_not_waited_for(made: Path) -> None:
    os.mkfifo(made / "pipe")
    with pytest.raises(UserError, match=r"pipe.*no plain file"):
        verify(made)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"files": []}', '{"files": {"a": 1}}', '{"files": {"a": {"size": "x"}}}', "[" * 200_000])
def test_a_manifest_that_is_not_ours_makes_no_artefact(made: Path, content: str) -> None:
    (made / MANIFEST).write_text(content)
    assert not is_complete(made)
    with pytest.raises(UserError, match=r"manifest\.json"):
        verify(made)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_named_and_leaves_nothing(final: Path, code: int) -> None:
    """Half a model would fill the disk that is full already."""
    with pytest.raises(DiskFull, match=r"MB are free.*Make room"):
        fail(final, OSError(code, os.strerror(code)))
    assert list(final.parent.iterdir()) == []


def test_another_error_of_the_disk_is_not_called_full(final: Path) -> None:
    with pytest.raises(PermissionError):
        fail(final, PermissionError(errno.EACCES, "no"))


def test_removing_takes_everything_and_follows_no_link(made: Path) -> None:
    outside = made.parent.parent / "outside"
    outside.mkdir()
    (outside / "kept").write_text("x")
    (made / "link").symlink_to(outside)
    remove(made)
    remove(made)  # a second time there is nothing to do
    assert list(made.parent.iterdir()) == []
    assert (outside / "kept").exists()


def test_what_is_being_removed_is_hidden_from_the_first_moment(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deleting gigabytes takes a while, and may break off."""
    monkeypatch.setattr("promptune.store.artefacts.shutil.rmtree", lambda *_, **__: None)
    remove(made)
    assert [path.name.partition("-")[0] for path in made.parent.iterdir()] == [".deleting"]
