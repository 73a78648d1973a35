"""The process that talks to the hub: `python -m promptune.hub_child model|dataset HUB_ID FOLDER [SUBSET]`. It ends when its standard input closes.

On standard output one JSON line with the size to come, then one with how it ended.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

from promptune.errors import UserError
from promptune.tasks import hubfiles
from promptune.tasks.hubfiles import Chosen
from promptune.tasks.tables.table import MAX_BYTES

WANTED = ("*.json", "*.safetensors", "*.model", "*.jinja", "tokenizer*.txt", "vocab.txt", "merges.txt")  # of a model
ANSWER_SECONDS = 5.0  # for the first answer; without a network the hub's own client tries for much longer
LARGEST = 2**30  # bytes of a dataset
LARGEST_CARD = 2**20  # bytes
CARD = "README.md"
CONVERTED = "refs/convert/parquet"  # where the hub keeps its own copy of a dataset, as SUBSET/SPLIT/0000.parquet


def fetch_model(hub_id: str, folder: Path) -> None:
    model = HfApi().model_info(hub_id, timeout=ANSWER_SECONDS, files_metadata=True)
    wanted = [file.size or 0 for file in model.siblings or [] if any(Path(file.rfilename).match(pattern) for pattern in WANTED)]
    _say(total=sum(wanted))
    snapshot_download(hub_id, revision=model.sha, local_dir=folder, allow_patterns=list(WANTED))
    shutil.rmtree(folder / ".cache", ignore_errors=True)  # the client's own notes
    _say(whole=True)


@dataclass(frozen=True)
class Repository:
    """A dataset at one commit."""

    hub_id: str
    commit: str | None
    sizes: dict[str, int]  # of each file in bytes

    @classmethod
    def look(cls, hub_id: str, revision: str | None = None) -> Repository:
        info = HfApi().dataset_info(hub_id, revision=revision, timeout=ANSWER_SECONDS, files_metadata=True)
        return cls(hub_id, info.sha, {file.rfilename: file.size or 0 for file in info.siblings or []})

    def download(self, path: str, folder: Path) -> Path:
        return Path(hf_hub_download(self.hub_id, path, repo_type="dataset", revision=self.commit, local_dir=folder))

    def choose(self, config: str | None, folder: Path) -> Chosen:
        card = ""
        if 0 < self.sizes.get(CARD, 0) <= LARGEST_CARD:
            card = self.download(CARD, folder).read_text(encoding="utf-8", errors="replace")
        return hubfiles.choose(list(self.sizes), card, config)


def fetch_dataset(hub_id: str, folder: Path, config: str | None = None) -> None:
    scratch, tables = folder / ".scratch", folder / Path(hub_id).name
    repository = Repository.look(hub_id)
    chosen = repository.choose(config, scratch)
    if not chosen.files:
        repository = _converted(hub_id) or repository
        chosen = repository.choose(config, scratch)
    sizes = {file.path: repository.sizes[file.path] for file in chosen.files}
    _check(sizes)
    _say(total=sum(sizes.values()))
    tables.mkdir()
    for file in chosen.files:
        repository.download(file.path, scratch).rename(tables / file.name)
    shutil.rmtree(scratch, ignore_errors=True)
    _say(whole=True, folder=tables.name, notes=chosen.notes)


def _converted(hub_id: str) -> Repository | None:
    """Datasets that a script makes hold no tables of their own."""
    try:
        return Repository.look(hub_id, CONVERTED)
    except RevisionNotFoundError:
        return None


def _check(sizes: dict[str, int]) -> None:
    """Everything that can be known before anything large is fetched."""
    if not sizes:
        raise UserError("it holds no table that could be read.", todo=f"Promptune reads {', '.join(hubfiles.FORMATS)} files.")
    if sum(sizes.values()) > LARGEST:
        todo = "Choose a smaller subset, or download a part of it and bring that."
        raise UserError(f"its tables are {_words(sum(sizes.values()))}, and Promptune fetches up to {_words(LARGEST)}.", todo=todo)
    path, size = max(sizes.items(), key=lambda item: item[1])
    if size > MAX_BYTES:
        raise UserError(f"its file {path} is {_words(size)}, and Promptune reads up to {_words(MAX_BYTES)}.", todo="Download a part of it and bring that.")


def _words(size: int) -> str:
    return f"{size / 2**30:.1f} GB" if size >= 2**30 else f"{size / 2**20:.0f} MB"


def main(kind: str, hub_id: str, folder: Path, *config: str) -> None:
    try:
        if kind == "model":
            fetch_model(hub_id, folder)
        else:
            fetch_dataset(hub_id, folder, *config)
    except UserError as error:
        _say(what=f"{hub_id!r}: {error.what}", todo=error.todo)
    except GatedRepoError:
        _say(what=f"{hub_id!r} is gated.", todo="Ask for access on its page, then set HF_TOKEN.")
    except RepositoryNotFoundError:
        _say(what=f"the hub knows no {kind} {hub_id!r}.", todo="Check its spelling, or set HF_TOKEN if it is private.")
    except HfHubHTTPError as error:
        _say(what=f"the hub refused {hub_id!r} ({_first_line(error)}).", todo="Try again later.")
    except Exception as error:  # whatever a network, a disk and the hub's client come up with
        file = "a folder" if kind == "model" else "a file"
        _say(what=f"{hub_id!r} could not be fetched ({_first_line(error)}).", todo=f"Check the network and the disk and try again, or give {file}.")


def _say(**words: object) -> None:
    print(json.dumps(words), flush=True)  # noqa: T201  # its one way to speak


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *sys.argv[4:])
