"""A server on this machine answers this machine: not another site's page, and not a name that was rebound to it."""

from __future__ import annotations

from collections.abc import Coroutine

import pytest

from promptune.web.guard import Guard, Message, Send, allowed


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "localhost", "[::1]:7860", "localhost:9000"])
def test_our_own_names_are_answered_at_any_port(host: str) -> None:
    """A tunnel shows the server at another port; its name stays ours."""
    assert allowed(host, None)
    assert allowed(host, f"http://{host}")


@pytest.mark.parametrize(
    "host", [None, "", "evil.example", "evil.example:7860", "127.0.0.1.evil.example", "localhost.evil.example", "[", "?", "evil@127.0.0.1x"]
)
def test_a_foreign_host_is_refused(host: str | None) -> None:
    """DNS rebinding: the browser believes it talks to evil.example, and would let its page read the answer."""
    assert not allowed(host, None)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:3000", "https://127.0.0.1.evil.example:7860", "file://127.0.0.1:7860", ""])
def test_a_foreign_origin_is_refused(origin: str) -> None:
    """Another site's page, or another program's page on this machine, must not press our buttons."""
    assert not allowed("127.0.0.1:7860", origin)


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_header_given_twice_is_foreign(kind: str) -> None:
    """Which of the two a proxy or a framework believes is anyone's guess."""
    sent = _answer({"type": kind, "path": "/", "headers": [(b"host", b"localhost"), (b"host", b"evil.example")]})
    assert sent.get("status", sent.get("code")) in (403, 1008)


@pytest.mark.parametrize(
    ("site", "mode", "path", "status"),
    [
        ("cross-site", "no-cors", "/config", 403),
        ("same-site", "no-cors", "/download/models/tiny.zip", 403),
        ("cross-site", "navigate", "/download/models/tiny.zip", 403),
        ("cross-site", "navigate", "/", 200),
        ("same-origin", "cors", "/config", 200),
        ("none", "navigate", "/", 200),
    ],
)
def test_another_sites_page_may_link_to_ours_and_no_more(site: str, mode: str, path: str, status: int) -> None:
    """An <img> or a script tag sends no Origin; the browser still says where it comes from."""
    headers = [(b"host", b"localhost"), (b"sec-fetch-site", site.encode()), (b"sec-fetch-mode", mode.encode())]
    assert _answer({"type": "http", "path": path, "headers": headers})["status"] == status


@pytest.mark.parametrize("loopback", [True, False])
@pytest.mark.parametrize("host", [b"localhost", b"evil.example"])
def test_every_answer_says_how_a_browser_may_use_it(loopback: bool, host: bytes) -> None:
    """In a foreign frame a person's clicks are another page's; a Space is framed by its own site."""
    sent = dict(_answer({"type": "http", "path": "/", "headers": [(b"host", host)]}, loopback=loopback)["headers"])
    assert sent[b"referrer-policy"] == b"no-referrer"
    assert sent[b"x-content-type-options"] == b"nosniff"
    assert (sent.get(b"x-frame-options") == b"DENY") == loopback
    assert (b"frame-ancestors 'none'" in sent.get(b"content-security-policy", b"")) == loopback


@pytest.mark.parametrize("route", ["upload", "deep_link", "run/ask", "call/ask", "info", "openapi.json", "proxy=http://evil.example", "file=/etc/passwd"])
def test_what_the_page_does_not_use_is_not_there(route: str) -> None:
    scope: Message = {"type": "http", "path": f"/gradio_api/{route}", "headers": [(b"host", b"localhost")]}
    assert _answer(scope)["status"] == _answer(scope, loopback=False)["status"] == 404


@pytest.mark.parametrize("route", ["queue/join", "heartbeat/abc", "app_id"])
def test_what_the_page_lives_on_is_there(route: str) -> None:
    """Without `app_id` a page whose server was started anew waits for it for ever."""
    assert _answer({"type": "http", "path": f"/gradio_api/{route}", "headers": [(b"host", b"localhost")]})["status"] == 200


def _answer(scope: Message, *, loopback: bool = True) -> Message:
    """The first message of the answer; the app behind the guard says 200 to everything."""
    sent: list[Message] = []

    async def app(scope: Message, receive: object, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Message:
        return {}

    async def send(message: Message) -> None:
        sent.append(message)

    _run(Guard(app, loopback=loopback)(scope, receive, send))
    return sent[0]


def _run(coroutine: Coroutine[None, None, None]) -> None:
    """Nothing here waits, so no event loop is needed (the browser tests run one in this thread)."""
    with pytest.raises(StopIteration):
        coroutine.send(None)
