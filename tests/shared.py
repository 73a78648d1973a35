"""The public datasets that lie beside a developer's checkout. A test that wants one skips where there are none."""

from __future__ import annotations

from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def data(name: str) -> Path:
    """A dataset's folder, or one of its files."""
    if not (DATA / name).exists():
        pytest.skip(f"the dataset {name} is not beside this checkout")
    return DATA / name
