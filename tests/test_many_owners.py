"""Many people at one Lab: on a real model nobody waits for the end of another's long answer, and after many questions no process is bigger."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from promptune.lab import Frame, Lab, Turn
from promptune.models import BUNDLED_FOLDER
from promptune.settings import Settings

OWNERS = ("anna", "ben", "cem", "dana", "eli", "fatma")
ASKED = {owner: f"Tell {owner} a story about the number {i}." for i, owner in enumerate(OWNERS, 3)}
LONG = 120  # tokens of the answers that others must not wait for
QUESTIONS, WARM = 500, 100
ROOM = 6 * 2**20  # bytes that a process may grow by: an allocator does, and it would be twice as much if any prompt were left anywhere


@pytest.fixture
def real(settings: Settings, tmp_path: Path) -> Iterator[Lab]:
    """With the bundled model, made so that what it writes ends at a limit only, whatever it has learned."""
    folder = tmp_path / "endless"
    shutil.copytree(BUNDLED_FOLDER, folder)
    chosen = json.loads((folder / "generation_config.json").read_text())
    (folder / "generation_config.json").write_text(json.dumps(chosen | {"suppress_tokens": [chosen["eos_token_id"]]}))
    with closing(Lab(settings.model_copy(update={"engine": "local"}))) as lab:
        for owner in OWNERS:
            list(lab.add_model(owner, str(folder)))
        list(lab.compare(OWNERS[0], "warm up", ["endless/zero-shot?max=2"], keep=False))
        yield lab


@dataclass
class Seen:
    """What one person saw, and when, on one clock for all."""

    frames: list[Frame] = field(default_factory=list)
    first: float = 0.0
    ended: float = 0.0
    turn: Turn | None = None


def watch(lab: Lab, owner: str, begun: threading.Barrier) -> Seen:
    seen = Seen()
    asking = lab.talks.ask(owner, ASKED[owner], [f"endless/zero-shot?max={LONG}", "endless/cot?t=1&seed=1&max=8"], poll=0.01)
    begun.wait(60)
    for frame in asking.frames():
        seen.frames.append(frame)
        seen.first = seen.first or (time.monotonic() if all(pane.completion_tokens for pane in frame) else 0.0)
    seen.ended, seen.turn = time.monotonic(), asking.turn
    return seen


def test_nobody_waits_for_anothers_long_answer_and_everybody_sees_their_own(real: Lab) -> None:
    begun = threading.Barrier(len(OWNERS))
    with ThreadPoolExecutor(len(OWNERS)) as pool:
        saw = dict(zip(OWNERS, pool.map(lambda owner: watch(real, owner, begun), OWNERS), strict=True))
    assert max(one.first for one in saw.values()) < min(one.ended for one in saw.values()), "all have begun before any has ended"
    for owner, one in saw.items():
        assert one.turn is not None and one.turn.panes == one.frames[-1] and all(pane.text and pane.prompt for pane in one.turn.panes)
        assert all(ASKED[owner] in pane.prompt.text for pane in one.turn.panes if pane.prompt)
        assert not any(other in pane.prompt.text for other in OWNERS for pane in one.turn.panes if pane.prompt and other != owner)
        (alone,) = list(real.compare(owner, ASKED[owner], [one.turn.panes[0].contender], keep=False))[-1]
        assert alone.text == one.turn.panes[0].text and alone.text.startswith(one.frames[len(one.frames) // 2][0].text), "as if they had been alone"
        (info,) = real.talks.list(owner)
        assert real.talks.get(owner, info.id).turns == (one.turn,)


def test_five_hundred_questions_later_no_process_is_bigger(settings: Settings) -> None:
    with closing(Lab(settings)) as lab, ThreadPoolExecutor(len(OWNERS)) as pool:

        def ask(i: int) -> str:
            asking = lab.talks.ask(OWNERS[i % len(OWNERS)], f"question {i} {'x' * 8000}", ["tiny/zero-shot", "tiny/cot"], poll=0.01)
            return {pane.state for pane in list(asking.frames())[-1]}.pop()

        assert set(pool.map(ask, range(WARM))) == {"done"}
        before, threads = sizes(lab), threading.active_count()
        assert set(pool.map(ask, range(WARM, QUESTIONS))) == {"done"}
        grown = [now - then for now, then in zip(sizes(lab), before, strict=True)]
        assert max(grown) < ROOM, f"this process and the device process grew by {grown} bytes"
        assert threading.active_count() <= threads and sum(len(lab.talks.list(owner, limit=QUESTIONS)) for owner in OWNERS) == QUESTIONS


def sizes(lab: Lab) -> list[int]:
    return [psutil.Process(pid).memory_info().rss for pid in (None, lab.status().pid)]
