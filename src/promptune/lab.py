"""The front door: everything the page and the command line can do, each call for an owner. No torch, no gradio."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import psutil

from promptune import __version__, export, export_scores, hub
from promptune.asked import Asker, Overflow, unfit
from promptune.core.arena import Leaderboard, Standing
from promptune.core.contender import Contender
from promptune.core.job import Job
from promptune.core.prompt import SentPrompt
from promptune.core.strategy import Extra
from promptune.core.task import Example
from promptune.duels import Duels, DuelView
from promptune.engines.device import Device, DeviceStatus
from promptune.engines.protocol import Chance, Weights
from promptune.errors import Busy, Problem, Problems, UserError
from promptune.fitting import Measured
from promptune.hub import Fetched
from promptune.jobs import batch
from promptune.jobs.answering import frozen_material
from promptune.jobs.batch import BatchResult
from promptune.jobs.scheduler import Scheduler, reconcile
from promptune.links import MOST_CONTENDERS, Link
from promptune.models import BUNDLED, HUB_ID, ModelInfo, Models
from promptune.pane import Frame, Pane
from promptune.prompting.budget import room
from promptune.prompting.material import Parts
from promptune.prompting.strategies import STRATEGIES, form
from promptune.ready import Contenders
from promptune.runs import RunInfo, Runs
from promptune.saved import Saved, SavedInfo
from promptune.scores import Scores
from promptune.settings import Settings
from promptune.store import Lock, Store, artefacts
from promptune.store.jobs import can_resume
from promptune.talk import Talk, Turn
from promptune.talks import POLL, Asking, TalkInfo, Talks
from promptune.taskroom import About, Picked, TaskInfo, TaskRoom
from promptune.tasks.definition import TaskFile
from promptune.tasks.describe import Lengths, lengths
from promptune.tasks.draft import Draft
from promptune.tasks.folder import TaskData
from promptune.tasks.overview import Overview
from promptune.tasks.sources import FILES
from promptune.tasks.templates import LibraryTemplate, library
from promptune.tunes import Tunes
from promptune.uploads import Upload, Uploads

# The Lab, and what its calls take and give back.
__all__ = ["About", "Asking", "BatchResult", "Chance", "DeviceStatus", "Draft", "DuelView", "Extra", "Fetched", "Frame", "Job", "Lab", "Leaderboard"]
__all__ += ["Lengths", "LibraryTemplate", "Link", "Measured", "ModelInfo", "Overview", "Pane", "Parts", "Picked", "RunInfo", "SavedInfo", "Standing"]
__all__ += ["Talk", "TalkInfo", "TaskData", "TaskFile", "TaskInfo", "Turn", "Upload"]


MEASURED_AT_ONCE = 256  # prompts
MOST_QUESTIONS = 1_000


class Lab:
    """A server's Lab (`serving`) holds the data folder's server lock and runs the queue; a command's Lab needs neither."""

    def __init__(self, settings: Settings, *, serving: bool = False, address: str = "") -> None:
        self.settings = settings
        self._store = Store(settings.home)
        self._lock = Lock(settings.home / "server.lock")
        if serving and not self._lock.acquire({"address": address}):
            raise _taken(settings.home, self._lock.holder())
        self._models = Models(settings, self._store)
        self.tasks = TaskRoom(settings, self._store)
        self.saved = Saved(self._store)
        self.uploads = Uploads(settings.home / "uploads")
        self.runs = Runs(self._store)
        self._contenders = Contenders(self._models, self.runs, self.saved)
        self.scores = Scores(settings, self._store, self.tasks, self._contenders, self.saved)
        self._device = Device(kind=settings.engine, device=settings.device, log=settings.home / "logs" / "device.log", first=self._first())
        self.tunes = Tunes(settings, self._store, self.tasks, self._models, self.runs, self.scores.probes, self._device)
        self.duels = Duels(settings, self._store, self.tasks, self.tunes, self.scores.probes, self._device)
        self.talks = Talks(settings, self._store, Asker(settings, self.tasks, self._contenders, self._device), self._device, self._models, self.runs)
        self._scheduler = Scheduler(self._store, settings, before_start=self._make_room)
        if serving:
            self._device.start()
            self._scheduler.start()
        else:
            reconcile(self._store)

    def close(self) -> None:
        self._scheduler.close()
        self._device.close()
        self.tasks.close()
        self._lock.release()
        self._store.close()

    # ---- what there is ----

    def doctor(self) -> dict[str, Any]:
        """Starts the device process to see whether it can."""
        status = self._device.wait(120)
        memory = psutil.virtual_memory()
        return {
            "version": __version__,
            "device": {"name": status.device, "state": status.state, "why": status.detail},
            "memory": {"total_mb": memory.total // 2**20, "available_mb": memory.available // 2**20, "device_mb": status.device_mb},
            "offline": self.settings.offline,
            "models": [{"name": model.slug, "usable": model.usable, "why": model.why or model.note} for model in self._models.list("local")],
        }

    def status(self) -> DeviceStatus:
        return self._device.status()

    def models(self, owner: str) -> list[ModelInfo]:
        return self._models.list(owner)

    def model(self, owner: str, slug: str) -> ModelInfo:
        return self._models.get(owner, slug)

    def add_model(self, owner: str, source: str, slug: str | None = None) -> Generator[Fetched, None, ModelInfo]:
        """News while a hub model is fetched; closing it stops that. What it gives back is the model (`yield from`, StopIteration.value)."""
        return self._models.add(owner, source, slug)

    def rename_model(self, owner: str, slug: str, label: str) -> None:
        self._store.models.rename(owner, slug, label)

    def delete_model(self, owner: str, slug: str) -> None:
        self._models.delete(owner, slug)

    def export_model(self, owner: str, slug: str) -> Path:
        """A zip in the data folder; whoever asked for it takes it away."""
        return self._models.export(owner, slug, self.settings.home / "exports" / f"{slug}-{secrets.token_hex(6)}.zip")

    def strategies(self) -> list[dict[str, str]]:
        return [{"name": name, "summary": str(STRATEGIES.get(name).summary), "form": form(name)} for name in STRATEGIES.names()]

    def templates(self) -> list[LibraryTemplate]:
        return list(library().values())

    # ---- tasks, as a model sees them ----

    def preview(self, owner: str, examples: Sequence[Example], contender: str, shots: Sequence[Example] = ()) -> list[SentPrompt]:
        """What a contender would be sent for these examples; nothing is generated."""
        ready = self._contenders.one(owner, contender, shots)
        return self._device.measure(ready.weights, [ready.strategy.render(example) for example in examples])

    def describe(self, owner: str, slug: str) -> Overview:
        """How its splits are made up, and what in them a person should know of."""
        return self.tasks.describe(owner, slug)

    def lengths(self, owner: str, slug: str, contender: str) -> Generator[Measured, None, Lengths]:
        """How long every row's prompt is for a contender, and which do not fit its window; news on the way."""
        data = self.tasks.load(owner, slug)
        ready = self._contenders.one(owner, contender, data.examples.get("train", ()))
        examples = [example for split in data.examples.values() for example in split]
        sent: list[SentPrompt] = []
        for start in range(0, len(examples), MEASURED_AT_ONCE):
            yield Measured(start, len(examples))
            sent += self._device.measure(ready.weights, [ready.strategy.render(example) for example in examples[start : start + MEASURED_AT_ONCE]])
        window = sent[0].window if sent else 0
        apart = self._device.capabilities(ready.weights).apart
        kept = room(window, ready.contender.decoding.max, self.settings.max_tokens, apart=apart)
        return lengths([prompt.tokens for prompt in sent], examples, window, kept)

    def fetch_dataset(self, owner: str, hub_id: str, config: str | None = None) -> Generator[Fetched, None, Upload]:
        """A dataset's tables from the hub, kept as an upload is; news on the way."""
        place = self.uploads.place()
        found = yield from hub.fetch_dataset(hub_id, config, place / "dataset", offline=self.settings.offline)
        return self.uploads.adopt(owner, hub_id, place, found.folder, found.notes)

    @staticmethod
    def is_hub_name(text: str) -> bool:
        """A mistyped file's name is none, though it looks like one."""
        return HUB_ID.fullmatch(text) is not None and Path(text).suffix.lower() not in FILES

    # ---- one question ----

    def compare(
        self,
        owner: str,
        question: str,
        contenders: Sequence[str | Contender],
        *,
        about: About | None = None,
        talk: str = "",
        after: int | None = None,
        overflow: Overflow = "fail",
        keep: bool = True,
        poll: float = POLL,
        stop: threading.Event | None = None,
    ) -> Generator[Frame, None, None]:
        """Frames as the answers come, until they end or `stop` is set. What is wrong is raised here, all at once, before anything is asked.

        `about`: the task that the question is asked in; `talk`: the kept conversation that it goes on with, behind `after` of its turns.
        A prompt that does not fit its window fails, or leaves out examples (`drop`).
        """
        return self.talks.ask(owner, question, contenders, about=about, talk=talk, after=after, overflow=overflow, keep=keep, poll=poll, stop=stop).frames()

    # ---- many questions: a job ----

    def sample_questions(self) -> list[str]:
        return batch.sample_questions()

    def start_batch(self, owner: str, questions: Sequence[str], contenders: Sequence[str | Contender], label: str = "") -> Job:
        questions = [question.strip() for question in questions if question.strip()]
        problems = [] if questions else [Problem("questions", "there is none; write one a line.")]
        if len(questions) > MOST_QUESTIONS:
            problems.append(Problem("questions", f"{len(questions)} are given, and at most {MOST_QUESTIONS} run at once."))
        problems += [Problem(f"question {i}", what) for i, question in enumerate(questions, 1) if (what := unfit(question))]
        ready, more = self._contenders.ready(owner, contenders, most=MOST_CONTENDERS)
        if problems or more:
            raise Problems([*problems, *more])
        spec = batch.batch_spec(self.settings, questions, [(one.contender, one.weights) for one in ready])
        material = self.saved.material(owner, [one.contender for one in ready])
        label = label or f"{_count(questions, 'question')}, {_count(ready, 'contender')}"
        return self._store.jobs.create(owner, kind="batch", label=label, spec=spec, total=len(questions) * len(ready), files=frozen_material(material))

    def jobs(self, owner: str) -> list[Job]:
        return self._store.jobs.list(owner)

    def job(self, owner: str, id: str) -> Job:
        return self._store.jobs.get(owner, id)

    def before_job(self, owner: str, id: str) -> int:
        """How many jobs wait or run before it."""
        return self._store.jobs.position(self.job(owner, id).id)

    def job_children(self, owner: str, id: str) -> list[Job]:
        """Those that a duel is made of, in the order in which they run."""
        return self._store.jobs.children(self.job(owner, id).id)

    def cancel_job(self, owner: str, id: str) -> None:
        self._store.jobs.ask_cancel(owner, id)

    def can_resume(self, owner: str, id: str) -> bool:
        return can_resume(self.job(owner, id), self.job_children(owner, id))

    def resume_job(self, owner: str, id: str) -> None:
        self._store.jobs.resume(owner, id)

    def rename_job(self, owner: str, id: str, label: str) -> None:
        self._store.jobs.rename(owner, id, label)

    def job_size(self, owner: str, id: str) -> int:
        """Bytes on disk."""
        return artefacts.size(self._store.job_folder(self.job(owner, id).id))

    def delete_job(self, owner: str, id: str) -> None:
        gone = {id, *(child.id for child in self.job_children(owner, id))}
        self._store.jobs.delete(owner, id)
        self.runs.forget(owner, gone)

    def queue_runs(self) -> bool:
        """Whether a server sees to whatever is queued. A command that waits runs its own jobs only."""
        return self._lock.holder() is not None

    def wait(self, ids: Sequence[str]) -> None:
        """For a command: runs these jobs if nobody runs the queue, until they ended."""
        self._scheduler.run_until(ids)

    def batch_result(self, owner: str, id: str) -> BatchResult:
        return batch.read_result(self.job(owner, id), self._store.job_folder(id))

    def export_job(self, owner: str, id: str, form: str) -> str:
        return export.batch(self.job(owner, id), self.batch_result(owner, id), form)

    def report(self, owner: str, id: str) -> str:
        """Of a duel, a score or a run: one HTML file that stands alone."""
        return self.duels.report(owner, id) if self.job(owner, id).kind == "duel" else self.scores.report(owner, id)

    def scorecard_command(self, owner: str, id: str) -> str:
        """What to type to get the same scorecard."""
        job = self.job(owner, id)
        return self.duels.command(job) if job.kind == "duel" else self.scores.command(owner, id)

    def export_scorecard(self, owner: str, id: str, form: str) -> str:
        """Of a duel, a score or a run's."""
        job = self.job(owner, id)
        if job.kind == "duel":
            view = self.duels.view(owner, id)
            if view.card is None:
                raise UserError("none of its contenders is finished yet.", where=f"job {id}", todo="Wait until it is further.")
            return export_scores.scorecard(view.card, id, job.label, view.rows, form)
        return export_scores.scorecard(self.scores.card(owner, id), id, job.label, self.scores.predictions(owner, id), form)

    # ---- inside ----

    def _first(self) -> Weights:
        """What the device process warms itself with; a missing default model is no reason not to start."""
        try:
            return self._models.weights("local", self.settings.default_model)
        except UserError:
            return self._models.weights("local", BUNDLED)

    def _make_room(self, job: Job) -> None:
        """A worker brings its own engine: the device process gives back what it holds and nobody uses."""
        with contextlib.suppress(UserError):
            if self.status().device not in ("CPU", "scripted", ""):
                self._device.release()


def _count(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}" + ("" if len(things) == 1 else "s")


def _taken(home: Path, holder: dict[str, Any] | None) -> Busy:
    who = f"{holder.get('address', '')} (process {holder.get('pid')})" if holder else "another server"
    return Busy(f"the data folder {home} is already served at {who}.", todo="Use that one, end it, or set PROMPTUNE_HOME to another folder.")
