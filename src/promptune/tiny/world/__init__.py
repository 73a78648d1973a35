"""The small world: every text that the bundled model ever sees, one file a skill (mixture.py names them all). Nothing is read from disk."""
