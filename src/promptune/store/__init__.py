"""What is remembered: one SQLite file for the rows, and folders with manifests for what is large."""

from __future__ import annotations

from pathlib import Path

from promptune.store import slugs
from promptune.store.comparisons import ComparisonRecord, Comparisons
from promptune.store.database import Database
from promptune.store.disk import naming_full_disk
from promptune.store.jobs import Jobs
from promptune.store.kept import Kept, KeptRecord
from promptune.store.locks import Lock
from promptune.store.models import ModelRecord, Models

__all__ = ["ComparisonRecord", "KeptRecord", "Lock", "ModelRecord", "Store", "naming_full_disk"]


class Store:
    """The data folder. Many threads and processes may each have one on the same folder."""

    def __init__(self, home: Path) -> None:
        self._database = Database(home / "promptune.db")
        self.models = Models(self._database)
        self.comparisons = Comparisons(self._database)
        self.jobs = Jobs(self._database, home / "jobs")
        self.job_folder = self.jobs.folder
        self.tasks = Kept(self._database, "task")
        self.runs = Kept(self._database, "run")  # each bears the id of its job, whose folder holds its weights
        self.prompts = Kept(self._database, "prompt")  # saved prompts: instruct:NAME, custom:NAME
        self.passages = Kept(self._database, "passages")  # attached texts: retrieve:3,from=NAME

    def claim_slug(self, owner: str, kind: str, wanted: str, *, thing: str = "", exact: bool = False) -> str:
        """`wanted`, else wanted-2, -3 …; never one that was claimed before. `thing` is the id of what bears it."""
        with self._database.write() as connection:
            return slugs.claim(connection, owner, kind, wanted, thing=thing, exact=exact)

    def slug_was(self, owner: str, kind: str, slug: str) -> bool:
        """Whether something has this name or once had it."""
        with self._database.read() as connection:
            return slugs.was(connection, owner, kind, slug)

    def close(self) -> None:
        """Nothing is held between calls, so that an answer that ends during a shutdown is still kept."""
