"""The one way for a value into markup."""

from __future__ import annotations

import html


def esc(value: object) -> str:
    """Text as markup that shows exactly that text; half a surrogate pair, which no page can carry, becomes a '?'."""
    return html.escape(str(value).encode("utf-8", "replace").decode("utf-8"), quote=True)
