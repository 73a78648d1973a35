"""Fetching from a hub, against a small one on this machine: what arrives is whole, and each failure has its own words."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from promptune import children
from promptune.tiny import FOLDER, stand_in

COMMIT = "c" * 40


class Hub(BaseHTTPRequestHandler):
    """org/small is whole, org/broken ends in the middle of its weights, org/gated asks for access, all else is unknown."""

    folder: Path

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        name = next((name for name in ("small", "broken", "gated") if f"/org/{name}" in path), "")
        if name == "gated":
            self.answer(403, b"{}", {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted"})
        elif not name:
            self.answer(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif "/tree/" in path:
            names = [*os.listdir(self.folder), "evil.py", "pytorch_model.bin"]
            tree = [{"type": "file", "path": name, "size": 1, "oid": "0" * 40} for name in names]
            self.answer(200, json.dumps(tree).encode(), {"Content-Type": "application/json"})
        elif path.startswith("/api/models"):
            files = [{"rfilename": path.name} for path in sorted(self.folder.iterdir())] + [{"rfilename": "evil.py"}, {"rfilename": "pytorch_model.bin"}]
            model = {"id": f"org/{name}", "modelId": f"org/{name}", "sha": COMMIT, "siblings": files, "private": False, "tags": [], "downloads": 0}
            self.answer(200, json.dumps(model).encode(), {"Content-Type": "application/json"})
        else:
            content = (self.folder / path.rsplit("/", 1)[1]).read_bytes()
            etag = hashlib.sha256(content).hexdigest()
            cut = name == "broken" and path.endswith(".safetensors") and self.command == "GET"
            self.answer(200, content, {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT}, send=len(content) // 2 if cut else len(content))

    def answer(self, status: int, content: bytes, headers: dict[str, str], send: int = -1) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[: len(content) if send < 0 else send])
        self.close_connection = True

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("hub") / FOLDER
    stand_in.ensure(folder)
    (folder / "manifest.json").unlink()
    handler = type("Here", (Hub,), {"folder": folder})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def promptune(home: Path, endpoint: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = children.environment() | {"PROMPTUNE_HOME": str(home), "PROMPTUNE_ENGINE": "scripted", "HF_ENDPOINT": endpoint, "HF_HUB_OFFLINE": "0"}
    env |= {"HF_HOME": str(home / "hf"), "HF_HUB_DOWNLOAD_TIMEOUT": "5"}
    return subprocess.run([sys.executable, "-m", "promptune", *arguments], capture_output=True, text=True, env=env, timeout=170)


def models(home: Path) -> list[str]:
    return sorted(os.listdir(home / "models")) if (home / "models").is_dir() else []


def test_a_model_is_fetched_whole_and_without_anything_that_could_run(tmp_path: Path, hub: str) -> None:
    added = promptune(tmp_path, hub, "models", "add", "org/small", "--json")
    assert added.returncode == 0, added.stderr
    model = json.loads(added.stdout)
    assert (model["name"], model["origin"], model["usable"]) == ("small", "hub", True)
    files = os.listdir(model["folder"])
    assert "model.safetensors" in files and "manifest.json" in files and not [name for name in files if name.endswith((".py", ".bin"))]
    assert promptune(tmp_path, hub, "models", "remove", "small").returncode == 0 and models(tmp_path) == []


@pytest.mark.parametrize(
    ("source", "words"),
    [("org/gated", "is gated"), ("org/unknown", "knows no model"), ("org/broken", "could not be fetched")],
)
def test_each_failure_has_its_own_words_and_leaves_nothing_behind(tmp_path: Path, hub: str, source: str, words: str) -> None:
    done = promptune(tmp_path, hub, "models", "add", source)
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr
    assert models(tmp_path) == [] and json.loads(promptune(tmp_path, hub, "models", "--json").stdout)[1:] == []


def test_without_a_network_it_says_so_soon(tmp_path: Path) -> None:
    done = promptune(tmp_path, "http://127.0.0.1:9", "models", "add", "org/small")
    assert done.returncode == 2 and "could not be fetched" in done.stderr and "network" in done.stderr
