"""Downloads: built for their owner when asked for, never from gradio's cache, which anyone with a path may read."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response, StreamingResponse
from starlette.background import BackgroundTask

from promptune.core.contender import slugify
from promptune.errors import NotFound, UserError
from promptune.lab import Lab
from promptune.web.guard import owner_of

CHUNK = 2**20  # bytes
TYPES = {"md": "text/markdown", "json": "application/json", "csv": "text/csv", "jsonl": "application/x-ndjson", "html": "text/html"}
READ = "sandbox; default-src 'none'; style-src 'unsafe-inline'"  # a report is words of models and people: it loads nothing and runs nothing


def routes(lab: Lab) -> APIRouter:
    router = APIRouter(prefix="/download", include_in_schema=False)

    @router.get("/talks/{id}.{form}")
    def talk(request: Request, id: str, form: str) -> Response:
        owner = owner_of(request)
        return _text(lambda: (lab.talks.get(owner, id).label, lab.talks.export(owner, id, form)), form)

    @router.get("/jobs/{id}.{form}")
    def job(request: Request, id: str, form: str) -> Response:
        owner = owner_of(request)
        return _text(lambda: (lab.job(owner, id).label, lab.export_job(owner, id, form)), form)

    @router.get("/scores/{id}.{form}")
    def scorecard(request: Request, id: str, form: str) -> Response:
        owner = owner_of(request)
        return _text(lambda: (lab.job(owner, id).label, lab.export_scorecard(owner, id, form)), form)

    @router.get("/reports/{id}.html")
    def report(request: Request, id: str, read: bool = False) -> Response:
        """`read`: in the browser itself, where it may do nothing but be read."""
        owner = owner_of(request)
        response = _text(lambda: (lab.job(owner, id).label, lab.report(owner, id)), "html")
        if read and response.status_code == 200:
            response.headers["Content-Disposition"] = "inline"
            response.headers["Content-Security-Policy"] = READ
        return response

    @router.get("/runs/{slug}.zip")
    def run(request: Request, slug: str) -> Response:
        owner = owner_of(request)
        return _zip(lambda: lab.runs.export(owner, slug, lab.settings.home / "exports" / f"{slugify(slug)}-{secrets.token_hex(6)}.zip"), slug)

    @router.get("/models/{slug}.zip")
    def model(request: Request, slug: str) -> Response:
        owner = owner_of(request)
        return _zip(lambda: lab.export_model(owner, slug), slug)

    @router.get("/tasks/{slug}.zip")
    def task(request: Request, slug: str) -> Response:
        owner = owner_of(request)
        return _zip(lambda: lab.tasks.export(owner, slug, lab.settings.home / "exports" / f"{slugify(slug)}-{secrets.token_hex(6)}.zip"), slug)

    return router


def _text(make: Callable[[], tuple[str, str]], form: str) -> Response:
    try:
        label, text = make()
    except UserError as error:
        return _refused(error)
    media = f"{TYPES.get(form, 'text/plain')}; charset=utf-8"
    return Response(text.encode("utf-8"), media_type=media, headers=_attachment(f"{slugify(label) or 'promptune'}.{form}"))


def _zip(make: Callable[[], Path], name: str) -> Response:
    try:
        archive = make()
    except UserError as error:
        return _refused(error)
    size, file = archive.stat().st_size, archive.open("rb")
    archive.unlink()  # open it can still be read; whatever ends the download, nothing is left
    chunks = iter(lambda: file.read(CHUNK), b"")
    headers = {"Content-Length": str(size), **_attachment(f"{name}.zip")}
    return StreamingResponse(chunks, media_type="application/zip", headers=headers, background=BackgroundTask(file.close))


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}", "Cache-Control": "no-store"}


def _refused(error: UserError) -> Response:
    return PlainTextResponse(str(error), status_code=404 if isinstance(error, NotFound) else 400)
