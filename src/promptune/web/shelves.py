"""What the Library's lists hold and can do: the Lab's calls, under one shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from promptune.lab import Lab
from promptune.web import present_kept
from promptune.web.present import download_links

Rows = list[tuple[str, str]]  # (a row's text, its id)
TALKS = 200  # listed at most


@dataclass(frozen=True)
class Opened:
    """One thing, taken from its shelf."""

    label: str
    html: str
    deleting: str = ""  # what a deletion does, as a sentence; empty: it can be neither renamed nor deleted


@dataclass(frozen=True)
class Shelf:
    name: str
    title: str
    empty: str  # what to do first
    rows: Callable[[Lab, str], Rows]
    open: Callable[[Lab, str, str], Opened]
    delete: Callable[[Lab, str, str], None]
    rename: Callable[[Lab, str, str, str], None] | None = None
    search: Callable[[Lab, str, str], Rows] | None = None  # the rows in which every word stands; the page has a box for them
    most: int | None = None  # rows that are listed; with as many there may be more


DELETING_MODEL = {
    "bundled": "",
    "folder": "It leaves this list; the folder stays on the disk.",
    "hub": "Its files are deleted from this computer; they can be fetched again.",
}


def _models(lab: Lab, owner: str) -> Rows:
    return [(present_kept.model_row(model), model.slug) for model in lab.models(owner)]


def _model(lab: Lab, owner: str, slug: str) -> Opened:
    model = lab.model(owner, slug)
    links = [("zip", f"models/{slug}.zip")] if model.size else []
    return Opened(model.label, present_kept.model_view(model) + download_links(links), DELETING_MODEL[model.origin])


def _talks(lab: Lab, owner: str, search: str = "") -> Rows:
    return [(present_kept.talk_row(info), info.id) for info in lab.talks.list(owner, search, limit=TALKS)]


def _talk(lab: Lab, owner: str, id: str) -> Opened:
    talk = lab.talks.get(owner, id)
    links = [("Markdown", f"talks/{id}.md"), ("JSON", f"talks/{id}.json")]
    return Opened(talk.label, download_links(links) + present_kept.talk_view(talk), "Its questions, answers, prompts and votes are lost.")


def _jobs(lab: Lab, owner: str) -> Rows:
    return [(present_kept.job_row(job, lab.job_size(owner, job.id)), job.id) for job in lab.jobs(owner) if job.kind == "batch"]


def _job(lab: Lab, owner: str, id: str) -> Opened:
    job = lab.job(owner, id)
    links = [("CSV", f"jobs/{id}.csv"), ("JSON", f"jobs/{id}.json"), ("Markdown", f"jobs/{id}.md")] if job.done else []
    html = download_links(links) + present_kept.job_view(job, lab.batch_result(owner, id) if job.done else None)
    return Opened(job.label, html, "Its questions and answers are lost.")


SHELVES = (
    Shelf(
        "talks",
        "Conversations",
        "Nothing kept yet. Ask something in Compare: every conversation is kept here.",
        _talks,
        _talk,
        lambda lab, owner, id: lab.talks.delete(owner, id),
        lambda lab, owner, id, label: lab.talks.rename(owner, id, label),
        _talks,
        TALKS,
    ),
    Shelf(
        "jobs",
        "Many questions",
        "No runs yet. Open “Many questions” in Compare and run a list of questions through every pane.",
        _jobs,
        _job,
        lambda lab, owner, id: lab.delete_job(owner, id),
        lambda lab, owner, id, label: lab.rename_job(owner, id, label),
    ),
    Shelf(
        "models",
        "Models",
        "No models.",
        _models,
        _model,
        lambda lab, owner, slug: lab.delete_model(owner, slug),
        lambda lab, owner, slug, label: lab.rename_model(owner, slug, label),
    ),
)
