"""The real engine in its own process: warmed, killed, warmed again."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import torch

from promptune.engines.device import Device
from promptune.engines.protocol import Delta, Failed, Finished, Weights
from tests.engines.samples import QUESTIONS, request


def test_a_device_that_is_not_there_is_said_and_not_tried_again(tiny: Weights, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has one")
    device = Device(kind="local", device="cuda", log=tmp_path / "device.log", first=tiny)
    try:
        status = device.wait(120)
        assert status.state == "failed" and "CUDA" in status.detail and "PROMPTUNE_DEVICE" in status.detail
    finally:
        device.close()


def test_a_killed_real_engine_is_started_and_warmed_again(endless: Weights, tmp_path: Path) -> None:
    device = Device(kind="local", device="cpu", log=tmp_path / "device.log", first=endless)
    try:
        status = device.wait(120)
        assert (status.state, status.device) == ("ready", "CPU") and status.memory_mb
        asked = request(endless, "tiny/zero-shot?max=400", QUESTIONS[0])
        events = device.stream([asked])
        while not isinstance(next(events), Delta):
            continue
        os.kill(int(status.pid or 0), signal.SIGKILL)
        *_, end = events
        assert isinstance(end, Failed) and end.name == "KILLED"
        *_, end = device.stream([request(endless, "tiny/zero-shot?max=5", QUESTIONS[0])])
        assert isinstance(end, Finished) and end.generation.completion_tokens == 5
    finally:
        device.close()
