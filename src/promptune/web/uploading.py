"""Files that a visitor brings: the raw body of a POST, written as it comes. Gradio's own upload route, whose files anyone may read, stays closed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
from anyio import from_thread, to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.requests import ClientDisconnect

from promptune.errors import UserError
from promptune.lab import Lab
from promptune.web.guard import owner_of

AT_ONCE = 4  # uploads that are written side by side; the next one waits
STALLED = 30.0  # seconds without a byte, and an upload is over


def routes(lab: Lab) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    limiters: list[anyio.CapacityLimiter] = []  # one, made where the event loop runs

    @router.post("/upload")
    async def upload(request: Request, name: str = "file") -> Response:
        limiter = limiters[0] if limiters else anyio.CapacityLimiter(AT_ONCE)
        limiters[:] = [limiter]
        owner, body = owner_of(request), request.stream()
        try:
            received = await to_thread.run_sync(lambda: lab.uploads.receive(owner, name, _pieces(body)), limiter=limiter)
        except UserError as error:
            return PlainTextResponse(str(error), status_code=400)
        except (ClientDisconnect, TimeoutError):
            return PlainTextResponse("the upload broke off.", status_code=400)
        return JSONResponse({"id": received.id, "name": received.name, "size": received.size})

    return router


def _pieces(body: AsyncIterator[bytes]) -> Iterator[bytes]:
    """In a thread of its own: each piece is waited for in the event loop, so a file is never held whole."""
    while (piece := from_thread.run(_next, body)) is not None:
        yield piece


async def _next(body: Any) -> bytes | None:
    with anyio.fail_after(STALLED):
        return await anext(body, None)
