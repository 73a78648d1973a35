"""The server's socket, before anything slow is imported: whoever cannot have it knows at once."""

from __future__ import annotations

import socket

from promptune.errors import Busy
from promptune.settings import Settings


def address(settings: Settings) -> str:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104  # a name to open, not a bind
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def listen(settings: Settings) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((settings.host, settings.port))
        sock.listen(128)  # bound alone is not taken: two who start at once would both believe it theirs
    except OSError as error:
        sock.close()
        raise Busy(f"{address(settings)} cannot be used: {(error.strerror or str(error)).lower()}.", todo="Set PROMPTUNE_PORT to a free port.") from None
    sock.set_inheritable(False)
    return sock
