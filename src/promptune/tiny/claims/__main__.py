"""`python -m promptune.tiny.claims [NAME …] [--limit N] [--model FOLDER] [--json] [--docs FOLDER]`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from promptune.errors import UserError
from promptune.tiny.claims import report
from promptune.tiny.claims.asking import asking
from promptune.tiny.claims.claim import Claim
from promptune.tiny.claims.measured import CLAIMS


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m promptune.tiny.claims", description="Measures what the bundled model shows.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(CLAIMS.names())}")
    parser.add_argument("--limit", type=int, help="at most so many test rows for each figure; voting and lecture always take all of theirs")
    parser.add_argument("--model", type=Path, help="another model's folder than the bundled one")
    parser.add_argument("--json", action="store_true", help="JSON alone on stdout")
    parser.add_argument("--docs", type=Path, help="write claims.md and its charts into this folder: of every claim, on all rows")
    given = parser.parse_args(argv)
    if given.docs and (given.names or given.limit is not None or given.model):
        parser.error("--docs writes the page of all claims of the bundled model on all rows: leave NAME, --limit and --model out")
    if given.limit is not None and given.limit < 1:
        parser.error("--limit: at least one row is needed")
    try:
        if given.docs:
            given.docs.mkdir(parents=True, exist_ok=True)  # minutes before it is needed
        return _measure(given)
    except (UserError, OSError) as error:
        sys.stderr.write(f"promptune: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130


def _measure(given: argparse.Namespace) -> int:
    measures = [CLAIMS.get(name) for name in given.names or CLAIMS.names()]
    found: list[Claim] = []
    with asking(given.model, given.limit, lambda said: print(said, file=sys.stderr, flush=True)) as asked:
        for measure in measures:
            found.append(measure(asked))
            if not given.json:
                print(report.plain(found[-1]), flush=True)
    if given.json:
        print(json.dumps([asdict(claim) | {"reached": claim.reached} for claim in found], ensure_ascii=False, indent=2))
    if given.docs:
        report.write(given.docs, found)
    return 0 if all(claim.reached for claim in found) else 1


if __name__ == "__main__":
    sys.exit(main())
