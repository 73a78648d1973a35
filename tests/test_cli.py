"""The command line as a person or a script runs it: real processes, JSON alone on stdout, one clear line for a mistake."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from promptune import children, cli, cli_jobs
from promptune.core.job import Job, JobState
from promptune.models import BUNDLED_FOLDER
from promptune.pane import Pane
from promptune.prompting.strategies import STRATEGIES

KEYS = ["contender", "text", "answer", "prompt", "prompt_tokens", "completion_tokens", "first_token_seconds", "seconds", "finish_reason"]

INTERRUPTED_EARLY = """
import os, signal
from promptune import cli
def interrupting(frames):
    unheard = True
    for frame in frames:
        if "asked" in frame[0].text and unheard:
            unheard = os.killpg(0, signal.SIGINT)
        yield frame
last = cli._last
cli._last = lambda frames: last(interrupting(frames))
cli.main()
"""


def _hear_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


class Shell:
    def __init__(self, home: Path) -> None:
        self.environ = children.environment() | {"PROMPTUNE_HOME": str(home), "PROMPTUNE_ENGINE": "scripted"}

    def run(self, *arguments: str, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "promptune", *arguments]
        return subprocess.run(argv, input=stdin, capture_output=True, text=True, env=self.environ | environ, timeout=120)

    def start(self, *arguments: str, program: Sequence[str] = ("-m", "promptune"), **how: Any) -> subprocess.Popen[str]:
        """In a group of its own, like the command of a terminal; and it hears Ctrl-C, which whoever started the tests may have turned off."""
        argv = [sys.executable, *program, *arguments]
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "preexec_fn": _hear_ctrl_c} | how
        return subprocess.Popen(argv, env=self.environ, start_new_session=True, **streams)

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data")


def test_ask_prints_the_answers_and_nothing_else(shell: Shell) -> None:
    answers = shell.json("ask", "How many?", "-c", "tiny/zero-shot", "-c", "tiny/zero-shot?t=0.7&seed=1")["answers"]
    assert [list(answer) for answer in answers] == [KEYS, KEYS]
    assert [answer["contender"] for answer in answers] == ["tiny/zero-shot", "tiny/zero-shot?t=0.7&seed=1"]
    for answer in answers:
        assert sum(part["tokens"] for part in answer["prompt"]) == answer["prompt_tokens"]
        assert [list(part) for part in answer["prompt"]] == [["kind", "text", "tokens"]] * len(answer["prompt"])


def test_ask_reads_a_question_from_standard_input(shell: Shell) -> None:
    assert "You asked: from a pipe" in shell.run("ask", "-", stdin="from a pipe").stdout


def test_doctor_and_the_lists(shell: Shell) -> None:
    assert list(shell.json("doctor")) == ["version", "device", "memory", "offline", "models"]
    assert [model["name"] for model in shell.json("models")] == ["tiny"] and shell.json("models", "tiny")["usable"]
    assert {strategy["name"] for strategy in shell.json("strategies")} == set(STRATEGIES.names())
    assert shell.json("strategies", "cot")["name"] == "cot" and shell.json("jobs") == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ask", "hi", "-c", "tiny"], "no '/'"),
        (["ask", "hi", "-c", "tyni/cot"], "Did you mean 'tiny'"),
        (["ask", ""], "it is empty"),
        (["ask", " \n\t\u00a0 "], "it is empty"),
        (["ask"], "--file"),
        (["ask", "--file", "/nowhere.txt"], "cannot be read"),
        (["models", "tyni"], "Did you mean 'tiny'"),
        (["models", "add", "/nowhere"], "no folder"),
        (["strategies", "kot"], "Did you mean 'cot'"),
        (["jobs", "0123456789ab"], "no job"),
        (["jobs", "../../etc"], "no job"),
        (["serve", "--port", "0"], "PORT"),
    ],
)
def test_a_mistake_is_one_clear_line_and_no_traceback(shell: Shell, arguments: Sequence[str], words: str) -> None:
    done = shell.run(*arguments)
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr and done.stdout == ""


def test_a_wrong_setting_names_all_that_is_wrong(shell: Shell) -> None:
    done = shell.run("doctor", PROMPTUNE_PORT="x", PROMPTUNE_DEVISE="cpu")
    assert done.returncode == 2 and "port" in done.stderr.lower() and "device" in done.stderr.lower() and "Traceback" not in done.stderr
    assert "in environment" in done.stderr.splitlines()[0], "where it is wrong"


def test_a_wrong_settings_file_is_named(shell: Shell, tmp_path: Path) -> None:
    """It may be another than the person thinks of."""
    (tmp_path / "mine.yaml").write_text("prot: 1\n")
    done = shell.run("doctor", PROMPTUNE_SETTINGS=str(tmp_path / "mine.yaml"))
    assert done.returncode == 2 and str(tmp_path / "mine.yaml") in done.stderr and "Did you mean 'port'" in done.stderr


def test_a_failing_contender_is_seen_in_the_exit_code(shell: Shell) -> None:
    done = shell.run("ask", "[fail] x", "--json")
    assert done.returncode == 1 and json.loads(done.stdout)["answers"][0]["finish_reason"] == "failed"


def test_an_answer_that_the_deadline_cut_off_says_so_and_is_seen_in_the_exit_code(shell: Shell) -> None:
    done = shell.run("ask", "[long][delay=0.05] x", PROMPTUNE_ANSWER_SECONDS="0.5")
    assert done.returncode == 1 and "0.5 seconds" in done.stdout


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_ctrl_c_prints_what_came_so_far(shell: Shell, form: Sequence[str]) -> None:
    with shell.start("ask", "[long][delay=0.02] x", *form, program=("-c", INTERRUPTED_EARLY)) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in err and "You asked" in out
    assert not form or json.loads(out)["answers"][0]["finish_reason"] == "cancelled"


@pytest.mark.parametrize(("patience", "says"), [(0, "loading tiny, other …\n"), (600, "")])
def test_a_long_wait_for_a_model_is_explained_once(patience: float, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cli, "PATIENCE", patience)
    first = tuple(Pane(contender, "") for contender in ("tiny/zero-shot", "tiny/cot", "other/cot"))
    last = tuple(replace(pane, state="done") for pane in first)
    assert cli._last([first, first, last]) == last
    told = capsys.readouterr()
    assert (told.err, told.out) == (says, "")


def test_what_a_model_says_does_not_steer_the_terminal(shell: Shell) -> None:
    """An escape sequence could hide text or change a title; JSON has its own escapes."""
    shown = shell.run("ask", "red \x1b[31m and \x9b2J end")
    assert "\x1b" not in shown.stdout and "\\x1b[31m" in shown.stdout
    assert json.loads(shell.run("ask", "red \x1b[31m", "--json").stdout)["answers"][0]["text"].endswith("\x1b[31m")


def test_lists_have_a_name_and_options_stand_before_or_behind(shell: Shell) -> None:
    assert shell.json("models", "list") == shell.json("models") and shell.json("jobs", "list") == shell.json("jobs") == []
    for arguments in (("models", "--json", "tiny"), ("models", "--json", "show", "tiny"), ("models", "tiny", "--json")):
        assert json.loads(shell.run(*arguments).stdout)["name"] == "tiny"
    assert isinstance(json.loads(shell.run("models", "--json").stdout), list) and "remove" in shell.run("models", "--help").stdout


@pytest.mark.parametrize("arguments", [["models"], ["models", "--json"], ["--help"]])
def test_a_full_disk_behind_standard_output_is_one_line(shell: Shell, arguments: Sequence[str]) -> None:
    with open("/dev/full", "w") as full, shell.start(*arguments, stdout=full) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2 and "No space left" in err and len(err.splitlines()) == 1


def test_a_reader_that_went_away_is_one_line(shell: Shell) -> None:
    read, write = os.pipe()
    os.close(read)
    with shell.start("models", stdout=write) as process:
        os.close(write)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2 and "standard output" in err and len(err.splitlines()) == 1


@pytest.mark.parametrize(("closed", "code", "says"), [(1, 2, "promptune: standard output: it is closed.\n"), (2, 2, "")])
def test_a_closed_stream_loses_no_word_in_silence_and_mixes_nothing(shell: Shell, closed: int, code: int, says: str) -> None:
    """Where stderr is closed, what was meant for it must not turn up in stdout."""
    with shell.start(*(["models"] if closed == 1 else ["models", "tyni"]), preexec_fn=lambda: os.close(closed)) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err, out) == (code, says, "")


def test_a_job_without_a_server_says_what_starts_it_and_wait_runs_it(shell: Shell, tmp_path: Path) -> None:
    questions = tmp_path / "questions.txt"
    questions.write_text("one\n\ntwo\n")
    queued = shell.run("ask", "--file", str(questions), "--json")
    first = json.loads(queued.stdout)["job"]
    assert json.loads(queued.stdout)["state"] == "queued" and "serve" in queued.stderr and f"jobs resume {first} --wait" in queued.stderr
    done = shell.json("ask", "--file", str(questions), "-c", "tiny/cot", "--wait")
    assert (done["state"], done["done"], done["total"]) == ("done", 2, 2)
    assert shell.json("jobs", "show", first)["state"] == "queued", "who waits runs its own job, and interrupts no other when it goes home"
    assert shell.run("jobs", "cancel", done["job"]).returncode == 2 == shell.run("jobs", "resume", first).returncode
    assert shell.json("jobs", "resume", first, "--wait")["state"] == "done", "as the note said"


@contextmanager
def waiting(shell: Shell, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A command that waits for an endless job of its own, which has begun, and the job's id."""
    questions = tmp_path / "endless.txt"
    questions.write_text("one\n[long][delay=0.5] an answer that takes 100 seconds\n")
    with shell.start("ask", "--file", str(questions), "--wait", "--json") as process:
        try:
            until(lambda: any(job["state"] == "running" and job["done"] == 1 for job in shell.json("jobs")))
            yield process, shell.json("jobs")[0]["job"]
        finally:
            process.kill()


def test_ctrl_c_interrupts_the_job_that_a_command_waits_for_and_no_process_stays(shell: Shell, tmp_path: Path) -> None:
    with waiting(shell, tmp_path) as (process, id):
        children = psutil.Process(process.pid).children(recursive=True)
        assert children, "its worker"
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to the whole group
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and out == "" and "Traceback" not in err and f"{id}  interrupted" in err.splitlines()[-1]
    assert "running" in err and "1 of 2" in err, "it said how the job got on"
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)
    job = shell.json("jobs", id)
    assert job["state"] == "interrupted" and "Resume" in job["cause"]
    assert shell.run("jobs", "resume", id).returncode == 0


def test_a_job_that_is_queued_beside_a_waiting_command_is_not_thought_to_start_by_itself(shell: Shell, tmp_path: Path) -> None:
    """The command runs its own job and goes: only a server sees to others."""
    with waiting(shell, tmp_path):
        (tmp_path / "more.txt").write_text("one\n")
        assert "No server is running" in shell.run("ask", "--file", str(tmp_path / "more.txt")).stderr


def test_following_says_once_what_would_start_the_job_and_then_only_news(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "questions.txt").write_text("one\n")
    id = shell.json("ask", "--file", str(tmp_path / "questions.txt"))["job"]
    with shell.start("jobs", "show", id, "--follow") as process:
        assert process.stderr is not None
        lines = [process.stderr.readline(), process.stderr.readline()]
        time.sleep(1.5)  # three more looks, which find nothing new
        assert shell.run("jobs", "cancel", id).returncode == 0
        out, rest = process.communicate(timeout=60)
    assert "No server is running" in lines[0] and "queued" in lines[1] and rest == ""
    assert "cancelled" in out and process.returncode == 0


def test_progress_is_told_at_each_state_and_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    job = Job("ab", "local", "batch", "x", JobState.QUEUED, "", {}, 0, 200, "", 0.0, None, None, False)
    teller = cli_jobs.Teller()
    for now in [job, job, *(replace(job, state=JobState.RUNNING, done=i) for i in range(200)), replace(job, state=JobState.DONE, done=200)]:
        teller.tell(now)
    told = capsys.readouterr()
    assert [line.split()[1:3] for line in told.err.splitlines()] == [["queued", "0"], *(["running", str(i)] for i in range(0, 200, 20))] and told.out == ""


def test_a_model_is_added_asked_and_removed(shell: Shell, tmp_path: Path) -> None:
    shutil.copytree(BUNDLED_FOLDER, tmp_path / "My Model")
    assert shell.json("models", "add", str(tmp_path / "My Model"))["name"] == "my-model"
    assert shell.json("ask", "hi", "-c", "my-model/cot")["answers"][0]["text"]
    assert shell.run("models", "remove", "my-model").returncode == 0
    assert (tmp_path / "My Model" / "model.safetensors").is_file(), "a folder of yours stays"
    assert shell.json("models", "add", str(tmp_path / "My Model"))["name"] == "my-model-2", "a name is never given twice"


def test_names_are_only_names(shell: Shell, tmp_path: Path) -> None:
    """Nothing a person types is run or leads out of the data folder."""
    canary = tmp_path / "canary"
    for name in (f"; touch {canary}", f"$(touch {canary})", "--flag", "../../x", "a/b", "x" * 300, "nul\\x00"):
        assert shell.run("ask", name, "-c", f"{name}/cot").returncode == 2
        assert shell.run("models", "add", str(tmp_path), "--as", name).returncode == 2
    assert not canary.exists() and sorted(os.listdir(tmp_path)) == ["data"]
