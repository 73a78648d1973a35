"""Fetching models and datasets from a hub, against a small one on this machine: what arrives is whole, and each failure has its own words."""

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
from urllib.parse import unquote

import pytest

from promptune import children
from promptune import hub as fetching
from promptune.errors import UserError
from promptune.models import BUNDLED_FOLDER

COMMIT = "c" * 40
CARD = "---\nconfigs:\n" + "".join(f"- config_name: {name}\n  data_files: {name}/*\n" for name in ("en", "de")) + "---\n"
ROWS = b"text,label\n" + b"a good film,1\n" * 500
DATASETS: dict[str, dict[str, bytes]] = {
    "films": {"data/train.csv": ROWS, "data/test.csv": ROWS[:200], "films.py": b"evil()", "README.md": b"# Films"},
    "tongues": {"en/a.jsonl": b'{"text": "one"}\n', "de/a.jsonl": b'{"text": "eins"}\n', "README.md": CARD.encode()},
    "scripted": {"scripted.py": b"evil()"},
    "nothing": {"model.bin": b"evil"},
    "broken": {"train.csv": ROWS},
    "huge": {"train.csv": b"", "test.csv": b""},
    "long": {"train.csv": b""},
}
CONVERTED = {"scripted": {"plain/train/0000.parquet": b"PAR1", "plain/test/0000.parquet": b"PAR1"}}
SIZES = {"huge": 600 * 2**20, "long": 300 * 2**20}  # bytes of each file, as the hub says


class Hub(BaseHTTPRequestHandler):
    """org/small is a whole model, org/broken ends in the middle, org/gated asks for access, DATASETS are there as well, all else is unknown."""

    folder: Path

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        name = next((name for name in ("small", "broken", "gated") if f"/org/{name}" in path), "")
        if name == "gated":
            self.answer(403, b"{}", {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted"})
        elif "/datasets/" in path:
            self.dataset(unquote(path))
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
            self.file((self.folder / path.rsplit("/", 1)[1]).read_bytes(), cut=name == "broken" and path.endswith(".safetensors"))

    def dataset(self, path: str) -> None:
        name = path.partition("/org/")[2].partition("/")[0]
        files = CONVERTED.get(name) if "refs/convert/parquet" in path or "d" * 40 in path else DATASETS.get(name)
        if files is None:
            self.answer(404, b"{}", {"X-Error-Code": "RevisionNotFound" if name in DATASETS else "RepoNotFound"})
        elif path.startswith("/api/"):
            told = [{"rfilename": file, "size": SIZES.get(name, len(content))} for file, content in files.items()]
            commit = "d" * 40 if files is CONVERTED.get(name) else COMMIT
            info = {"id": f"org/{name}", "sha": commit, "siblings": told, "private": False, "tags": [], "downloads": 0}
            self.answer(200, json.dumps(info).encode(), {"Content-Type": "application/json"})
        else:
            self.file(next(content for file, content in files.items() if path.endswith(f"/{file}")), cut=name == "broken")

    def file(self, content: bytes, *, cut: bool) -> None:
        etag = hashlib.sha256(content).hexdigest()
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
def hub() -> Iterator[str]:
    handler = type("Here", (Hub,), {"folder": BUNDLED_FOLDER})
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


# ---- datasets ----


@pytest.fixture
def near(hub: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where datasets go, with the small hub as the hub."""
    for name, value in {"HF_ENDPOINT": hub, "HF_HUB_OFFLINE": "0", "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DOWNLOAD_TIMEOUT": "5"}.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "datasets" / "one"


def dataset(hub_id: str, place: Path, config: str | None = None, *, offline: bool = False) -> tuple[fetching.Dataset, list[fetching.Fetched]]:
    news = fetching.fetch_dataset(hub_id, config, place, offline=offline)
    told = []
    while True:
        try:
            told.append(next(news))
        except StopIteration as end:
            return end.value, told


def left(place: Path) -> list[str]:
    return os.listdir(place.parent) if place.parent.is_dir() else []


def test_of_a_dataset_only_the_tables_arrive_named_by_their_splits(near: Path) -> None:
    found, news = dataset("org/films", near)
    assert found == fetching.Dataset(near / "films", ())
    assert {path.name: path.read_bytes() for path in found.folder.iterdir()} == {"train-00.csv": ROWS, "test-00.csv": ROWS[:200]}
    assert sorted(os.listdir(near)) == ["films", "manifest.json"] and left(near) == ["one"]
    assert news[0] == fetching.Fetched(0, 0) and {step.total for step in news[1:]} <= {len(ROWS) + 200}


def test_a_subset_is_chosen_by_its_name(near: Path) -> None:
    with pytest.raises(UserError, match=r"dataset: 'org/tongues': it has several subsets: de, en\."):
        dataset("org/tongues", near)
    found, _ = dataset("org/tongues", near, "de")
    assert (found.folder / "rows-00.jsonl").read_bytes() == DATASETS["tongues"]["de/a.jsonl"]


def test_what_a_script_would_make_is_taken_from_the_copy_the_hub_keeps(near: Path) -> None:
    found, _ = dataset("org/scripted", near)
    assert sorted(os.listdir(found.folder)) == ["test-00.parquet", "train-00.parquet"]


FAILURES = [
    ("org/gated", "is gated"),
    ("org/unknown", "knows no dataset"),
    ("org/broken", "could not be fetched"),
    ("org/nothing", "holds no table"),
    ("org/huge", r"its tables are 1\.2 GB, and Promptune fetches up to 1\.0 GB"),
    ("org/long", r"its file train\.csv is 300 MB, and Promptune reads up to 256 MB"),
]


@pytest.mark.parametrize(("hub_id", "words"), FAILURES)
def test_each_failure_of_a_dataset_has_its_own_words_and_leaves_nothing_behind(near: Path, hub_id: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        dataset(hub_id, near)
    assert left(near) == []


def test_offline_and_without_a_network_are_told_apart(near: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="set to work offline"):
        dataset("org/films", near, offline=True)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(UserError, match=r"could not be fetched .* Check the network"):
        dataset("org/films", near)
    assert left(near) == []


def test_fetching_can_be_stopped(near: Path) -> None:
    news = fetching.fetch_dataset("org/films", None, near, offline=False)
    next(news)
    assert len(left(near)) == 1
    news.close()
    assert left(near) == []
