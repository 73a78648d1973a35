"""Promptune: prompt it or tune it? See every way of getting a task done side by side."""

__version__ = "0.1.0"
