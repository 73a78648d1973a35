"""A task as a zip: what is packed comes back, and what others packed cannot leave its folder or fill the disk."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from promptune.errors import UserError
from promptune.tasks import pack
from promptune.tasks.tables.table import MAX_BYTES


def zipped(file: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return file


def test_what_is_packed_comes_back(tmp_path: Path) -> None:
    (tmp_path / "task").mkdir()
    (tmp_path / "out").mkdir()
    for name, text in {"task.yaml": "name: é", "test.jsonl": '{"a": "\u2028"}\n', "manifest.txt": "ours"}.items():
        (tmp_path / "task" / name).write_text(text, encoding="utf-8")
    pack.pack(tmp_path / "task", tmp_path / "task.zip")
    assert pack.is_pack(tmp_path / "task.zip")
    pack.unpack(tmp_path / "task.zip", tmp_path / "out")
    assert {file.name: file.read_text(encoding="utf-8") for file in (tmp_path / "out").iterdir()} == {"task.yaml": "name: é", "test.jsonl": '{"a": "\u2028"}\n'}


@pytest.mark.parametrize("name", ["../out.csv", "/etc/out.csv", "a/b.csv", "..\\out.csv", ".hidden", "folder/"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    archive = zipped(tmp_path / "bad.zip", {"task.yaml": b"name: x", name: b"x"})
    (tmp_path / "inside").mkdir()
    with pytest.raises(UserError, match="no plain file"):
        pack.unpack(archive, tmp_path / "inside")
    assert not (tmp_path / "out.csv").exists()


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("task.yaml", "name: x")
        with packed.open("train.csv", "w", force_zip64=True) as file:
            for _ in range(MAX_BYTES // 2**20 + 1):
                file.write(bytes(2**20))
    (tmp_path / "inside").mkdir()
    with pytest.raises(UserError, match="larger than"):
        pack.unpack(archive, tmp_path / "inside")
    assert sum(file.stat().st_size for file in (tmp_path / "inside").iterdir()) < 100


def test_a_bomb_that_lies_about_its_size_is_not_all_written(tmp_path: Path) -> None:
    """What an entry says of itself is a claim: the pieces are counted as they come."""
    archive = zipped(tmp_path / "bomb.zip", {"task.yaml": b"name: x", "train.csv": bytes(2**20)})
    data = archive.read_bytes().replace((2**20).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    archive.write_bytes(data)
    (tmp_path / "inside").mkdir()
    with pytest.raises(UserError):
        pack.unpack(archive, tmp_path / "inside")
    assert all(file.stat().st_size <= 10 for file in (tmp_path / "inside").iterdir())


def test_too_many_files_are_refused_before_they_are_listed(tmp_path: Path) -> None:
    """A zip's reader makes an object of each entry: a small file can hold a great many."""
    many = {f"{i}.csv": b"" for i in range(pack.MOST_FILES)}
    assert not pack.is_pack(zipped(tmp_path / "many.zip", {"task.yaml": b"name: x", **many}))
    listed = zipped(tmp_path / "listed.zip", {"task.yaml": b"name: x", **{f"{i}.csv": b"" for i in range(3_000)}})
    data = listed.read_bytes()
    at = data.rfind(b"PK\x05\x06")
    listed.write_bytes(data[: at + 8] + (2).to_bytes(2, "little") * 2 + data[at + 12 :])  # it says two
    assert not pack.is_pack(listed)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unfold_without_a_limit_are_refused(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", method) as packed:
        packed.writestr("task.yaml", "name: x")
    (tmp_path / "inside").mkdir()
    with pytest.raises(UserError, match="not read"):
        pack.unpack(tmp_path / "bomb.zip", tmp_path / "inside")
    assert list((tmp_path / "inside").iterdir()) == []


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")  # zipfile's own, to whoever makes one
def test_what_is_damaged_doubled_or_named_too_long_is_said(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as packed:
        packed.writestr("task.yaml", "a")
        packed.writestr("task.yaml", "b")
    torn = zipped(tmp_path / "torn.zip", {"task.yaml": b"name: x" * 1_000})
    torn.write_bytes(torn.read_bytes()[:45] + b"\xff" * 20 + torn.read_bytes()[65:])
    long = zipped(tmp_path / "long.zip", {"x" * 300: b"x"})
    for number, archive in enumerate((tmp_path / "twice.zip", torn, long)):
        (tmp_path / str(number)).mkdir()
        with pytest.raises(UserError) as caught:
            pack.unpack(archive, tmp_path / str(number))
        assert caught.value.where == archive.name


def test_only_a_zip_with_a_task_is_opened(tmp_path: Path) -> None:
    buffer = io.BytesIO(b"PK\x03\x04 and no more")
    (tmp_path / "torn.zip").write_bytes(buffer.getvalue())
    (tmp_path / "text.zip").write_text("no zip")
    zipped(tmp_path / "other.zip", {"data.csv": b"a,b"})
    assert not any(pack.is_pack(tmp_path / name) for name in ("torn.zip", "text.zip", "other.zip", "missing.zip"))
