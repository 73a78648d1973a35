"""The upload route behind its guard: streamed, limited, for its owner, and nobody else's page may use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from promptune import uploads
from promptune.errors import NotFound
from promptune.lab import Lab
from promptune.settings import Settings
from promptune.web import downloads, uploading
from promptune.web.guard import LOCAL, Guard

HOST = {"host": "127.0.0.1:7860"}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(Settings(home=tmp_path / "data", engine="scripted"))
    yield lab
    lab.close()


@pytest.fixture
def client(lab: Lab) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(uploading.routes(lab))
    app.include_router(downloads.routes(lab))
    app.add_middleware(Guard, loopback=True)
    with TestClient(app, headers=HOST) as client:
        yield client


def kept(lab: Lab) -> list[Path]:
    return list((lab.settings.home / "uploads").glob("*/*"))


def test_a_file_arrives_as_it_is(lab: Lab, client: TestClient) -> None:
    """Byte for byte, whatever it is called."""
    body = bytes(range(256)) * 5_000
    answer = client.post("/upload", params={"name": "../Größe 🦜.csv"}, content=(body[i : i + 70_000] for i in range(0, len(body), 70_000)))
    assert answer.status_code == 200
    assert lab.uploads.path(LOCAL, answer.json()["id"]).read_bytes() == body
    assert answer.json()["size"] == len(body)
    assert answer.json()["name"].endswith("Größe 🦜.csv")


def test_what_is_too_large_is_refused_in_words_and_leaves_nothing(lab: Lab, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_BYTES", 1_000)
    answer = client.post("/upload", params={"name": "a.csv"}, content=b"x" * 5_000)
    assert answer.status_code == 400
    assert "larger than" in answer.text
    assert kept(lab) == []


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://evil.example"}, {"origin": "null"}, {"host": "evil.example"}, {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}],
)
def test_another_sites_page_brings_nothing(lab: Lab, client: TestClient, headers: dict[str, str]) -> None:
    """A plain POST needs no permission from a browser: the guard is all that stands before it."""
    assert client.post("/upload", params={"name": "a.csv"}, content=b"a,b\n1,2\n", headers=headers).status_code == 403
    assert kept(lab) == []


def test_an_upload_is_its_owners(lab: Lab, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose it is comes from the guard, never from what was sent."""
    monkeypatch.setattr(uploading, "owner_of", lambda request: "ada")
    id = client.post("/upload", params={"name": "a.csv", "owner": "bob"}, content=b"a,b\n").json()["id"]
    assert lab.uploads.get("ada", id).size == 4
    with pytest.raises(NotFound):
        lab.uploads.get("bob", id)


def test_only_a_post_brings_a_file(client: TestClient) -> None:
    assert client.get("/upload").status_code == 405


def test_a_task_is_downloaded_and_a_foreign_one_is_not_there(client: TestClient) -> None:
    """The zip is what `tasks new` reads; the answer for a task of somebody else is that for none."""
    answer = client.get("/download/tasks/lecture-reviews.zip")
    assert answer.status_code == 200
    assert answer.content.startswith(b"PK")
    assert "lecture-reviews.zip" in answer.headers["content-disposition"]
    missing = client.get("/download/tasks/nobodys.zip")
    assert missing.status_code == 404
    assert "nobodys" in missing.text
