"""The front door: everything the page and the command line can do, each call for an owner. No torch, no gradio."""

from __future__ import annotations

import contextlib
import secrets
import shlex
import threading
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import psutil

from promptune import __version__, export
from promptune.compare import Asked, Comparison, Frame, Pane
from promptune.core.contender import Contender
from promptune.core.job import Job
from promptune.core.task import Example
from promptune.engines.device import Device, DeviceStatus
from promptune.engines.protocol import Weights
from promptune.errors import Busy, NotFound, Problem, Problems, UserError
from promptune.hub import Fetched
from promptune.jobs import batch
from promptune.jobs.batch import BatchResult
from promptune.jobs.scheduler import Scheduler, reconcile
from promptune.models import BUNDLED, ModelInfo, Models
from promptune.prompting import decide
from promptune.prompting.strategies import STRATEGIES, build, form
from promptune.settings import Settings
from promptune.store import Lock, Store, artefacts
from promptune.store.comparisons import ComparisonRecord

__all__ = ["BatchResult", "ComparisonRecord", "DeviceStatus", "Fetched", "Frame", "Job", "Lab", "ModelInfo", "Pane"]  # and what its calls give back

LONGEST_QUESTION = 100_000  # characters
MOST_CONTENDERS = 6
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
        self._device = Device(kind=settings.engine, device=settings.device, log=settings.home / "logs" / "device.log", first=self._first())
        self._scheduler = Scheduler(self._store, settings, before_start=self._make_room)
        if serving:
            self._device.start()
            self._scheduler.start()
        else:
            reconcile(self._store)

    def close(self) -> None:
        self._scheduler.close()
        self._device.close()
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

    # ---- one question ----

    def compare(
        self, owner: str, question: str, contenders: Sequence[str | Contender], *, keep: bool = True, poll: float = 0.08, stop: threading.Event | None = None
    ) -> Generator[Frame, None, None]:
        """Frames as the answers come, until they end or `stop` is set. What is wrong is raised here, all at once, before anything is asked."""
        asked = self._asked(owner, question, contenders)
        comparison = Comparison(self._device, asked, seconds=self.settings.answer_seconds, stop=stop or threading.Event())
        return self._frames(owner, question, comparison, keep=keep, poll=poll)

    def _frames(self, owner: str, question: str, comparison: Comparison, *, keep: bool, poll: float) -> Generator[Frame, None, None]:
        with contextlib.closing(comparison.frames(poll)) as frames:
            try:
                yield from frames
            finally:
                frames.close()
                if keep and any(pane.prompt or pane.error for pane in comparison.frame):
                    self._store.comparisons.save(owner, question=question, answers=[pane.to_dict() for pane in comparison.frame])

    def ask(self, owner: str, question: str, contenders: Sequence[str | Contender], *, keep: bool = False) -> dict[str, Any]:
        frame: Frame = ()
        for frame in self.compare(owner, question, contenders, keep=keep):  # noqa: B007  # the last one is the answer
            pass
        return {"answers": [export.answer(pane) for pane in frame]}

    def command(self, contenders: Sequence[str], question: str) -> str:
        """What to type to get the same on the command line."""
        return shlex.join(["promptune", "ask", question, *(piece for contender in contenders for piece in ("-c", contender))])

    # ---- kept comparisons ----

    def comparisons(self, owner: str) -> list[ComparisonRecord]:
        return self._store.comparisons.list(owner)

    def newest_comparison(self, owner: str) -> ComparisonRecord | None:
        return next(iter(self._store.comparisons.list(owner, limit=1)), None)

    def comparison(self, owner: str, id: str) -> ComparisonRecord:
        return self._store.comparisons.get(owner, id)

    def panes(self, record: ComparisonRecord) -> Frame:
        return tuple(map(Pane.from_dict, record.answers))

    def rename_comparison(self, owner: str, id: str, label: str) -> None:
        self._store.comparisons.rename(owner, id, label)

    def delete_comparison(self, owner: str, id: str) -> None:
        self._store.comparisons.delete(owner, id)

    def export_comparison(self, owner: str, id: str, form: str) -> str:
        record = self.comparison(owner, id)
        return export.comparison(record, self.panes(record), form)

    # ---- many questions: a job ----

    def sample_questions(self) -> list[str]:
        return batch.sample_questions()

    def start_batch(self, owner: str, questions: Sequence[str], contenders: Sequence[str | Contender], label: str = "") -> Job:
        questions = [question.strip() for question in questions if question.strip()]
        problems = [] if questions else [Problem("questions", "there is none; write one a line.")]
        if len(questions) > MOST_QUESTIONS:
            problems.append(Problem("questions", f"{len(questions)} are given, and at most {MOST_QUESTIONS} run at once."))
        problems += [Problem(f"question {i}", what) for i, question in enumerate(questions, 1) if (what := _unfit(question))]
        ready, more = self._ready(owner, contenders)
        if problems or more:
            raise Problems([*problems, *more])
        spec = batch.batch_spec(self.settings, questions, ready)
        total = len(questions) * len(ready)
        return self._store.jobs.create(
            owner, kind="batch", label=label or f"{_count(questions, 'question')}, {_count(ready, 'contender')}", spec=spec, total=total
        )

    def jobs(self, owner: str) -> list[Job]:
        return self._store.jobs.list(owner)

    def job(self, owner: str, id: str) -> Job:
        return self._store.jobs.get(owner, id)

    def cancel_job(self, owner: str, id: str) -> None:
        self._store.jobs.ask_cancel(owner, id)

    def resume_job(self, owner: str, id: str) -> None:
        self._store.jobs.resume(owner, id)

    def rename_job(self, owner: str, id: str, label: str) -> None:
        self._store.jobs.rename(owner, id, label)

    def job_size(self, owner: str, id: str) -> int:
        """Bytes on disk."""
        return artefacts.size(self._store.job_folder(self.job(owner, id).id))

    def delete_job(self, owner: str, id: str) -> None:
        self._store.jobs.delete(owner, id)

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

    # ---- inside ----

    def _asked(self, owner: str, question: str, contenders: Sequence[str | Contender]) -> list[Asked]:
        problems = [Problem("question", what)] if (what := _unfit(question)) else []
        ready, more = self._ready(owner, contenders)
        if problems or more:
            raise Problems([*problems, *more])
        example = Example(prompt=question)
        asked = []
        for contender, weights in ready:
            strategy = build(contender)
            request = decide.request(
                secrets.token_hex(8),
                weights,
                contender,
                strategy,
                strategy.render(example),
                max_tokens=self.settings.max_tokens,
                seed=secrets.randbelow(2**31),
            )
            asked.append(Asked(contender, strategy, example, request))
        return asked

    def _ready(self, owner: str, contenders: Sequence[str | Contender]) -> tuple[list[tuple[Contender, Weights]], list[Problem]]:
        """The contenders with their weights, and everything wrong with any of them."""
        ready, problems = [], []
        if not 0 < len(contenders) <= MOST_CONTENDERS:
            problems.append(Problem("contenders", f"{len(contenders)} are given; ask 1 to {MOST_CONTENDERS} at once."))
        for i, spelled in enumerate(contenders, 1):
            try:
                contender = spelled if isinstance(spelled, Contender) else Contender.parse(spelled)
                build(contender)
                if contender.run is not None:
                    raise NotFound(f"no run {contender.run!r}.", todo="Leave '+' and its run out: nothing was tuned yet.")
                ready.append((contender, self._models.weights(owner, contender.model)))
            except UserError as error:
                problems.append(Problem(f"contender {i}", str(error)))
        return ready, problems

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


def _unfit(question: str) -> str:
    """Why a question cannot be asked; empty when it can."""
    if not question.strip():
        return "it is empty; write something to ask."
    if len(question) > LONGEST_QUESTION:
        return f"it has {len(question)} characters, and at most {LONGEST_QUESTION} are read."
    if "\0" in question or any("\ud800" <= char <= "\udfff" for char in question):
        return "it holds a character that is no text (NUL or half of a pair); remove it."
    return ""


def _count(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}" + ("" if len(things) == 1 else "s")


def _taken(home: Path, holder: dict[str, Any] | None) -> Busy:
    who = f"{holder.get('address', '')} (process {holder.get('pid')})" if holder else "another server"
    return Busy(f"the data folder {home} is already served at {who}.", todo="Use that one, end it, or set PROMPTUNE_HOME to another folder.")
