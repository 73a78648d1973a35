"""`python -m promptune.tiny.forgetting --work FOLDER [--task NAME] [--docs FOLDER] [--json]`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from promptune.errors import UserError
from promptune.tiny.forgetting import report
from promptune.tiny.forgetting.grid import TASKS, Result, results, work


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m promptune.tiny.forgetting", description="Learning against forgetting, by rate, seed, recipe and task.")
    parser.add_argument("--work", type=Path, required=True, help="the study's folder: what is done there is not done again")
    parser.add_argument("--task", choices=TASKS, help="only this one: another process may do the other meanwhile")
    parser.add_argument("--docs", type=Path, help="write forgetting.md and its charts into this folder, of what is done by now, and make no more runs")
    given = parser.parse_args(argv)
    tasks = (given.task,) if given.task else TASKS
    began = time.monotonic()
    try:
        if not given.docs:
            for task in tasks:
                work(given.work, task, lambda said: print(f"{time.monotonic() - began:6.0f} s  {said}", file=sys.stderr, flush=True))
        found: list[Result] = [result for task in tasks for result in results(given.work, task)]
        if given.docs:
            report.write(given.docs, found)
        print(report.plain(found))
    except (UserError, OSError) as error:
        sys.stderr.write(f"promptune: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
