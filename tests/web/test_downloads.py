"""A conversation is downloaded by whoever it belongs to, in the forms there are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from promptune.lab import Lab
from promptune.settings import Settings
from promptune.web import downloads


@pytest.fixture
def lab(settings: Settings) -> Iterator[Lab]:
    lab = Lab(settings)
    yield lab
    lab.close()


def test_a_talk_is_downloaded_and_a_foreign_one_is_not_there(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    app = FastAPI()
    app.include_router(downloads.routes(lab))
    asking = lab.talks.ask("ada", "Größe 🦜", ["tiny/zero-shot"])
    list(asking.frames())
    monkeypatch.setattr(downloads, "owner_of", lambda request: "ada")
    with TestClient(app) as client:
        for form, kind in (("md", "text/markdown"), ("json", "application/json")):
            answer = client.get(f"/download/talks/{asking.talk}.{form}")
            assert answer.status_code == 200 and answer.headers["content-type"].startswith(kind) and "Größe 🦜" in answer.text
            assert answer.headers["content-disposition"].startswith("attachment") and answer.headers["cache-control"] == "no-store"
        assert client.get(f"/download/talks/{asking.talk}.csv").status_code == 404
        monkeypatch.setattr(downloads, "owner_of", lambda request: "bob")
        foreign, missing = (client.get(f"/download/talks/{id}.md") for id in (asking.talk, "never-was"))
        assert foreign.status_code == missing.status_code == 404 and foreign.text.replace(asking.talk, "never-was") == missing.text
