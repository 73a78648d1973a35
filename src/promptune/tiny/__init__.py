"""The bundled model. Until it is trained, `tiny` is a stand-in: its architecture with random weights (stand_in.py)."""

FOLDER = "tiny-stand-in-1"  # inside the data folder's models/; a new number when what is made changes
NOTE = "The bundled model is not trained yet: tiny has random weights, so its answers are random words. Everything else is real."
