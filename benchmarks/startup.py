"""How long until the page answers: torch only in the device process, against the same app importing it first.

Both are started alternately on fresh data folders; each time is from the start of the process to the first whole page.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from results import Line, record

ROOT = Path(__file__).resolve().parents[1]
REPEATS = 5
LAZY = [sys.executable, "app.py"]
EAGER = [sys.executable, "-c", "import torch, transformers.models.auto, runpy; runpy.run_path('app.py', run_name='__main__')"]


def seconds_to_page(argv: list[str]) -> tuple[float, str]:
    """Also the page itself, without what differs from run to run: both ways must serve the same."""
    with tempfile.TemporaryDirectory() as home, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        env = os.environ | {"PROMPTUNE_HOME": home, "PROMPTUNE_PORT": str(port), "PROMPTUNE_LOG": "error"}
        started = time.perf_counter()
        app = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            page = wait_for(f"http://127.0.0.1:{port}/", started)
            return time.perf_counter() - started, page.replace(str(port), "PORT")
        finally:
            app.send_signal(signal.SIGTERM)
            app.wait(30)


def wait_for(url: str, started: float) -> str:
    while time.perf_counter() - started < 120:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            time.sleep(0.02)
    raise SystemExit("the page never came")


def controls(page: str) -> list[str]:
    """What the page holds: its components' names, in order."""
    return re.findall(r'"elem_id":\s*"([^"]+)"', page)


def main() -> None:
    seconds_to_page(LAZY)  # bytecode and disk caches
    lazy, eager = [], []
    for _ in range(REPEATS):
        ours, page = seconds_to_page(LAZY)
        theirs, other = seconds_to_page(EAGER)
        assert controls(page) == controls(other) != [], "both serve the same page"
        lazy.append(ours)
        eager.append(theirs)
    ratio = statistics.median(b / a for a, b in zip(lazy, eager, strict=True))
    baseline = f"torch and transformers imported first: {statistics.median(eager):.1f} s"
    record(Line("app start to first page", baseline, f"{statistics.median(lazy):.1f} s", ratio, "the rest of the time is gradio's own import"))


if __name__ == "__main__":
    main()
