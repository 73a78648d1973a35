"""Files that are no tables, or much more than they seem: refused in words, with memory flat, and nothing waits for ever."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from promptune.errors import UserError
from promptune.tasks.tables import read_table

MEGABYTE = bytes(2**20)

# Reads the file it is given and says what came of it, and how much memory more than before it took, in MB.
READ = """
import resource, sys
from pathlib import Path
from promptune.errors import UserError
from promptune.tasks.tables import read_table
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    table = read_table(Path(sys.argv[1]))
    said = f"{len(table.rows)} rows, {len(table.bad)} bad"
except UserError as error:
    said = str(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
print(said)
"""


def read_apart(path: Path) -> tuple[int, int, str]:
    """Megabytes the read took here, and in its own child, and what was said."""
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, timeout=120, env={"PYTHONPATH": os.pathsep.join(sys.path)})
    assert done.returncode == 0, done.stderr
    here, child, said = done.stdout.split("\n", 2)
    return int(here), int(child), said


def gigabyte_zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("table.csv", "w") as member:
        for _ in range(1_024):
            member.write(MEGABYTE)


def gigabyte_gzipped(path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(1_024):
            file.write(MEGABYTE)


@pytest.mark.parametrize(("make", "words"), [(gigabyte_gzipped, "gzip archive"), (gigabyte_zipped, "zip archive")])
def test_a_bomb_is_refused_unopened(tmp_path: Path, make: object, words: str) -> None:
    path = tmp_path / "table.csv"
    make(path)  # type: ignore[operator]
    here, _, said = read_apart(path)
    assert here < 16 and words in said and "Unpack it" in said


def tarred() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("table.csv"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (bz2.compress(b"a,b\n1,2\n"), "bzip2 archive"),
        (bz2.compress(b""), "bzip2 archive"),
        (lzma.compress(b"a,b\n1,2\n"), "xz archive"),
        (lzma.compress(b"a,b\n1,2\n", format=lzma.FORMAT_ALONE), "lzma archive"),
        (b"\x28\xb5\x2f\xfd\x04\x00", "zstd archive"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "7z archive"),
        (b"Rar!\x1a\x07\x01\x00", "rar archive"),
        (tarred(), "tar archive"),
        (pickle.dumps([{"a": 1}]), "pickle"),
        (pickle.dumps([{"a": 1}], protocol=2), "pickle"),
        (b"\x7fELF\x02\x01\x01", "program"),
        (b"MZ\x90\x00\x03\x00", "program"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "image"),
        (b"\xff\xd8\xff\xe0", "image"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
        (b"PARE" + bytes(100), "encrypted"),
        (os.urandom(5_000) + b"\xff\x01\x02\x81", "not a text"),
        (bytes(5_000), "not a text"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(UserError, match=words) as caught:
        read_table(tmp_path / "table.csv")
    assert caught.value.todo


def test_a_workbook_is_named_as_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "table.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "")
    with pytest.raises(UserError, match="workbook"):
        read_table(tmp_path / "table.xlsx")


def test_only_plain_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    (tmp_path / "big.csv").touch()
    os.truncate(tmp_path / "big.csv", 2**40)  # holes: a terabyte that takes no room
    paths = {
        tmp_path / "pipe.csv": "pipe",
        Path("/dev/zero"): "device",
        tmp_path: "folder",
        tmp_path / "loop.csv": "cannot be read",
        tmp_path / "none.csv": "no such file",
        tmp_path / "a\0b.csv": "cannot be read",
        tmp_path / ("x" * 300): "cannot be read",
        tmp_path / "big.csv": "MB",
    }
    for path, words in paths.items():
        with pytest.raises(UserError, match=words) as caught:
            read_table(path)
        assert caught.value.todo and "Traceback" not in str(caught.value)


def test_many_texts_from_one_in_parquet_never_unfold(tmp_path: Path) -> None:
    """One text of a megabyte, a million times: one page holds it, unfolded it would be a terabyte."""
    for length, words in ((2**20, "1000 bad"), (400_000, "unpacks to more")):
        rows = pa.DictionaryArray.from_arrays(pa.repeat(0, 900_000).cast(pa.int32()), ["x" * length])
        pq.write_table(pa.table({"a": rows}), tmp_path / "table.parquet")
        assert (tmp_path / "table.parquet").stat().st_size < 2**21
        here, child, said = read_apart(tmp_path / "table.parquet")
        assert words in said and here < 1_200 and child < 1_200


def test_a_row_too_large_for_its_reader_ends_the_reader_not_us(tmp_path: Path) -> None:
    """A list of five million references to one text."""
    texts = pa.DictionaryArray.from_arrays(pa.repeat(0, 5_000_000).cast(pa.int32()), ["x" * 400_000])
    pq.write_table(pa.table({"a": pa.ListArray.from_arrays(pa.array([0, 5_000_000], pa.int32()), texts)}), tmp_path / "table.parquet")
    here, _, said = read_apart(tmp_path / "table.parquet")
    assert "too large" in said and here < 64


def test_parquet_that_says_it_is_huge_is_not_opened(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": pa.array([bytes(257 * 2**20)])}), tmp_path / "cell.parquet", compression="zstd", use_dictionary=False)
    here, child, said = read_apart(tmp_path / "cell.parquet")
    assert "unpacks to 257 MB" in said and here < 64 and child < 300
    pq.write_table(pa.table({"a": pa.repeat(1, 1_000_001)}), tmp_path / "rows.parquet")
    with pytest.raises(UserError, match="1,000,001 rows"):
        read_table(tmp_path / "rows.parquet")


@pytest.mark.parametrize(
    "line",
    ['a","c\n', '"a\n', '"a""\n', 'x,"\n', '"",""\n', '""""\n', "\n", "\r", "[", '{"a":', "a,b\n", '"' * 50 + "\n", "{'a': [[],", "1", "1,"],
)
def test_no_short_pattern_makes_reading_endless(tmp_path: Path, line: str) -> None:
    """If any of it were quadratic, it would not end before the whole test run is ended."""
    (tmp_path / "table.csv").write_text(line * (600_000 // len(line)), encoding="utf-8", newline="")
    try:
        table = read_table(tmp_path / "table.csv")
        said = f"{len(table.rows) + len(table.bad)} rows"
    except UserError as error:
        said = str(error)
    assert "rows" in said or "columns" in said
