"""Serves the page with uvicorn, and says so once it answers."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from typing import Any

import gradio as gr
import uvicorn
from fastapi import FastAPI
from fastapi.responses import Response

from promptune.lab import Lab
from promptune.web import downloads, page, uploading
from promptune.web.guard import Guard, is_loopback
from promptune.web.listen import address

PATIENCE = 2  # seconds that open streams get when the server is told to end


class Announcing(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, address: str) -> None:
        super().__init__(config)
        self.address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(f"Promptune is at {self.address}\n")
            sys.stdout.flush()


def application(demo: gr.Blocks, lab: Lab) -> FastAPI:
    settings = lab.settings
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(downloads.routes(lab))
    app.include_router(uploading.routes(lab))
    app.add_api_route("/alive", lambda: Response(status_code=204), include_in_schema=False)  # how an open page knows that we are still here
    app.add_middleware(Guard, loopback=is_loopback(settings.host))
    gr.mount_gradio_app(
        app,
        demo,
        path="",
        server_name=settings.host,
        server_port=settings.port,
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        blocked_paths=[str(settings.home)],
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        **page.looks(),
    )
    return app


def serve(demo: gr.Blocks, lab: Lab, sock: socket.socket) -> int:
    """Until it is told to end. The exit code."""
    logging.basicConfig(level=lab.settings.log.upper(), format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    for chatty in ("httpx", "httpcore", "asyncio", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    if not is_loopback(lab.settings.host):
        logging.getLogger("promptune.web").warning("Listening on %s: everybody who reaches this server shares one library.", lab.settings.host)
    signal.signal(signal.SIGTERM, _end)  # uvicorn hands the signal back when it has ended; then ours closes the lab
    try:
        config = uvicorn.Config(application(demo, lab), log_level="warning", timeout_graceful_shutdown=PATIENCE, access_log=False)
        Announcing(config, address(lab.settings)).run(sockets=[sock])
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        lab.close()
    return 0


def _end(*_: Any) -> None:
    raise SystemExit(0)
