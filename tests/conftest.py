"""What every test stands on: an environment of its own, settings with the scripted engine, and random examples that never depend on speed."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

from promptune.settings import Settings

# A developer's own settings must not decide a test, and no test may ask a hub or send telemetry. Set before any library reads it.
for name in [name for name in os.environ if name.startswith("PROMPTUNE_") and name != "PROMPTUNE_CHROMIUM"]:
    del os.environ[name]
os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", GRADIO_ANALYTICS_ENABLED="False", OMP_NUM_THREADS="1")

hypothesis.settings.register_profile("here", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("ci", parent=hypothesis.settings.get_profile("here"), derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data folder of its own, and an engine that needs no model."""
    return Settings(home=tmp_path / "data", engine="scripted")
