"""Opening a file that a stranger names or sends: only plain files of a sane size, and nothing that merely holds a table inside."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from promptune.errors import UserError
from promptune.tasks.tables.table import MAX_BYTES

HEAD = 512  # bytes that tell what a file is

UNPACK = "Unpack it and bring the file that is inside."
SAVE_AS = "Save its table as CSV, JSON Lines or Parquet and bring that."
TABLES = "Bring a table: CSV, TSV, JSON, JSON Lines or Parquet."

# What a file begins with, what it is, and what to do about it. The first that fits is taken.
REFUSED: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "a gzip archive", UNPACK),
    (b"\x1f\x9d", "a compress archive", UNPACK),
    (b"PK\x03\x04", "a zip archive", UNPACK),
    (b"PK\x05\x06", "a zip archive", UNPACK),
    (b"PK\x07\x08", "a zip archive", UNPACK),
    (b"\xfd7zXZ\x00", "an xz archive", UNPACK),
    (b"]\x00\x00", "an lzma archive", UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", UNPACK),
    (b"\x04\x22\x4d\x18", "an lz4 archive", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"Rar!\x1a\x07", "a rar archive", UNPACK),
    (b"PARE", "an encrypted Parquet file", "Save it without encryption."),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office file", SAVE_AS),
    (b"SQLite format 3\x00", "a SQLite database", SAVE_AS),
    (b"ARROW1\x00\x00", "an Arrow file", SAVE_AS),
    (b"FEA1", "a Feather file", SAVE_AS),
    (b"Obj\x01", "an Avro file", SAVE_AS),
    (b"\x93NUMPY", "a NumPy file", SAVE_AS),
    (b"\x89HDF\r\n", "an HDF5 file", SAVE_AS),
    (b"\x7fELF", "a program", TABLES),
    (b"\xcf\xfa\xed\xfe", "a program", TABLES),
    (b"\xca\xfe\xba\xbe", "a program", TABLES),
    (b"%PDF-", "a PDF", TABLES),
    (b"\x89PNG\r\n", "an image", TABLES),
    (b"\xff\xd8\xff", "an image", TABLES),
    (b"GIF87a", "an image", TABLES),
    (b"GIF89a", "an image", TABLES),
    (b"II*\x00", "an image", TABLES),
    (b"MM\x00*", "an image", TABLES),
    (b"version https://git-lfs.github.com/", "only a pointer to a file in Git LFS", "Fetch the file itself: git lfs pull."),
)
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".ods")
PAGES = (b"<!doctype html", b"<html", b"<?xml")


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Never blocks: a pipe that nobody writes to opens at once, and is then refused with everything else that is no plain file."""
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise UserError("there is no such file.", todo="Check its name.") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UserError(f"it cannot be read ({getattr(error, 'strerror', None) or error}).", todo="Check its name and who may read it.") from error
    with os.fdopen(number, "rb", closefd=True) if stat.S_ISREG(os.fstat(number).st_mode) else _refused(number) as file:
        size = os.fstat(number).st_size
        if size == 0:
            raise UserError("the file is empty.", todo="Bring one with rows.")
        if size > MAX_BYTES:
            raise UserError(f"the file has {size / 2**20:,.0f} MB, and {MAX_BYTES / 2**20:,.0f} is the most that is read.", todo="Bring a part of it.")
        yield file


def _refused(number: int) -> BinaryIO:
    folder = stat.S_ISDIR(os.fstat(number).st_mode)
    os.close(number)
    raise UserError("this is a folder, not a file." if folder else "this is a device or a pipe, not a plain file.", todo=TABLES)


@contextmanager
def about(path: Path) -> Iterator[None]:
    """Everything that is wrong inside is wrong with this file: its name is told, not where it lies."""
    try:
        yield
    except UserError as error:
        raise UserError(error.what, where=path.name, todo=error.todo) from error


def contents(file: BinaryIO, suffix: str) -> bytes:
    """All of a text file's bytes."""
    head = file.read(HEAD)
    _refuse(head, suffix)
    return head + file.read(MAX_BYTES)


def _refuse(head: bytes, suffix: str) -> None:
    """A UserError for what is no text. Nothing is ever unpacked, so nothing can grow."""
    for start, what, todo in REFUSED:
        if head.startswith(start):
            workbook = suffix.lower() in WORKBOOKS
            raise UserError(f"this is {'a workbook' if workbook else what}.", todo=SAVE_AS if workbook else todo)
    if head[:3] == b"BZh" and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        raise UserError("this is a bzip2 archive.", todo=UNPACK)
    if head[257:262] == b"ustar":
        raise UserError("this is a tar archive.", todo=UNPACK)
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        raise UserError("this is a pickle, and loading one can run any program.", todo=SAVE_AS)
    if head[:2] == b"MZ" and b"\x00" in head:
        raise UserError("this is a program.", todo=TABLES)
    if (head[:2] == b"BM" and head[6:10] == bytes(4)) or (head[:4] == b"RIFF" and head[8:12] in (b"WEBP", b"WAVE", b"AVI ")):
        raise UserError("this is an image or a sound.", todo=TABLES)
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(PAGES):
        raise UserError("this is a web page or XML.", todo="If you saved it from a site, take the link to the raw file.")
