"""Who asks, and whether this server answers them at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

LOCAL = "local"  # the one owner of local mode
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Of gradio's own routes, below /gradio_api/. By the last one a page that lost the server finds it again, and loads itself anew.
USED = ("run/predict", "queue/join", "queue/data", "cancel", "reset", "startup-events", "app_id")

ALWAYS = [(b"referrer-policy", b"no-referrer"), (b"x-content-type-options", b"nosniff")]
UNFRAMED = [(b"x-frame-options", b"DENY"), (b"content-security-policy", b"frame-ancestors 'none'")]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class HasHeaders(Protocol):
    @property
    def headers(self) -> Any: ...


@dataclass(frozen=True)
class Visitor:
    """An owner, and which of their open pages. Nothing is read or written by `page`: it only says whose Stop is meant."""

    owner: str
    page: str = ""


def owner_of(request: HasHeaders | None) -> str:
    return LOCAL


def visitor_of(request: Any) -> Visitor:
    return Visitor(owner_of(request), str(getattr(request, "session_hash", "") or ""))


class Guard:
    """Stands before everything. A server on this machine (`loopback`) answers this machine's own names and its own pages only.

    A foreign Host is DNS rebinding; a foreign Origin, or a fetch from another site, is another page using the reader's browser,
    and a frame is how such a page has its buttons pressed for it. None of them is a person using Promptune. (A Space is framed.)
    """

    def __init__(self, app: App, *, loopback: bool) -> None:
        self.app, self.loopback = app, loopback
        self.headers = [*ALWAYS, *UNFRAMED] if loopback else ALWAYS

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self.headers]
            await send(message)

        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
        elif self.loopback and not (allowed(_header(scope, b"host"), _header(scope, b"origin")) and _from_here(scope)):
            await _refuse(scope, with_headers, 403, "Promptune answers this machine only: open it as http://127.0.0.1 or http://localhost.")
        elif unused(scope.get("path", "")):
            await _refuse(scope, with_headers, 404, "There is nothing here.")
        else:
            await self.app(scope, receive, with_headers)


def allowed(host: str | None, origin: str | None) -> bool:
    """Any port: a tunnel may show this server at another one. An origin, where there is one, is the page's own."""
    if host is None or _name(f"//{host}") not in LOOPBACK:
        return False
    return origin is None or (origin.startswith(("http://", "https://")) and urlsplit(origin).netloc == host)


def unused(path: str) -> bool:
    """Gradio also uploads, proxies, calls by name and describes itself; our page does none of it."""
    _, api, route = path.partition("/gradio_api/")
    return bool(api) and not (route in USED or route.startswith("heartbeat/"))


def _from_here(scope: Message) -> bool:
    """Browsers say whose page asks. From elsewhere one may open the page, and nothing else."""
    site, mode = _header(scope, b"sec-fetch-site"), _header(scope, b"sec-fetch-mode")
    return site in (None, "same-origin", "none") or (mode == "navigate" and scope.get("path") == "/")


async def _refuse(scope: Message, send: Send, status: int, words: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain; charset=utf-8")]})
    await send({"type": "http.response.body", "body": words.encode()})


def is_loopback(host: str) -> bool:
    return host.strip("[]") in LOOPBACK


def _name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _header(scope: Message, name: bytes) -> str | None:
    """The header's value; one that is given twice is as good as foreign."""
    values = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return None if not values else values[0] if len(values) == 1 else "?"
