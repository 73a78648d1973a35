"""A scorecard's report, whatever the kind of its job: one HTML file that stands alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from promptune import __version__
from promptune.core.job import Job, JobState
from promptune.core.score import Scorecard
from promptune.jobs.lines import Row
from promptune.markup import report
from promptune.markup.words import date, seconds


def page(job: Job, card: Scorecard, rows: Sequence[Row], signatures: Mapping[str, str], command: str) -> str:
    """`command`: what to type to get the same."""
    notes = [] if job.state is JobState.DONE else [f"The job is {job.state}: this is what there was when the report was made."]
    return report.page(card, rows, job.label, facts(job, card), command=command, signatures=signatures, notes=notes)


def facts(job: Job, card: Scorecard) -> list[tuple[str, str]]:
    """What stands under its title."""
    took = job.ended - job.started if job.ended and job.started else None
    return [
        ("Task", f"{job.spec['title']} ({job.spec['task']})"),
        ("Models", ", ".join(dict.fromkeys(one.contender.partition("/")[0].partition("+")[0] for one in card.contenders))),
        ("Test rows", f"{card.rows:,}"),
        ("Train rows", _taught(job.spec["rows"]) if job.kind == "duel" else ""),
        ("Took", seconds(took) if took else ""),
        ("Made", date(job.ended or job.created)),
        ("Promptune", __version__),
    ]


def _taught(rows: Mapping[str, int]) -> str:
    of = f" of {rows['there']:,}" if rows["there"] > rows["train"] else ""
    return f"{rows['train']:,}{of}"
