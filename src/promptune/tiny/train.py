"""`python -m promptune.tiny.train`: from nothing to the shipped folder.

Tokenizer, training, the claims as a gate, model card. What was done before is not done again: an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import inspect
import os
import shutil
import sys
from pathlib import Path

from transformers import PreTrainedTokenizerFast

from promptune.errors import UserError
from promptune.models import BUNDLED_FOLDER
from promptune.settings import Settings
from promptune.tiny import card, tokenizer
from promptune.tiny.claims.asking import asking
from promptune.tiny.claims.claim import Claim
from promptune.tiny.claims.measured import CLAIMS
from promptune.tiny.claims.report import plain
from promptune.tiny.lean import Shape
from promptune.tiny.publish import publish
from promptune.tiny.training import EVERY, Progress, Stage, train

SEEDS = (11, 12, 13)  # tried in this order until one passes the gate
# First from what is right; then, gently, from what people write, who slip now and then: a model that never saw a mistake is never in doubt, and no vote
# could help it. They also ask for steps where there are none.
STAGES = Stage(11_000, rate=4e-3), Stage(1_500, rate=1e-3, loose=True)
SUFFIXES = {".json", ".jinja", ".safetensors", ".md"}  # of a model's files
MISSED = "missed.txt"  # beside a seed that did not pass: the claims it missed
SELDOM = 10  # one word of progress in so many, where it is not a terminal that is written over


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m promptune.tiny.train", description="Makes the bundled model from nothing, as it is shipped.")
    parser.add_argument("--seeds", type=_seeds, default=SEEDS, help="tried in this order until one passes every claim")
    parser.add_argument("--work", type=Path, help="checkpoints, to go on from (default: tiny/ in the data folder)")
    parser.add_argument("--to", type=Path, default=BUNDLED_FOLDER, help="where the model goes that passes")
    given = parser.parse_args(argv)
    try:
        _replaceable(given.to)
        return _make(given.seeds, given.work or Settings.load().home / "tiny", given.to)
    except (UserError, OSError) as error:
        _say(f"promptune: {error}")
        return 2
    except KeyboardInterrupt:
        _say("\ninterrupted. The same command goes on from the last checkpoint.")
        return 130


def _seeds(text: str) -> tuple[int, ...]:
    found = text.split(",")
    if not all(one.isdecimal() and len(one) < 10 for one in found) or len(set(found)) < len(found):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of different numbers such as 11,12")
    return tuple(map(int, found))


def _replaceable(target: Path) -> None:
    """What lies there is deleted in the end, so it may only be a model."""
    if not target.name:
        raise UserError("a new folder is needed.", where=f"--to {target}", todo="Name one.")
    if target.exists() and not (target.is_dir() and all(file.is_file() and file.suffix in SUFFIXES for file in target.iterdir())):
        raise UserError("what lies there is no model, and would be deleted.", where=f"--to {target}", todo="Name a new folder.")


def _make(seeds: tuple[int, ...], work: Path, target: Path) -> int:
    shape = Shape()
    work = work / f"recipe-{_recipe(shape)}"
    work.mkdir(parents=True, exist_ok=True)
    words = _tokenizer(work / "tokenizer")
    for seed in seeds:
        place = work / f"seed-{seed}"
        place.mkdir(parents=True, exist_ok=True)
        _say(f"seed {seed}: training")
        trained = train(words, shape, seed, STAGES, place, _tell)
        folder = place / "model"
        publish(trained.model, words, folder)
        claims = _claims(folder)
        missed = [claim.name for claim in claims if not claim.reached]
        _say(f"seed {seed}: {'every claim is reached' if not missed else 'not reached: ' + ', '.join(missed)}")
        if not missed:
            failed = sorted(int(note.parent.name.removeprefix("seed-")) for note in work.glob(f"seed-*/{MISSED}"))
            made = card.Made(seed, (*(one for one in failed if one != seed), seed), STAGES, trained.seconds, shape)
            (folder / "README.md").write_text(card.text(made, claims), encoding="utf-8")
            _ship(folder, target)
            return 0
        (place / MISSED).write_text("\n".join(missed), encoding="utf-8")  # so that a later run tells of this seed too
    _say("No seed passed, and nothing was shipped. Train other seeds: --seeds.")
    return 1


def _recipe(shape: Shape) -> str:
    """What was trained on another corpus or otherwise lies in another folder, and is never gone on with."""
    return hashlib.sha256(repr((card.fingerprint(), shape, STAGES, inspect.getsource(tokenizer))).encode()).hexdigest()[:12]


def _tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    if not folder.exists():
        _say("learning the tokenizer")
        part = folder.with_name(f"{folder.name}.part")
        tokenizer.learn().save_pretrained(part)
        part.rename(folder)
    words: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(folder)
    return words


def _claims(folder: Path) -> list[Claim]:
    found = []
    with asking(folder, None, _say) as asked:
        for name in CLAIMS.names():
            found.append(CLAIMS.get(name)(asked))
            _say(plain(found[-1]))
    return found


def _ship(folder: Path, target: Path) -> None:
    """Beside it first: nobody ever loads half a model."""
    new, old = target.with_name(f".{target.name}-new"), target.with_name(f".{target.name}-old")
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(folder, new)
    for file in new.iterdir():
        file.chmod(0o644)
    if target.exists():
        os.rename(target, old)
    os.rename(new, target)
    shutil.rmtree(old, ignore_errors=True)
    _say(f"shipped to {target}")


def _tell(progress: Progress) -> None:
    last = progress.step == progress.steps
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[2K{progress}" + ("\n" if last else ""))
        sys.stderr.flush()
    elif last or progress.step % (EVERY * SELDOM) == 0:
        _say(str(progress))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
