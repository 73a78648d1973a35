"""Prompt -> text and log-probabilities. `protocol`, `device` and `scripted` never import torch; `local` runs in processes of its own."""
