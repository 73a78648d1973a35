"""What the Library's three lists hold and can do: the Lab's calls, under one shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from promptune.lab import Lab
from promptune.web import present_kept
from promptune.web.present import download_links

Rows = list[tuple[str, str]]  # (a row's text, its id)


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


def _comparisons(lab: Lab, owner: str) -> Rows:
    return [(present_kept.comparison_row(record), record.id) for record in lab.comparisons(owner)]


def _comparison(lab: Lab, owner: str, id: str) -> Opened:
    record = lab.comparison(owner, id)
    links = [("Markdown", f"comparisons/{id}.md"), ("JSON", f"comparisons/{id}.json")]
    return Opened(record.label, download_links(links) + present_kept.comparison_view(record, lab.panes(record)), "Its question, answers and prompts are lost.")


def _jobs(lab: Lab, owner: str) -> Rows:
    return [(present_kept.job_row(job, lab.job_size(owner, job.id)), job.id) for job in lab.jobs(owner) if job.kind == "batch"]


def _job(lab: Lab, owner: str, id: str) -> Opened:
    job = lab.job(owner, id)
    links = [("CSV", f"jobs/{id}.csv"), ("JSON", f"jobs/{id}.json"), ("Markdown", f"jobs/{id}.md")] if job.done else []
    html = download_links(links) + present_kept.job_view(job, lab.batch_result(owner, id) if job.done else None)
    return Opened(job.label, html, "Its questions and answers are lost.")


SHELVES = (
    Shelf(
        "comparisons",
        "Comparisons",
        "Nothing kept yet. Ask something in Compare: every comparison is kept here.",
        _comparisons,
        _comparison,
        lambda lab, owner, id: lab.delete_comparison(owner, id),
        lambda lab, owner, id, label: lab.rename_comparison(owner, id, label),
    ),
    Shelf(
        "jobs",
        "Many questions",
        "No runs yet. Open “Many questions” in Compare and run a list of questions through all three.",
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
