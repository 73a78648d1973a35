"""A store, and a scheduler that runs its queue with the scripted engine in real worker processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from promptune.jobs.scheduler import Scheduler
from promptune.settings import Settings
from promptune.store import Store


@pytest.fixture
def store(settings: Settings) -> Store:
    return Store(settings.home)


@pytest.fixture
def scheduler(store: Store, settings: Settings) -> Iterator[Scheduler]:
    scheduler = Scheduler(store, settings, before_start=lambda job: None)
    yield scheduler
    scheduler.close()
