"""Text -> numbers: which answers are right, metrics over many rows, and how sure they are."""
