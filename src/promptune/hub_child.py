"""The process that talks to the hub: `python -m promptune.hub_child HUB_ID FOLDER`. It ends when its standard input closes.

On standard output one JSON line with the size to come, then one with how it ended.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from pathlib import Path

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

WANTED = ("*.json", "*.safetensors", "*.model", "*.jinja", "tokenizer*.txt", "vocab.txt", "merges.txt")
ANSWER_SECONDS = 5.0  # for the first answer; without a network the hub's own client tries for much longer


def fetch(hub_id: str, folder: Path) -> None:
    model = HfApi().model_info(hub_id, timeout=ANSWER_SECONDS, files_metadata=True)
    wanted = [file.size or 0 for file in model.siblings or [] if any(Path(file.rfilename).match(pattern) for pattern in WANTED)]
    _say(total=sum(wanted))
    snapshot_download(hub_id, revision=model.sha, local_dir=folder, allow_patterns=list(WANTED))
    shutil.rmtree(folder / ".cache", ignore_errors=True)  # the client's own notes
    _say(whole=True)


def main(hub_id: str, folder: Path) -> None:
    try:
        fetch(hub_id, folder)
    except GatedRepoError:
        _say(what=f"{hub_id!r} is gated.", todo="Ask for access on its page, then set HF_TOKEN.")
    except RepositoryNotFoundError:
        _say(what=f"the hub knows no model {hub_id!r}.", todo="Check its spelling, or set HF_TOKEN if it is private.")
    except HfHubHTTPError as error:
        _say(what=f"the hub refused {hub_id!r} ({_first_line(error)}).", todo="Try again later.")
    except Exception as error:  # whatever a network, a disk and the hub's client come up with
        _say(what=f"{hub_id!r} could not be fetched ({_first_line(error)}).", todo="Check the network and the disk and try again, or give a folder.")


def _say(**words: object) -> None:
    print(json.dumps(words), flush=True)  # noqa: T201  # its one way to speak


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    main(sys.argv[1], Path(sys.argv[2]))
