"""What every table shares: ids that are ours, labels that are a person's, and one answer for whatever is not there."""

from __future__ import annotations

import secrets

from promptune.errors import NotFound, UserError

LONGEST_LABEL = 200  # characters


def new_id() -> str:
    return secrets.token_hex(6)


def missing(noun: str, id: str) -> NotFound:
    """The same words whether it never was, is deleted or is another owner's: an answer must not tell them apart."""
    return NotFound(f"no {noun} {id!r}.", todo="It may have been deleted: look at the list.")


def as_label(text: str) -> str:
    """One line of any characters. It is shown, and never becomes a path or a part of one."""
    label = " ".join(text.encode("utf-8", "replace").decode().replace("\0", " ").split())
    if not label:
        raise UserError("it is empty.", where="label", todo="Write a name for it.")
    return label[:LONGEST_LABEL]
