"""Examples and a recipe -> a run. `recipes` is pure; everything else trains with torch, in a worker process."""

MADE = "promptune.json"  # in a run's folder: how it was made
