"""The bundled model: its small world (world/), how it is trained (train.py), what it shows (claims/), and its weights (model/)."""
