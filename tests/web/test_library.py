"""The Library's lists, without a browser."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from promptune.lab import Lab
from promptune.settings import Settings
from promptune.store import Store
from promptune.web import library
from promptune.web.shelves import SHELVES, TALKS


def test_a_list_that_is_cut_says_so(settings: Settings) -> None:
    """Else somebody thinks that an older talk is lost."""
    form = cast(Any, SimpleNamespace(rows="rows", empty="empty", beside="beside"))
    visitor = cast(Any, SimpleNamespace(owner="ada"))
    store = Store(settings.home)
    with closing(Lab(settings)) as lab:
        for most, told in ((2, False), (1, True)):
            if most == 2:
                store.comparisons.save("ada", question="one", answers=[])
            changes = library.refresh(lab, replace(SHELVES[0], most=most), form, visitor, "")
            assert ("Search for words" in str(changes["empty"])) == told
    assert SHELVES[0].most == TALKS
