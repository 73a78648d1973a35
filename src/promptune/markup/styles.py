"""The style sheets of what is drawn here, for the page and for the report."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
DARK = re.compile(r"^\.dark \{(.*?)\}", re.MULTILINE | re.DOTALL)


def tokens() -> str:
    return (HERE / "tokens.css").read_text(encoding="utf-8")


def score() -> str:
    return (HERE / "score.css").read_text(encoding="utf-8")


def report() -> str:
    """Dark where the system is: without a script no class can say so. Paper is light."""
    own = (HERE / "report.css").read_text(encoding="utf-8")
    return DARK.sub(r"@media screen and (prefers-color-scheme: dark) { :root {\1} }", tokens()) + score() + own
