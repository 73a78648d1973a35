"""The model card: what the model is, how it was made, what it shows, and where it ends."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import torch

from promptune.tiny.claims.claim import Claim
from promptune.tiny.claims.report import table
from promptune.tiny.corpus import ROWS
from promptune.tiny.lean import LeanLlama, Shape
from promptune.tiny.training import Stage
from promptune.tiny.world.arithmetic import SLIPS
from promptune.tiny.world.mixture import SKILLS, documents
from promptune.tiny.world.text import plain

SAMPLE = 10_000  # documents whose checksum names the corpus


@dataclass(frozen=True)
class Made:
    """How the weights came about."""

    seed: int
    tried: tuple[int, ...]  # seeds, this one last
    stages: tuple[Stage, ...]
    seconds: float  # of training, other work beside it or not
    shape: Shape


def text(made: Made, claims: Sequence[Claim]) -> str:
    shape, steps = made.shape, sum(stage.steps for stage in made.stages)
    tokens = steps * ROWS * shape.window
    parameters = sum(weight.numel() for weight in LeanLlama(shape).parameters())
    whole = sum(skill.share for skill in SKILLS)
    skills = ", ".join(f"{skill.name} {skill.share / whole:.0%}" for skill in sorted(SKILLS, key=lambda skill: -skill.share))
    lines = [
        f"- {parameters / 1e6:.2f} million parameters in fp32: {shape.layers} layers, width {shape.width}, {shape.heads} heads, {shape.inner} inside.",
        f"- Byte-level BPE of {shape.vocabulary:,} tokens, every digit alone. Context {shape.window} tokens.",
        f"- Trained from nothing by `python -m promptune.tiny.train`: {steps:,} steps of {ROWS} rows, {tokens / 1e6:.1f} million tokens, no batch seen twice.",
        f"- In the last {made.stages[-1].steps:,} steps {SLIPS:.0%} of the worked problems end with a slip, off by one or by ten, as people make them:",
        "  what is right stays the likeliest by far, but a sample can go wrong. And some questions ask for steps where none are needed.",
        f"- Seed {made.seed}; seeds tried until one passed every claim: {', '.join(map(str, made.tried))}.",
        "- What was tried on the way, other recipes too, is told in docs/lab-log.md.",
        f"- {made.seconds / 60:.0f} minutes on {machine()}, torch {torch.__version__}.",
        f"- The corpus is a pure function of its seed. SHA-256 of the first {SAMPLE:,} documents of seed 0, clean and loose: `{fingerprint()}`.",
        f"- Shares of the documents: {skills}.",
    ]
    return "\n".join([HEAD, *lines, SHOWS, *map(_shown, claims), LIMITS])


def _shown(claim: Claim) -> str:
    return "\n".join([f"**{claim.says}**\n", *([table(claim)] if claim.cells else []), *([f"{claim.told}\n"] if claim.told else [])])


def fingerprint() -> str:
    """Of the corpus, as it is in both stages."""
    made = chain(islice(documents(0), SAMPLE), islice(documents(0, loose=True), SAMPLE))
    return hashlib.sha256("\0".join(map(plain, made)).encode()).hexdigest()


def machine() -> str:
    """The processor by its name, and the cores that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    info = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    return f"{cores} cores of {names[0] if names else platform.processor() or platform.machine()}"


HEAD = """---
license: apache-2.0
library_name: transformers
pipeline_tag: text-generation
language: en
---

# tiny

The model that comes with Promptune: a standard Llama, small enough to live in a repository and real enough that prompting, reasoning in steps, voting
and refusing behave as they do in large models, with skills to tune and skills to forget. It knows a small made-up world of reviews, talks, sums, toy
French, facts, requests and stories, and nothing else. It loads with `AutoModelForCausalLM.from_pretrained(folder)`.
"""
SHOWS = """
## What it shows

On rows never trained on, greedy, with 95% intervals. The same rows are the gate: where more than one seed was tried, they flatter the one that passed. For
`facts` it is the wording that is held out: a fact never told cannot be known. For `refusals` it is the wording, and in the rows called new one word as well, a
verb or an object, beside one that was trained on.
"""
LIMITS = """## Where it ends

- It is a wind tunnel, not an assistant: some two thousand words of English, sentences of a few kinds, numbers up to about a hundred. It says so when it is
  asked for something else, and does not always notice.
- Its refusals are learned from a list of harmful verbs and objects. They hold for its own world and mean nothing for a real one.
- No outside text or data was used. Real are only words, capitals, and a few famous names that it says it does not know.
"""
