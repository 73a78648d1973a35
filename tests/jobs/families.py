"""Jobs with children as the tests queue them."""

from __future__ import annotations

from collections.abc import Sequence

from promptune.core.job import Job
from promptune.settings import Settings
from promptune.store import Store
from promptune.store.jobs import NewJob
from tests.jobs.samples import OWNER, spec


def family(store: Store, settings: Settings, *children: Sequence[str], own: Sequence[str] = ("a last one",)) -> tuple[Job, list[Job]]:
    """A batch whose children are batches: the queue asks nothing else of a parent."""
    total = sum(map(len, children)) + len(own)
    news = [NewJob("batch", "a child", spec(settings, questions), len(questions)) for questions in children]
    return store.jobs.create_family(OWNER, NewJob("batch", "a parent", spec(settings, own), total), news)
