"""From bytes to text: the marks first, then UTF-8, then UTF-16 and UTF-32 by their zeros, then what Windows wrote in the west."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from promptune.errors import UserError
from promptune.tasks.tables.opening import TABLES, about, contents, opened

# UTF-32's mark begins with UTF-16's, so it comes first.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
NAMES = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "utf-32-le": "UTF-32 LE",
    "utf-32-be": "UTF-32 BE",
    "cp1252": "Windows-1252",
    "iso8859-1": "Latin-1",
    "ascii": "ASCII",
}
SAMPLE = 65_536  # characters that decide whether this is a text
NON_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
DAMAGED = re.compile("[\udc80-\udcff]")  # a byte that is no UTF-8, as surrogateescape keeps it
# Codecs that are no encoding of a file, some of them very slow.
ODD = {"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"}
OTHER = "Name another encoding, such as utf-8, utf-16 or windows-1252."


@dataclass(frozen=True)
class Decoded:
    text: str  # without the mark
    encoding: str  # as people know it
    size: int  # bytes
    bom: bool = False
    notes: tuple[str, ...] = ()


def decode(file: Path, encoding: str | None = None) -> Decoded:
    """A text file's text."""
    with about(file), opened(file) as stream:
        return decoded(contents(stream, file.suffix), encoding)


def decoded(data: bytes, encoding: str | None = None) -> Decoded:
    """`encoding`: what a person says it is, else it is found."""
    mark, marked = next(((mark, name) for mark, name in MARKS if data.startswith(mark)), (b"", ""))
    if encoding:
        return _as_told(data, encoding, mark, marked)
    if mark:
        return Decoded(_strict(data[len(mark) :], marked), NAMES[marked], len(data), bom=True)
    found = _wide(data) or _utf8(data) or _western(data)
    odd = len(NON_TEXT.findall(found.text, 0, SAMPLE))
    # A western encoding reads any bytes at all, so there a few control characters are enough to tell that this is no text.
    if odd > (0.01 if found.notes and not DAMAGED.search(found.text) else 0.3) * min(len(found.text), SAMPLE):
        raise UserError("this is not a text.", todo=TABLES)
    return found


def _as_told(data: bytes, encoding: str, mark: bytes, marked: str) -> Decoded:
    try:
        name = codecs.lookup(encoding).name
        "".encode(name if name not in ODD else "none")  # a LookupError also for zlib, hex and rot13
    except (LookupError, ValueError):
        raise UserError(f"there is no encoding {encoding!r}.", todo=OTHER) from None
    name = {"utf-8-sig": "utf-8"}.get(name, name)
    if mark and name not in (marked, marked[:6]):  # 'utf-16' is either of its two
        raise UserError(f"the file is not {NAMES.get(name, encoding)}: it begins with the mark of {NAMES[marked]}.", todo="Leave the encoding out.")
    if name.startswith(("utf-16", "utf-32")) and b"\0" not in data:  # not even a line could end
        raise UserError(f"the file is not {NAMES.get(name, encoding)}.", todo=OTHER)
    return Decoded(_strict(data[len(mark) :], marked or name), NAMES.get(marked or name, encoding), len(data), bom=bool(mark))


def _strict(data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(f"the file is not {NAMES.get(name, name)}: byte 0x{data[error.start]:02X} in line {line}.", todo=OTHER) from error
    except UnicodeError as error:
        raise UserError(f"the file is not {NAMES.get(name, name)} ({error}).", todo=OTHER) from error


def _wide(data: bytes) -> Decoded | None:
    """Every line of UTF-16 or UTF-32 has zeros, and no other text has many. The right reading is the one with lines and without control characters."""
    if data.count(b"\0", 0, SAMPLE) * 100 < min(len(data), SAMPLE):
        return None
    for name in WIDE:
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        start = text[:SAMPLE]
        odd = sum(unicodedata.category(letter) in ("Cc", "Cn", "Co") and letter not in "\t\n\r" for letter in start)
        if ("\n" in text or "\r" in text or "{" in start) and odd * 200 <= len(start):
            return Decoded(text, NAMES[name], len(data))
    return None


def _utf8(data: bytes) -> Decoded | None:
    """Also where a few bytes are damaged: those are kept as marks that make their rows bad, and all others are right."""
    try:
        return Decoded(data.decode(), NAMES["utf-8"], len(data))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    text = data.decode(errors="surrogateescape")
    damaged = len(DAMAGED.findall(text))
    letters = len(text) - len(text.encode("ascii", "ignore")) - damaged
    if letters <= damaged:
        return None  # UTF-8 would have written more of its letters well
    note = f"The file is UTF-8 but for {damaged} damaged byte{'s' if damaged > 1 else ''}, the first in line {line}."
    return Decoded(text, NAMES["utf-8"], len(data), notes=(note,))


def _western(data: bytes) -> Decoded:
    try:
        name, text = "cp1252", data.decode("cp1252")
    except UnicodeDecodeError:  # five bytes mean nothing there
        name, text = "iso8859-1", data.decode("latin-1")
    return Decoded(text, NAMES[name], len(data), notes=(f"The file is not UTF-8 and was read as {NAMES[name]}. Check that this is right: {_first(text)}",))


def _first(text: str) -> str:
    """The first text that depends on the encoding, for a person to look at."""
    at = next(match.start() for match in re.finditer(r"[^\x00-\x7f]", text))
    begin = max(text.rfind("\n", 0, at) + 1, at - 30)
    shown = text[begin : at + 30].splitlines()[0].strip()
    return f"“{shown}” in line {text.count(chr(10), 0, at) + 1}."
