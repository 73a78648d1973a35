"""How long 10,000 rows take from a CSV to checked, split examples: against csv and Jinja alone, which check nothing.

The baseline is the least that anybody has to do: read every row and render its prompt and completion, in one process, unlimited.
"""

from __future__ import annotations

import csv
import random
import statistics
import tempfile
import time
from pathlib import Path

from jinja2 import Environment
from results import Line, record

from promptune.sandbox import Sandbox
from promptune.tasks.definition import TaskFile
from promptune.tasks.draft import draft
from promptune.tasks.render import Renderer
from promptune.tasks.sources import gather

ROWS, REPEATS = 10_000, 5
TEMPLATE = "Classify this review.\n{{ text }}\nSentiment: ||| {{ label }}"


def make(file: Path) -> None:
    draw = random.Random(0)
    words = [f"word{i}" for i in range(2_000)]
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["text", "label"])
        for _ in range(ROWS):
            writer.writerow([" ".join(draw.choices(words, k=60)), draw.choice(["positive", "negative"])])


def plain(file: Path) -> set[tuple[str, str]]:
    template = Environment(autoescape=False).from_string(TEMPLATE)
    with file.open(newline="", encoding="utf-8") as rows:
        pairs = (template.render(row).split("|||") for row in csv.DictReader(rows))
        return {(prompt.strip(), completion.strip()) for prompt, completion in pairs}


def ours(file: Path, renderer: Renderer) -> set[tuple[str, str]]:
    gathered = gather([file], TaskFile(template=TEMPLATE, answer_choices="positive ||| negative", answer_type="choice"))
    made = draft(gathered.tables, gathered.form, renderer, title="reviews")
    return {(example.prompt, example.completion or "") for examples in made.data.examples.values() for example in examples}


def main() -> None:
    sandbox = Sandbox()
    renderer = Renderer(sandbox)
    times: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "reviews.csv"
        make(file)
        assert ours(file, renderer) == plain(file), "both render the same"
        for _ in range(REPEATS):
            started = time.perf_counter()
            plain(file)
            between = time.perf_counter()
            ours(file, renderer)
            times.append((between - started, time.perf_counter() - between))
    sandbox.close()
    baseline, mine = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(theirs / own for theirs, own in times)
    honestly = "slower than doing nothing else: every row is checked, rendered in a limited process and split by class; the aim is under 10 s"
    record(Line(f"{ROWS:,} rows from a CSV to split examples", f"csv and Jinja alone: {baseline:.2f} s", f"{mine:.2f} s", ratio, honestly))


if __name__ == "__main__":
    main()
