"""Numbers as people read them."""

from __future__ import annotations

import time

NBSP = "\N{NO-BREAK SPACE}"  # between a figure and its unit


def seconds(value: float) -> str:
    if value < 10:
        return f"{value:.2f}{NBSP}s"
    if value < 60:
        return f"{value:.0f}{NBSP}s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes}{NBSP}min {rest}{NBSP}s" if minutes < 60 else f"{minutes // 60}{NBSP}h {minutes % 60}{NBSP}min"


def size(count: int) -> str:
    """Bytes as people read them."""
    value, units = float(count), ["bytes", "kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.0f}{NBSP}{units[0]}" if units[0] == "bytes" or value >= 100 else f"{value:.1f}{NBSP}{units[0]}"


def date(at: float) -> str:
    return time.strftime("%-d %b %Y, %H:%M", time.localtime(at))


def clip(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
